package dev.kintsugi.examples.bench.cluster.bad;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.kintsugi.examples.bench.load.LoadEvent;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Tables;
import dev.kintsugi.runtime.Kintsugi;
import dev.kintsugi.runtime.persistence.StreamAppend;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.management.javadsl.PekkoManagement;

/** A node with management, that has a projection with a parked record. One thread drives it. */
final class Target implements AutoCloseable {

  static final String PROJECTION = "notes";

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final Config SETTINGS =
      ConfigFactory.parseString(
          """
          pekko.management.http { hostname = "127.0.0.1", port = 0, route-providers-read-only = off }
          pekko.management.http.routes.cluster-management = ""
          # As in config/application.conf.
          pekko.http.server.parsing.error-handler = "dev.kintsugi.management.ParsingErrors"
          """);

  private final ActorSystem system;
  private final BenchDatabase database;
  private final int port;

  private Target(ActorSystem system, BenchDatabase database, int port) {
    this.system = system;
    this.database = database;
    this.port = port;
  }

  /**
   * Starts it.
   *
   * @param config says where the database is
   */
  static Target start(Config config, BenchDatabase database) throws Exception {
    ActorSystem system = ActorSystem.create("target", SETTINGS.withFallback(config));
    try {
      Kintsugi kintsugi = Kintsugi.get(system);
      kintsugi.start(failing());
      kintsugi
          .whenDone(PROJECTION)
          .toCompletableFuture()
          .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      park(kintsugi, database);
      int port =
          PekkoManagement.get(system)
              .start()
              .toCompletableFuture()
              .get(PATIENCE.toSeconds(), TimeUnit.SECONDS)
              .getPort();
      return new Target(system, database, port);
    } catch (Exception e) {
      terminate(system);
      throw e;
    }
  }

  private static Projection<LoadEvent> failing() {
    return Projection.named(PROJECTION)
        .of(LoadEvent.class)
        .tables(Tables.sql("CREATE TABLE IF NOT EXISTS notes (id BIGINT PRIMARY KEY)"))
        .handler(Failing::new)
        .onFailure(FailurePolicy.skip().withoutRetry().thenPark())
        .build();
  }

  private static void park(Kintsugi kintsugi, BenchDatabase database) throws Exception {
    try (Connection connection = database.login().connect()) {
      connection.setAutoCommit(false);
      kintsugi
          .eventWriter()
          .append(
              connection,
              List.of(new StreamAppend("note-1", 0, List.of(LoadEvent.beginningWith("bad")))));
      connection.commit();
    }
  }

  int port() {
    return port;
  }

  /** What requests are about. */
  Scene scene() throws SQLException {
    return new Scene(
        PROJECTION,
        "1-" + database.count("SELECT ordering FROM kintsugi_skip WHERE parked_at IS NOT NULL"));
  }

  /** All that is stored, as it is now. */
  Stored stored() throws SQLException {
    return Stored.in(database);
  }

  /** Ends it, also on a thread that was interrupted. */
  @Override
  public void close() {
    terminate(system);
  }

  private static void terminate(ActorSystem system) {
    system.terminate();
    system
        .getWhenTerminated()
        .toCompletableFuture()
        .orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
        .join();
  }
}
