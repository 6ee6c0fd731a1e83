package dev.kintsugi.runtime.internal.jdbc;

import java.util.List;
import java.util.ArrayList;
import java.time.Duration;
import java.sql.Statement;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** Where a pool has its connections from; nothing is asked of it but {@link #getConnection()}. */
abstract class NewConnections implements DataSource {

  private final Duration idleInTransaction;
  private volatile int loginTimeout;

  /**
   * Connections without the server's limits.
   *
   * @param idleInTransaction how long their transactions may stand still; zero leaves that to the
   *     server
   */
  NewConnections(Duration idleInTransaction) {
    this.idleInTransaction = idleInTransaction;
  }

  /** A connection as it comes. */
  abstract Connection open() throws SQLException;

  @Override
  public final Connection getConnection() throws SQLException {
    Connection connection = open();
    try (Statement statement = connection.createStatement()) {
      statement.execute(limits(connection.getMetaData().getDatabaseMajorVersion()));
      if (!connection.getAutoCommit()) {
        connection.commit();
      }
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  /**
   * Whatever the role, the database or the server says: a statement of the runtime's takes as long
   * as it takes. Were it cancelled half-way, an index build or a batch of a rebuild would begin
   * anew, again and again. Limits that this server does not know are left out. (To ask it which it
   * knows takes ten times as long as all of this: a new session has none of its catalogs at hand.)
   */
  private String limits(int serverVersion) {
    List<String> limits =
        new ArrayList<>(List.of("SET statement_timeout = 0", "SET lock_timeout = 0"));
    if (serverVersion >= 14) {
      limits.add("SET idle_session_timeout = 0");
    }
    if (serverVersion >= 17) {
      limits.add("SET transaction_timeout = 0");
    }
    if (!idleInTransaction.isZero()) {
      limits.add("SET idle_in_transaction_session_timeout = " + idleInTransaction.toMillis());
    }
    return String.join("; ", limits);
  }

  @Override
  public final Connection getConnection(String username, String password) throws SQLException {
    throw new SQLFeatureNotSupportedException("one user for all connections");
  }

  /** In seconds; 0 if nobody has set it. */
  @Override
  public final int getLoginTimeout() {
    return loginTimeout;
  }

  @Override
  public final void setLoginTimeout(int seconds) {
    loginTimeout = seconds;
  }

  @Override
  public final @Nullable PrintWriter getLogWriter() {
    return null;
  }

  @Override
  public final void setLogWriter(@Nullable PrintWriter out) {}

  @Override
  public Logger getParentLogger() throws SQLFeatureNotSupportedException {
    throw new SQLFeatureNotSupportedException("it logs nothing by itself");
  }

  @Override
  public final <T> T unwrap(Class<T> type) throws SQLException {
    if (!type.isInstance(this)) {
      throw new SQLException(getClass().getName() + " is no " + type.getName());
    }
    return type.cast(this);
  }

  @Override
  public final boolean isWrapperFor(Class<?> type) {
    return type.isInstance(this);
  }
}
