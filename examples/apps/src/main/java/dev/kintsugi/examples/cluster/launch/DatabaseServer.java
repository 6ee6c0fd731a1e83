package dev.kintsugi.examples.cluster.launch;

import dev.kintsugi.examples.common.EmbeddedServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * An embedded PostgreSQL as a program, which ends when its standard input does: so the server does
 * not outlive a launcher that is killed.
 */
final class DatabaseServer {

  private static final Map<String, String> SETTINGS =
      Map.of("max_connections", "120", "max_wal_size", "2GB", "jit", "off");

  private DatabaseServer() {}

  /** Prints the port, and runs until standard input ends, or a signal ends it. */
  public static void main(String[] args) throws IOException {
    CompletableFuture<EmbeddedServer> server = new CompletableFuture<>();
    // Also for a signal that comes while the server is starting.
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> server.thenAccept(DatabaseServer::stop).join()));
    try {
      server.complete(EmbeddedServer.start(SETTINGS));
    } catch (IOException e) {
      server.completeExceptionally(e);
      throw e;
    }
    System.out.println(server.join().port());
    while (System.in.read() >= 0) {
      // What is said means nothing.
    }
  }

  private static void stop(EmbeddedServer server) {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
