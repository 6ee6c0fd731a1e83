package dev.kintsugi.runtime.internal.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import javax.sql.DataSource;

/**
 * Connections of a DataSource that somebody else owns, for a pool that keeps each for a while:
 * closing one gives it back as it was.
 */
final class LentConnections extends NewConnections {

  private final DataSource owners;
  private final Duration answerTimeout;
  private final Duration idleInTransaction;

  /**
   * Connections of an owner.
   *
   * @param answerTimeout for how long an answer is waited for when one is borrowed or given back
   * @param idleInTransaction how long their transactions may stand still; zero leaves that to the
   *     server
   */
  LentConnections(DataSource owners, Duration answerTimeout, Duration idleInTransaction) {
    this.owners = owners;
    this.idleInTransaction = idleInTransaction;
    this.answerTimeout = answerTimeout;
  }

  @Override
  public Connection getConnection() throws SQLException {
    Connection lent = owners.getConnection();
    if (lent == null) {
      throw new SQLException(this + " gave no connection");
    }
    return SessionLimits.set(LentConnection.borrow(lent, answerTimeout), idleInTransaction);
  }

  /** No more than its class: what else it says of itself may have a password in it. */
  @Override
  public String toString() {
    return "the application's DataSource (" + owners.getClass().getName() + ")";
  }
}
