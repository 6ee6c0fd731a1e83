package dev.kintsugi.runtime.event;

import org.apache.pekko.persistence.PersistentRepr;
import org.jspecify.annotations.Nullable;

/**
 * An event that the journal can't hold, whoever writes it: it can't be serialized, or its
 * persistence id, its manifest or one of its tags does not fit, or it is too large. It was found
 * before anything was sent to the database, and nothing of it is stored.
 */
public final class UnstorableEventException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String persistenceId;
  private final long sequenceNumber;

  UnstorableEventException(PersistentRepr event, String why, @Nullable Exception cause) {
    this(event.persistenceId(), event.sequenceNr(), why, cause);
  }

  UnstorableEventException(EventRow event, String why) {
    this(event.persistenceId(), event.sequenceNumber(), why, null);
  }

  private UnstorableEventException(
      String persistenceId, long sequenceNumber, String why, @Nullable Exception cause) {
    super(
        "event %d of stream '%s' can't be stored: %s"
            .formatted(sequenceNumber, Limits.forPeople(persistenceId), why),
        cause);
    this.persistenceId = persistenceId;
    this.sequenceNumber = sequenceNumber;
  }

  public String persistenceId() {
    return persistenceId;
  }

  public long sequenceNumber() {
    return sequenceNumber;
  }
}
