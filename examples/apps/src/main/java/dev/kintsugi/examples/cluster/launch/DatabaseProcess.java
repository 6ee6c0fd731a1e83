package dev.kintsugi.examples.cluster.launch;

import dev.kintsugi.examples.common.EmbeddedServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The cluster's PostgreSQL, in a process of its own. */
public final class DatabaseProcess implements AutoCloseable {

  /** What an operator runs before the first deployment; from the directory {@code config}. */
  private static final List<String> SCRIPTS =
      List.of(
          "ddl/postgresql/journal.sql",
          "ddl/postgresql/kintsugi.sql",
          "ddl/postgresql/functions.sql");

  private static final Duration END = Duration.ofSeconds(20);

  private final ChildJvm jvm;
  private final int port;

  private DatabaseProcess(ChildJvm jvm, int port) {
    this.jvm = jvm;
    this.port = port;
  }

  /**
   * Starts a server, and makes all tables but the read models'.
   *
   * @param config the directory with the scripts
   * @param logs the directory for its log
   * @throws IOException if it does not start
   */
  public static DatabaseProcess start(Path config, Path logs) throws IOException, SQLException {
    Path log = logs.resolve("postgresql.log");
    ChildJvm jvm =
        ChildJvm.start(DatabaseServer.class, List.of("-Xmx64m"), List.of(), Map.of(), log, true);
    try {
      String port = jvm.output().readLine();
      if (port == null) {
        throw new IOException("The embedded PostgreSQL does not start; see " + log);
      }
      DatabaseProcess process = new DatabaseProcess(jvm, Integer.parseInt(port));
      process.run(config);
      return process;
    } catch (IOException | SQLException | RuntimeException e) {
      end(jvm);
      throw e;
    }
  }

  private void run(Path config) throws IOException, SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      for (String script : SCRIPTS) {
        statement.execute(Files.readString(config.resolve(script)));
      }
    }
  }

  /** A connection of the caller's own. */
  public Connection connect() throws SQLException {
    return DriverManager.getConnection(url(), EmbeddedServer.USER, "");
  }

  private String url() {
    return "jdbc:postgresql://127.0.0.1:%d/%s".formatted(port, EmbeddedServer.DATABASE);
  }

  /** What tells a node where it is, and who connects. */
  public Map<String, String> environment() {
    return Map.of(
        "KINTSUGI_JDBC_URL",
        url(),
        "KINTSUGI_JDBC_USER",
        EmbeddedServer.USER,
        "KINTSUGI_JDBC_PASSWORD",
        "");
  }

  /** How a person connects. */
  public String psql() {
    return "psql -h 127.0.0.1 -p %d -U %s %s"
        .formatted(port, EmbeddedServer.USER, EmbeddedServer.DATABASE);
  }

  /** Stops the server and deletes its data. */
  @Override
  public void close() {
    end(jvm);
  }

  private static void end(ChildJvm jvm) {
    jvm.say("stop");
    jvm.awaitEnd(END);
  }
}
