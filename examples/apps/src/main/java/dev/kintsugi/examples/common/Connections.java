package dev.kintsugi.examples.common;

import com.typesafe.config.Config;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Properties;
import org.postgresql.Driver;
import org.postgresql.PGProperty;

/** The program's own few connections to the database that {@code kintsugi.jdbc} names. */
public final class Connections implements AutoCloseable {

  /** What is done in a transaction. */
  @FunctionalInterface
  public interface Work<T> {
    T in(Connection connection) throws Exception;
  }

  private final HikariDataSource pool;

  private Connections(HikariDataSource pool) {
    this.pool = pool;
  }

  /**
   * A pool of them, which connects when they are asked for.
   *
   * @param jdbc {@code kintsugi.jdbc} of a configuration
   */
  public static Connections of(Config jdbc, int size) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(jdbc.getString("url"));
    if (!jdbc.getString("user").isEmpty()) {
      config.setUsername(jdbc.getString("user"));
      config.setPassword(jdbc.getString("password"));
    }
    config.setMaximumPoolSize(size);
    config.setAutoCommit(false);
    config.setConnectionTimeout(jdbc.getDuration("connection-timeout").toMillis());
    config.setInitializationFailTimeout(-1);
    return new Connections(new HikariDataSource(config));
  }

  /**
   * Host, port and database of a URL, without what else it may have: a password, say.
   *
   * @throws BadInputException if it is none that PostgreSQL's driver takes
   */
  public static String forPeople(String url) throws BadInputException {
    Properties parts = Driver.parseURL(url, new Properties());
    if (parts == null) {
      throw new BadInputException(
          "KINTSUGI_JDBC_URL is no URL of a PostgreSQL database. Such a one is jdbc:postgresql://localhost:5432/shop");
    }
    return "jdbc:postgresql://%s:%s/%s"
        .formatted(
            PGProperty.PG_HOST.getOrDefault(parts),
            PGProperty.PG_PORT.getOrDefault(parts),
            PGProperty.PG_DBNAME.getOrDefault(parts));
  }

  /** Begins a transaction; the caller ends it and gives the connection back. */
  public Connection connection() throws SQLException {
    return pool.getConnection();
  }

  /** Does something in a transaction, which is rolled back where that fails. */
  public <T> T inTransaction(Work<T> work) throws Exception {
    try (Connection connection = pool.getConnection()) {
      try {
        T result = work.in(connection);
        connection.commit();
        return result;
      } catch (Throwable e) {
        connection.rollback();
        throw e;
      }
    }
  }

  @Override
  public void close() {
    pool.close();
  }
}
