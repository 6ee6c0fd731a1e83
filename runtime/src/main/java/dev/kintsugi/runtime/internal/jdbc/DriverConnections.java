package dev.kintsugi.runtime.internal.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Properties;
import java.util.logging.Logger;
import org.postgresql.Driver;
import org.postgresql.PGProperty;

/**
 * New connections of PostgreSQL's driver, for a pool. Neither of them is given the URL, which both
 * would print in logs and errors, with what is in it: only what was read from it.
 */
final class DriverConnections extends NewConnections {

  /** Says that all is in the properties. */
  private static final String URL = "jdbc:postgresql://";

  private final Driver driver = new Driver();
  private final Properties properties;
  private final Duration idleInTransaction;

  /**
   * Connections that are made as asked for.
   *
   * @param idleInTransaction how long their transactions may stand still; zero leaves that to the
   *     server
   */
  DriverConnections(Properties properties, Duration idleInTransaction) {
    this.properties = properties;
    this.idleInTransaction = idleInTransaction;
  }

  @Override
  public Connection getConnection() throws SQLException {
    Properties login = new Properties();
    login.putAll(properties);
    if (getLoginTimeout() > 0) {
      login.putIfAbsent(PGProperty.LOGIN_TIMEOUT.getName(), String.valueOf(getLoginTimeout()));
    }
    Connection connection = driver.connect(URL, login);
    if (connection == null) {
      throw new SQLException("PostgreSQL's driver does not take its own URLs");
    }
    return SessionLimits.set(connection, idleInTransaction);
  }

  @Override
  public Logger getParentLogger() {
    return driver.getParentLogger();
  }

  @Override
  public String toString() {
    return "PostgreSQL's driver";
  }
}
