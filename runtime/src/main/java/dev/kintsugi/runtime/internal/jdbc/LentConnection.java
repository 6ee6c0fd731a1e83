package dev.kintsugi.runtime.internal.jdbc;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection of somebody else's. Its {@code close()} sets back what a pool and {@link Database}
 * change of it, and gives it back; or ends it first, if that can't be done for certain, so that its
 * owner hands it to nobody.
 */
final class LentConnection implements InvocationHandler {

  private static final Logger log = LoggerFactory.getLogger(LentConnection.class);

  /** What is changed of a session, by {@code SET} or by the driver's own methods. */
  private static final String SETTINGS =
      """
      SELECT name, current_setting(name) FROM pg_settings
      WHERE name IN ('statement_timeout', 'lock_timeout', 'transaction_timeout', 'idle_session_timeout',
        'idle_in_transaction_session_timeout', 'default_transaction_isolation', 'default_transaction_read_only')
      """;

  /** Locks of a session would outlive those that they stand for, as the session does. */
  private static final String SET_BACK =
      """
      SELECT set_config(name, value, FALSE) FROM unnest(?::text[], ?::text[]) AS s(name, value)
      UNION ALL SELECT pg_advisory_unlock_all()::text
      """;

  private final Connection lent;
  private final int answerMillis;
  private final boolean autoCommit;
  private final boolean readOnly;
  private final int networkTimeout;
  private final List<String> names = new ArrayList<>();
  private final List<String> values = new ArrayList<>();
  private boolean closed;

  private LentConnection(Connection lent, int answerMillis) throws SQLException {
    this.lent = lent;
    this.answerMillis = answerMillis;
    this.autoCommit = lent.getAutoCommit();
    this.readOnly = lent.isReadOnly();
    this.networkTimeout = lent.getNetworkTimeout();
  }

  /**
   * Takes note of what a connection is like, to leave it so.
   *
   * @throws SQLException if it is not PostgreSQL's driver's, or does not answer; it was given back
   */
  static Connection borrow(Connection lent, Duration answerTimeout) throws SQLException {
    try {
      Database.refuseForeign(lent);
    } catch (IllegalArgumentException e) {
      lent.close();
      throw new SQLException(e.getMessage(), e);
    }
    try {
      LentConnection handler = new LentConnection(lent, Math.toIntExact(answerTimeout.toMillis()));
      handler.look();
      return (Connection)
          Proxy.newProxyInstance(
              LentConnection.class.getClassLoader(), new Class<?>[] {Connection.class}, handler);
    } catch (SQLException e) {
      Database.discard(lent);
      throw e;
    }
  }

  private void look() throws SQLException {
    outsideOfTransactions();
    try (Statement statement = lent.createStatement();
        ResultSet rows = statement.executeQuery(SETTINGS)) {
      while (rows.next()) {
        names.add(rows.getString(1));
        values.add(rows.getString(2));
      }
    }
  }

  private void giveBack() throws SQLException {
    outsideOfTransactions();
    try (PreparedStatement set = lent.prepareStatement(SET_BACK)) {
      set.setArray(1, lent.createArrayOf("text", names.toArray()));
      set.setArray(2, lent.createArrayOf("text", values.toArray()));
      set.execute();
    }
    lent.setReadOnly(readOnly);
    lent.setAutoCommit(autoCommit);
    lent.setNetworkTimeout(Runnable::run, networkTimeout);
    lent.clearWarnings();
  }

  /** Where a setting that is set stays so. An answer is waited for no longer than allowed. */
  private void outsideOfTransactions() throws SQLException {
    lent.setNetworkTimeout(Runnable::run, answerMillis);
    if (!lent.getAutoCommit()) {
      lent.rollback();
      lent.setAutoCommit(true);
    }
    lent.setReadOnly(false);
  }

  private void close() throws SQLException {
    if (closed) {
      return;
    }
    closed = true;
    try {
      giveBack();
    } catch (SQLException e) {
      log.debug("A connection of the application's can't be given back as it was, and is ended", e);
      Database.discard(lent);
      return;
    }
    lent.close();
  }

  @Override
  public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments)
      throws Throwable {
    switch (method.getName()) {
      case "close" -> {
        close();
        return null;
      }
      case "equals" -> {
        return arguments != null && proxy == arguments[0];
      }
      case "hashCode" -> {
        return System.identityHashCode(proxy);
      }
      default -> {
        try {
          return method.invoke(lent, arguments);
        } catch (InvocationTargetException e) {
          throw e.getCause();
        }
      }
    }
  }
}
