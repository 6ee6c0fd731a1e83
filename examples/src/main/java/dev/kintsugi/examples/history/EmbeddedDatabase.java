package dev.kintsugi.examples.history;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** A server in a temporary directory, for this run, on a free port of the local host. */
final class EmbeddedDatabase implements DemoDatabase {

  private static final String USER = "postgres";
  private static final String NAME = "postgres";

  private final EmbeddedPostgres server;
  private final Config config;

  private EmbeddedDatabase(EmbeddedPostgres server, Config config) {
    this.server = server;
    this.config =
        ConfigFactory.parseMap(
                Map.of(
                    "kintsugi.jdbc.url",
                    url(),
                    "kintsugi.jdbc.user",
                    USER,
                    "kintsugi.jdbc.password",
                    ""))
            .withFallback(config);
  }

  /**
   * Starts a server, to the end even if the calling thread is interrupted meanwhile: one that is
   * half started can't be stopped.
   *
   * @throws IOException if it does not start
   */
  static EmbeddedDatabase start(Config config) throws IOException {
    try {
      return new EmbeddedDatabase(
          CompletableFuture.supplyAsync(EmbeddedDatabase::startServer).join(), config);
    } catch (CompletionException e) {
      throw new IOException("The embedded PostgreSQL does not start: " + e.getCause(), e);
    }
  }

  private static EmbeddedPostgres startServer() {
    try {
      return EmbeddedPostgres.builder()
          .setServerConfig("max_connections", "60")
          .setServerConfig("max_wal_size", "2GB")
          .setServerConfig("jit", "off")
          .setRegisterShutdownHook(false)
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String url() {
    return "jdbc:postgresql://localhost:%d/%s".formatted(server.getPort(), NAME);
  }

  @Override
  public Config config() {
    return config;
  }

  @Override
  public String place() {
    return "embedded, on port " + server.getPort();
  }

  @Override
  public List<String> howToConnect() {
    return List.of(
        "psql -h localhost -p %d -U %s %s".formatted(server.getPort(), USER, NAME),
        "%s?user=%s".formatted(url(), USER));
  }

  @Override
  public boolean isThrowAway() {
    return true;
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
