package dev.kintsugi.examples.common;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;

/** A PostgreSQL server in a temporary directory, for one run, on a free port of the local host. */
public final class EmbeddedServer implements AutoCloseable {

  /** Who connects, without a password. */
  public static final String USER = "postgres";

  /** The database that is there from the start. */
  public static final String DATABASE = "postgres";

  /** A crashed one has its WAL to go through. */
  private static final Duration STARTS = Duration.ofMinutes(2);

  private final Map<String, String> settings;
  private final Path data;
  private EmbeddedPostgres server;

  private EmbeddedServer(Map<String, String> settings, Path data) throws IOException {
    this.settings = Map.copyOf(settings);
    this.data = data;
    this.server = toTheEnd(builder());
  }

  /**
   * Starts a server, to the end even if the calling thread is interrupted meanwhile: one that is
   * half started can't be stopped.
   *
   * @param settings of the server; what they do not name is for throw-away data: no fsync, no
   *     waiting for a commit
   * @throws IOException if it does not start
   */
  public static EmbeddedServer start(Map<String, String> settings) throws IOException {
    Path data = Files.createTempDirectory("kintsugi-postgresql");
    try {
      return new EmbeddedServer(settings, data);
    } catch (IOException | RuntimeException e) {
      delete(data);
      throw e;
    }
  }

  private EmbeddedPostgres.Builder builder() {
    EmbeddedPostgres.Builder builder =
        EmbeddedPostgres.builder()
            .setRegisterShutdownHook(false)
            .setDataDirectory(data)
            .setCleanDataDirectory(false)
            .setPGStartupWait(STARTS);
    settings.forEach(builder::setServerConfig);
    return builder;
  }

  private static EmbeddedPostgres toTheEnd(EmbeddedPostgres.Builder builder) throws IOException {
    try {
      return CompletableFuture.supplyAsync(() -> launch(builder), EmbeddedServer::onItsOwnThread)
          .join();
    } catch (CompletionException e) {
      throw new IOException("The embedded PostgreSQL does not start: " + e.getCause(), e);
    }
  }

  /** It blocks, so it is nothing for a pool that others share. */
  private static void onItsOwnThread(Runnable work) {
    new Thread(work, "embedded-postgresql").start();
  }

  private static EmbeddedPostgres launch(EmbeddedPostgres.Builder builder) {
    try {
      return builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Ends the server as {@code pg_ctl stop -m immediate} does: no session ends its transaction, and
   * nothing more is written. The next start recovers from the WAL.
   *
   * @throws IOException if it is not running, or can't be told to end
   */
  public synchronized void crash() throws IOException {
    ProcessHandle postmaster =
        postmaster().orElseThrow(() -> new IOException("The embedded PostgreSQL is not running"));
    Process quit = new ProcessBuilder("kill", "-QUIT", String.valueOf(postmaster.pid())).start();
    int exitCode = quit.onExit().join().exitValue();
    if (exitCode != 0) {
      throw new IOException("kill -QUIT of the embedded PostgreSQL ended with " + exitCode);
    }
    postmaster.onExit().join();
  }

  private Optional<ProcessHandle> postmaster() throws IOException {
    Path pid = data.resolve("postmaster.pid");
    return Files.exists(pid)
        ? ProcessHandle.of(Long.parseLong(Files.readAllLines(pid).get(0)))
        : Optional.empty();
  }

  /**
   * Starts it again after a crash: the same data, settings and port.
   *
   * @throws IOException if it does not start
   */
  public synchronized void startAgain() throws IOException {
    int port = port();
    server.close();
    server = toTheEnd(builder().setPort(port));
  }

  public synchronized int port() {
    return server.getPort();
  }

  public String url() {
    return "jdbc:postgresql://localhost:%d/%s".formatted(port(), DATABASE);
  }

  /** Stops the server and deletes its data, also on a thread that was interrupted. */
  @Override
  public synchronized void close() throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      server.close();
      if (postmaster().isPresent()) {
        throw new IOException("The embedded PostgreSQL in " + data + " can't be stopped");
      }
      delete(data);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
