package dev.kintsugi.runtime.writer;

import dev.kintsugi.runtime.handler.HandlerException;

/**
 * A projection whose policy is to reject could not apply an event: its append must not be stored.
 * The transaction is to be rolled back; other events of it are not at fault.
 */
public final class AppendRejectedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String projection;
  private final String persistenceId;
  private final long sequenceNumber;

  AppendRejectedException(HandlerException cause) {
    super("Rejected, nothing is stored: " + cause.getMessage(), cause);
    this.projection = cause.projection();
    this.persistenceId = cause.persistenceId();
    this.sequenceNumber = cause.sequenceNumber();
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
