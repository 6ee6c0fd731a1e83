package dev.kintsugi.examples.bench.server;

import dev.kintsugi.examples.common.BadInputException;
import dev.kintsugi.examples.common.EmbeddedServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The server that is measured on. Each run gets a database of its own, made here and dropped here;
 * nothing else on the server is touched.
 */
public final class BenchServer implements AutoCloseable {

  /**
   * As in production: what is acknowledged is on the disk. The WAL is large enough that no run is
   * cut by a checkpoint; each begins after one, as dropping a database makes one.
   */
  private static final Map<String, String> DURABLE =
      Map.of(
          "fsync", "on",
          "synchronous_commit", "on",
          "full_page_writes", "on",
          "autovacuum", "on",
          "shared_buffers", "512MB",
          "max_wal_size", "4GB",
          "checkpoint_timeout", "30min",
          "max_connections", "200",
          "max_prepared_transactions", "10");

  private static final List<String> SHOWN =
      List.of(
          "fsync",
          "synchronous_commit",
          "full_page_writes",
          "shared_buffers",
          "max_wal_size",
          "checkpoint_timeout",
          "autovacuum");

  private final Optional<EmbeddedServer> embedded;
  private final Login login;
  private int databases;

  private BenchServer(Optional<EmbeddedServer> embedded, Login login) {
    this.embedded = embedded;
    this.login = login;
  }

  /** Starts a server of its own. */
  public static BenchServer embedded() throws IOException, SQLException {
    EmbeddedServer server = EmbeddedServer.start(DURABLE);
    try {
      BenchServer started =
          new BenchServer(Optional.of(server), new Login(server.url(), EmbeddedServer.USER, ""));
      started.refuseLessDurable();
      return started;
    } catch (SQLException | RuntimeException e) {
      server.close();
      throw e;
    }
  }

  /**
   * Takes a server of the user's own, as it is set up.
   *
   * @throws BadInputException if it can't be reached
   */
  public static BenchServer at(Login login) throws BadInputException {
    try (Connection connection = login.connect()) {
      connection.getMetaData();
      return new BenchServer(Optional.empty(), login);
    } catch (SQLException e) {
      throw new BadInputException(
          "The server at %s can't be used: %s".formatted(login.urlForPeople(), e.getMessage()), e);
    }
  }

  private void refuseLessDurable() throws SQLException {
    for (String setting : List.of("fsync", "synchronous_commit")) {
      String value = show(setting);
      if (!value.equals("on")) {
        throw new IllegalStateException(
            "%s was set to on, and the server says %s: what is measured would not be durable"
                .formatted(setting, value));
      }
    }
  }

  /** Makes an empty database. */
  public BenchDatabase create() throws SQLException {
    databases++;
    String name = "kintsugi_bench_%d_%d".formatted(ProcessHandle.current().pid(), databases);
    execute("CREATE DATABASE " + name);
    return new BenchDatabase(this, name, login.toDatabase(name));
  }

  void drop(String name) throws SQLException {
    execute("DROP DATABASE " + name + " WITH (FORCE)");
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = login.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /**
   * Makes a checkpoint by dropping a database: the command takes more rights than a user has who
   * may make databases.
   */
  public void checkpoint() throws SQLException {
    create().close();
  }

  /**
   * Ends the embedded server in the middle of what it does, and starts it again after a pause.
   *
   * @throws BadInputException if the server is the user's own
   */
  public void crash(Duration pause) throws IOException, InterruptedException, BadInputException {
    EmbeddedServer server =
        embedded.orElseThrow(
            () -> new BadInputException("The server at --url is not ours to be crashed"));
    server.crash();
    try {
      TimeUnit.NANOSECONDS.sleep(pause.toNanos());
    } finally {
      server.startAgain();
    }
  }

  /** Whether it is the embedded one. */
  public boolean isEmbedded() {
    return embedded.isPresent();
  }

  /** The machine, the server and its settings, a line each. */
  public List<String> description() throws SQLException {
    List<String> description = new ArrayList<>();
    description.add(Machine.here().description());
    description.add("PostgreSQL %s, %s".formatted(version(), place()));
    List<String> settings = new ArrayList<>();
    settings().forEach((setting, value) -> settings.add(setting + " " + value));
    description.add(String.join(", ", settings));
    try (BenchDatabase database = create()) {
      description.add(CommitProbe.describe(database));
    }
    return description;
  }

  /** Which PostgreSQL it is. */
  public String version() throws SQLException {
    return show("server_version");
  }

  /** Its settings that matter most to a write, by their names. */
  public Map<String, String> settings() throws SQLException {
    Map<String, String> settings = new LinkedHashMap<>();
    for (String setting : SHOWN) {
      settings.put(setting, show(setting));
    }
    return settings;
  }

  private String place() throws SQLException {
    if (embedded.isEmpty()) {
      return "at " + login.urlForPeople();
    }
    return "embedded, on port %d, data on %s"
        .formatted(embedded.get().port(), fileSystem(Path.of(show("data_directory"))));
  }

  private static String fileSystem(Path directory) {
    try {
      return Files.getFileStore(directory).type();
    } catch (IOException e) {
      return "a file system that can't be told";
    }
  }

  private String show(String setting) throws SQLException {
    try (Connection connection = login.connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SHOW " + setting)) {
      row.next();
      return row.getString(1);
    }
  }

  @Override
  public void close() throws IOException {
    if (embedded.isPresent()) {
      embedded.get().close();
    }
  }
}
