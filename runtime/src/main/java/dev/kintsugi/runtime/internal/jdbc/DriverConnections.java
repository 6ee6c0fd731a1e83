package dev.kintsugi.runtime.internal.jdbc;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.Properties;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;
import org.postgresql.PGProperty;

/**
 * New connections of PostgreSQL's driver, for a pool. Neither of them is given the URL, which both
 * would print in logs and errors, with what is in it: only what was read from it.
 */
final class DriverConnections implements DataSource {

  /** Says that all is in the properties. */
  private static final String URL = "jdbc:postgresql://";

  private final Driver driver = new Driver();
  private final Properties properties;
  private volatile int loginTimeout;

  DriverConnections(Properties properties) {
    this.properties = properties;
  }

  @Override
  public Connection getConnection() throws SQLException {
    Properties login = new Properties();
    login.putAll(properties);
    if (loginTimeout > 0) {
      login.putIfAbsent(PGProperty.LOGIN_TIMEOUT.getName(), String.valueOf(loginTimeout));
    }
    Connection connection = driver.connect(URL, login);
    if (connection == null) {
      throw new SQLException("PostgreSQL's driver does not take its own URLs");
    }
    return connection;
  }

  @Override
  public Connection getConnection(String username, String password) throws SQLException {
    throw new SQLFeatureNotSupportedException("one user for all connections");
  }

  @Override
  public int getLoginTimeout() {
    return loginTimeout;
  }

  @Override
  public void setLoginTimeout(int seconds) {
    loginTimeout = seconds;
  }

  @Override
  public @Nullable PrintWriter getLogWriter() {
    return null;
  }

  @Override
  public void setLogWriter(@Nullable PrintWriter out) {}

  @Override
  public Logger getParentLogger() {
    return driver.getParentLogger();
  }

  @Override
  public <T> T unwrap(Class<T> type) throws SQLException {
    if (!type.isInstance(this)) {
      throw new SQLException(getClass().getName() + " is no " + type.getName());
    }
    return type.cast(this);
  }

  @Override
  public boolean isWrapperFor(Class<?> type) {
    return type.isInstance(this);
  }

  @Override
  public String toString() {
    return "PostgreSQL's driver";
  }
}
