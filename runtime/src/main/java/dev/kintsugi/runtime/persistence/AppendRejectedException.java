package dev.kintsugi.runtime.persistence;

/**
 * A projection whose policy is to reject could not apply an event: its append must not be stored.
 * The transaction is to be rolled back; other events of it are not at fault.
 */
public final class AppendRejectedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String projection;
  private final String persistenceId;
  private final long sequenceNumber;

  /** With the handler's failure as its cause. */
  public AppendRejectedException(
      String projection, String persistenceId, long sequenceNumber, Exception cause) {
    super("Rejected, nothing is stored: " + cause.getMessage(), cause);
    this.projection = projection;
    this.persistenceId = persistenceId;
    this.sequenceNumber = sequenceNumber;
  }

  /** The projection that rejects it. */
  public String projection() {
    return projection;
  }

  public String persistenceId() {
    return persistenceId;
  }

  public long sequenceNumber() {
    return sequenceNumber;
  }
}
