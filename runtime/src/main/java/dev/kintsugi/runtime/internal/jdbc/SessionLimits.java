package dev.kintsugi.runtime.internal.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The limits of the runtime's own sessions, whatever the role, the database or the server says: a
 * statement of the runtime's takes as long as it takes. Were it cancelled half-way, an index build
 * or a batch of a rebuild would begin anew, again and again.
 */
final class SessionLimits {

  private SessionLimits() {}

  /**
   * Sets them on a new connection, which is closed if it refuses.
   *
   * @param idleInTransaction how long a transaction may stand still; zero leaves that to the server
   */
  static Connection set(Connection connection, Duration idleInTransaction) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(limits(ServerVersion.of(connection), idleInTransaction));
      if (!connection.getAutoCommit()) {
        connection.commit();
      }
      return connection;
    } catch (SQLException e) {
      try {
        connection.close();
      } catch (SQLException another) {
        e.addSuppressed(another);
      }
      throw e;
    }
  }

  /**
   * Without those that this server does not know. (To ask it which it knows takes ten times as long
   * as all of this: a new session has none of its catalogs at hand.)
   */
  private static String limits(ServerVersion server, Duration idleInTransaction) {
    List<String> limits =
        new ArrayList<>(List.of("SET statement_timeout = 0", "SET lock_timeout = 0"));
    if (server.hasIdleSessionTimeout()) {
      limits.add("SET idle_session_timeout = 0");
    }
    if (server.hasTransactionTimeout()) {
      limits.add("SET transaction_timeout = 0");
    }
    if (!idleInTransaction.isZero()) {
      limits.add("SET idle_in_transaction_session_timeout = " + idleInTransaction.toMillis());
    }
    return String.join("; ", limits);
  }
}
