package dev.kintsugi.runtime.internal.housekeeping;

import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;

/**
 * Runs statements that need locks, and gives up where a lock is not to be had soon. The connection
 * is in autocommit, as some of the statements can be in no transaction; somebody else closes it.
 */
final class YieldingSession {

  /** How long to wait for a lock. */
  enum Patience {
    /** Writers would queue behind it: as long as this waits, at the most, they do. */
    IN_THE_WAY,
    /** No writer queues behind it. The wait costs a thread and a connection. */
    UNNOTICED
  }

  private static final Duration IN_THE_WAY = Duration.ofMillis(100);
  private static final Duration UNNOTICED = Duration.ofSeconds(10);

  private static final String SET = "SELECT set_config(?, ?, FALSE)";

  private final Connection connection;
  private final Duration unnoticed;

  YieldingSession(Connection connection) throws SQLException {
    this(connection, UNNOTICED);
  }

  YieldingSession(Connection connection, Duration unnoticed) throws SQLException {
    this.connection = connection;
    this.unnoticed = unnoticed;
    // What validates or vacuums a large table may take longer than the application's statements.
    set("statement_timeout", "0");
  }

  Connection connection() {
    return connection;
  }

  /**
   * Runs one statement by itself, or several in one transaction.
   *
   * @return whether it is done. If not, a lock was not to be had, or waiting for it was a deadlock;
   *     of a transaction nothing is left then, of a statement CONCURRENTLY perhaps something.
   */
  boolean run(Patience patience, String... statements) throws SQLException {
    Duration timeout = patience == Patience.IN_THE_WAY ? IN_THE_WAY : unnoticed;
    set("lock_timeout", timeout.toMillis() + "ms");
    try {
      if (statements.length == 1) {
        execute(statements);
      } else {
        inTransaction(statements);
      }
      return true;
    } catch (SQLException e) {
      if (isInTheWay(e)) {
        return false;
      }
      throw e;
    }
  }

  private void inTransaction(String... statements) throws SQLException {
    connection.setAutoCommit(false);
    try {
      execute(statements);
      connection.commit();
    } catch (SQLException e) {
      try {
        connection.rollback();
        connection.setAutoCommit(true);
      } catch (SQLException notEvenThat) {
        e.addSuppressed(notEvenThat);
      }
      throw e;
    }
    connection.setAutoCommit(true);
  }

  private void execute(String... statements) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private void set(String setting, String value) throws SQLException {
    try (PreparedStatement set = connection.prepareStatement(SET)) {
      set.setString(1, setting);
      set.setString(2, value);
      set.execute();
    }
  }

  private static boolean isInTheWay(SQLException error) {
    return SqlStates.of(error).filter(SqlStates.LOCK_NOT_AVAILABLE::equals).isPresent()
        || SqlStates.isTransactionRetriable(error);
  }

  /** Leaves the connection as it came: without limits, whatever its role has. */
  void reset() throws SQLException {
    execute("SET lock_timeout = 0", "SET statement_timeout = 0");
  }
}
