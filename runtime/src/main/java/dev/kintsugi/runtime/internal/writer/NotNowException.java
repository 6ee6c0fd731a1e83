package dev.kintsugi.runtime.internal.writer;

import dev.kintsugi.runtime.internal.handler.HandlerException;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import java.sql.SQLException;

/**
 * An append is not stored as an event of it can't be applied now, and its projection's policy is to
 * reject what it can't apply: a lock was not to be had, or the statement was cancelled. No event is
 * at fault, so none is rejected; the same append may well succeed later. It has the SQLSTATE of
 * what the database said.
 */
public final class NotNowException extends SQLException {
  private static final long serialVersionUID = 1L;

  private final String persistenceId;

  NotNowException(HandlerException error) {
    super(
        "%s. Others hold what it needs, or its statement was cancelled; nothing of this append is stored, and it can be tried again"
            .formatted(error.getMessage()),
        SqlStates.of(error.why()).orElse(SqlStates.LOCK_NOT_AVAILABLE),
        error);
    this.persistenceId = error.persistenceId();
  }

  /** The stream of the event. */
  public String persistenceId() {
    return persistenceId;
  }
}
