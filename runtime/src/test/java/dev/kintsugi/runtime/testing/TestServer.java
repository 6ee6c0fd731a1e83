package dev.kintsugi.runtime.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The PostgreSQL server of all tests of this JVM: embedded, or the one that KINTSUGI_JDBC_URL
 * names. Each test has a database of its own on it.
 */
public final class TestServer {

  private static final AtomicInteger NUMBER = new AtomicInteger();

  /**
   * Where Linux keeps files in memory: there databases and tables are made, and emptied, several
   * times faster. No test is about disks.
   */
  private static final Path MEMORY = Path.of("/dev/shm");

  private static final long ENOUGH_MEMORY = 4L << 30;
  private static final String PREFIX = "kintsugi-tests-";
  private static final Duration NEW = Duration.ofMinutes(1);

  private static final String SERVER_URL = start();

  private static @Nullable Connection administrator;

  private static final String COPYING = copying();

  private TestServer() {}

  @SuppressWarnings("resource") // zonky stops it with the JVM
  private static String start() {
    String own = System.getenv("KINTSUGI_JDBC_URL");
    if (own != null) {
      return own;
    }
    try {
      EmbeddedPostgres.Builder server =
          EmbeddedPostgres.builder()
              .setServerConfig("max_connections", "300")
              .setServerConfig("max_prepared_transactions", "10")
              .setServerConfig("max_wal_size", "256MB")
              // Its workers take transaction ids, and FenceTest counts these.
              .setServerConfig("autovacuum", "off");
      if (Files.isWritable(MEMORY) && MEMORY.toFile().getUsableSpace() > ENOUGH_MEMORY) {
        deleteAbandoned();
        server.setDataDirectory(Files.createTempDirectory(MEMORY, PREFIX));
      }
      return server.start().getJdbcUrl("postgres", "postgres");
    } catch (IOException e) {
      throw new UncheckedIOException("the embedded PostgreSQL does not start", e);
    }
  }

  /** Of JVMs that were killed: as long as one lives, zonky locks a file for it. */
  private static void deleteAbandoned() throws IOException {
    try (DirectoryStream<Path> directories = Files.newDirectoryStream(MEMORY, PREFIX + "*")) {
      for (Path directory : directories) {
        Path lock = directory.resolve("epg-lock");
        if (Files.isWritable(lock) && isOld(lock)) {
          try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.WRITE);
              FileLock free = channel.tryLock()) {
            if (free != null) {
              delete(directory);
            }
          }
        }
      }
    }
  }

  /** A new one may be about to be locked. */
  private static boolean isOld(Path lock) throws IOException {
    return Files.getLastModifiedTime(lock).toInstant().isBefore(Instant.now().minus(NEW));
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** Makes an empty database and returns its URL, with the user in it. */
  public static String createDatabase() {
    return createDatabase("");
  }

  /**
   * Makes a database that has what another one has, to which nobody is connected: much faster than
   * making that once more.
   */
  public static String createDatabaseLike(String url) {
    return createDatabase(" TEMPLATE " + nameOf(url) + COPYING);
  }

  private static String createDatabase(String how) {
    String name = "test_" + ProcessHandle.current().pid() + "_" + NUMBER.incrementAndGet();
    execute("CREATE DATABASE " + name + how);
    return SERVER_URL.replaceFirst("(jdbc:postgresql://[^/]*/)[^?]*", "$1" + name);
  }

  /** Drops a database, whoever is connected to it. */
  public static void dropDatabase(String url) {
    execute("DROP DATABASE " + nameOf(url) + " WITH (FORCE)");
  }

  private static String nameOf(String url) {
    return url.replaceFirst("jdbc:postgresql://[^/]*/([^?]*).*", "$1");
  }

  private static synchronized void execute(String sql) {
    try (Statement statement = administrator().createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql + " failed", e);
    }
  }

  /** One session for all: each that is opened costs as much as a database. */
  private static Connection administrator() throws SQLException {
    Connection open = administrator;
    if (open == null || open.isClosed()) {
      open = DriverManager.getConnection(SERVER_URL);
      administrator = open;
    }
    return open;
  }

  /** Files are copied faster than logged pages; before PostgreSQL 15 there was no other way. */
  private static String copying() {
    try {
      return administrator().getMetaData().getDatabaseMajorVersion() < 15
          ? ""
          : " STRATEGY file_copy";
    } catch (SQLException e) {
      throw new IllegalStateException("the server does not say its version", e);
    }
  }
}
