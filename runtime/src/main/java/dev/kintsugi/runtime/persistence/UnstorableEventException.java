package dev.kintsugi.runtime.persistence;

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

  public UnstorableEventException(
      String message, String persistenceId, long sequenceNumber, @Nullable Throwable cause) {
    super(message, cause);
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
