package dev.kintsugi.runtime.persistence;

/**
 * A persistent actor's events are not stored, as another writer was there: the stream is further on
 * than the actor knows. Nothing of the write is stored. The actor stops, as after every failure to
 * persist, and recovers from what is stored when it is started again.
 */
public final class StreamConflictException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String persistenceId;
  private final long expected;
  private final long found;

  public StreamConflictException(String persistenceId, long expected, long found, Throwable cause) {
    super(
        "event %d of stream %s is not stored: the actor expects the stream to end with %d, and it ends with %d. Another writer was there: a second actor of the same persistence id, on another node perhaps, or an EventWriter. The actor has to be started again, and recovers from what is stored."
            .formatted(expected + 1, persistenceId, expected, found),
        cause);
    this.persistenceId = persistenceId;
    this.expected = expected;
    this.found = found;
  }

  public String persistenceId() {
    return persistenceId;
  }

  /** The sequence number that the actor takes for the stream's last. */
  public long expected() {
    return expected;
  }

  /** The stream's highest sequence number, as it was found after the conflict. */
  public long found() {
    return found;
  }
}
