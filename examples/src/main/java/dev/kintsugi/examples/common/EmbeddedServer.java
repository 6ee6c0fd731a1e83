package dev.kintsugi.examples.common;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** A PostgreSQL server in a temporary directory, for one run, on a free port of the local host. */
public final class EmbeddedServer implements AutoCloseable {

  /** Who connects, without a password. */
  public static final String USER = "postgres";

  /** The database that is there from the start. */
  public static final String DATABASE = "postgres";

  private final EmbeddedPostgres server;

  private EmbeddedServer(EmbeddedPostgres server) {
    this.server = server;
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
    try {
      return new EmbeddedServer(
          CompletableFuture.supplyAsync(() -> launch(settings), EmbeddedServer::onItsOwnThread)
              .join());
    } catch (CompletionException e) {
      throw new IOException("The embedded PostgreSQL does not start: " + e.getCause(), e);
    }
  }

  /** It blocks, so it is nothing for a pool that others share. */
  private static void onItsOwnThread(Runnable work) {
    new Thread(work, "embedded-postgresql").start();
  }

  private static EmbeddedPostgres launch(Map<String, String> settings) {
    try {
      EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder().setRegisterShutdownHook(false);
      settings.forEach(builder::setServerConfig);
      return builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public int port() {
    return server.getPort();
  }

  public String url() {
    return "jdbc:postgresql://localhost:%d/%s".formatted(port(), DATABASE);
  }

  /** Stops the server and deletes its data, also on a thread that was interrupted. */
  @Override
  public void close() throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      server.close();
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
