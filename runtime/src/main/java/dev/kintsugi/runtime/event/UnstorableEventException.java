package dev.kintsugi.runtime.event;

import org.apache.pekko.persistence.PersistentRepr;
import org.jspecify.annotations.Nullable;

/**
 * An event that the journal can't hold, whoever writes it: it can't be serialized, or its
 * persistence id, its manifest or one of its tags does not fit. It was found before anything was
 * sent to the database, and nothing of it is stored.
 */
public final class UnstorableEventException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String persistenceId;
  private final long sequenceNumber;

  UnstorableEventException(PersistentRepr event, String why, @Nullable Exception cause) {
    super(
        "event %d of stream '%s' can't be stored: %s"
            .formatted(event.sequenceNr(), Limits.forPeople(event.persistenceId()), why),
        cause);
    this.persistenceId = event.persistenceId();
    this.sequenceNumber = event.sequenceNr();
  }

  public String persistenceId() {
    return persistenceId;
  }

  public long sequenceNumber() {
    return sequenceNumber;
  }
}
