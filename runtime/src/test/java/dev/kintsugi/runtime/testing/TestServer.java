package dev.kintsugi.runtime.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The PostgreSQL server of all tests of this JVM: embedded, or the one that KINTSUGI_JDBC_URL
 * names. Each test has a database of its own on it.
 */
public final class TestServer {

  private static final AtomicInteger NUMBER = new AtomicInteger();

  private static final String SERVER_URL = start();

  private TestServer() {}

  @SuppressWarnings("resource") // zonky stops it with the JVM
  private static String start() {
    String own = System.getenv("KINTSUGI_JDBC_URL");
    if (own != null) {
      return own;
    }
    try {
      EmbeddedPostgres server =
          EmbeddedPostgres.builder()
              .setServerConfig("max_connections", "300")
              .setServerConfig("max_prepared_transactions", "10")
              // Its workers take transaction ids, and FenceTest counts these.
              .setServerConfig("autovacuum", "off")
              .start();
      return server.getJdbcUrl("postgres", "postgres");
    } catch (IOException e) {
      throw new UncheckedIOException("the embedded PostgreSQL does not start", e);
    }
  }

  /** Makes an empty database and returns its URL, with the user in it. */
  public static String createDatabase() {
    String name = "test_" + ProcessHandle.current().pid() + "_" + NUMBER.incrementAndGet();
    execute("CREATE DATABASE " + name);
    return SERVER_URL.replaceFirst("(jdbc:postgresql://[^/]*/)[^?]*", "$1" + name);
  }

  /** Drops a database, whoever is connected to it. */
  public static void dropDatabase(String url) {
    String name = url.replaceFirst("jdbc:postgresql://[^/]*/([^?]*).*", "$1");
    execute("DROP DATABASE " + name + " WITH (FORCE)");
  }

  private static void execute(String sql) {
    try (Connection connection = DriverManager.getConnection(SERVER_URL);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql + " failed", e);
    }
  }
}
