package dev.kintsugi.testkit;

import dev.kintsugi.runtime.internal.jdbc.JdbcSettings;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The PostgreSQL server of this JVM's tests: the one that KINTSUGI_JDBC_URL in the environment
 * names, or an embedded one, which is started when it is first asked for and ends with the JVM. On
 * it, databases are made and dropped; those that were there are left alone.
 */
final class Server {

  /** Up to the database's name; the name; the parameters. */
  private static final Pattern URL = Pattern.compile("(jdbc:postgresql://[^/?]+/)([^?]*)(\\?.*)?");

  /** Where unqualified names are, in the databases that are made here. */
  static final String SCHEMA = "kintsugi_testkit";

  private static @Nullable Server ofThisJvm;

  private final JdbcSettings login;
  private final String beforeName;
  private final String afterName;

  private Server(JdbcSettings login) {
    Matcher matcher = URL.matcher(login.url());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "KINTSUGI_JDBC_URL must be as jdbc:postgresql://host:5432/database, is '%s'"
              .formatted(login.urlForPeople()));
    }
    this.login = login;
    this.beforeName = matcher.group(1);
    String parameters = matcher.group(3);
    this.afterName = (parameters == null ? "?" : parameters + "&") + "currentSchema=" + SCHEMA;
  }

  static synchronized Server ofThisJvm() {
    Server server = ofThisJvm;
    if (server == null) {
      String url = System.getenv("KINTSUGI_JDBC_URL");
      server =
          url == null
              ? new Server(settings(startEmbedded(), "", ""))
              : new Server(
                  settings(
                      url,
                      System.getenv().getOrDefault("KINTSUGI_JDBC_USER", ""),
                      System.getenv().getOrDefault("KINTSUGI_JDBC_PASSWORD", "")));
      ofThisJvm = server;
    }
    return server;
  }

  @SuppressWarnings("resource") // it ends with the JVM
  private static String startEmbedded() {
    try {
      return EmbeddedPostgres.builder()
          .setServerConfig("max_connections", "300")
          .start()
          .getJdbcUrl("postgres", "postgres");
    } catch (IOException e) {
      throw new UncheckedIOException("the embedded PostgreSQL does not start", e);
    }
  }

  /** Two connections at the most: a scenario does one thing at a time. */
  private static JdbcSettings settings(String url, String user, String password) {
    return new JdbcSettings(url, user, password, 2, Duration.ofSeconds(30));
  }

  /** Makes an empty database. */
  JdbcSettings create() {
    String name =
        "kintsugi_testkit_%d_%s"
            .formatted(
                ProcessHandle.current().pid(), UUID.randomUUID().toString().replace("-", ""));
    execute("CREATE DATABASE " + name);
    return settings(beforeName + name + afterName, login.user(), login.password());
  }

  /** Drops a database that was made here, whoever is connected to it. */
  void drop(JdbcSettings database) {
    String url = database.url();
    String name = url.substring(beforeName.length(), url.length() - afterName.length());
    execute("DROP DATABASE " + name + " WITH (FORCE)");
  }

  private void execute(String sql) {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql + " failed at " + login + ": " + e.getMessage(), e);
    }
  }

  private Connection connect() throws SQLException {
    return login.user().isEmpty()
        ? DriverManager.getConnection(login.url())
        : DriverManager.getConnection(login.url(), login.user(), login.password());
  }
}
