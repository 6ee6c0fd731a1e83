package dev.kintsugi.testkit;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.internal.event.EventCodec;
import dev.kintsugi.runtime.internal.jdbc.JdbcSettings;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import org.apache.pekko.actor.ActorSystem;
import org.jspecify.annotations.Nullable;

/**
 * Tests projections: given events, when events, then rows.
 *
 * <pre>{@code
 * try (ProjectionTestKit kit = ProjectionTestKit.start()) {
 *   kit.scenario(files)
 *       .given("File|a", new Changed("a", "ann"), new Changed("a", "bob"))
 *       .when("File|b", new Changed("b", "ann"))
 *       .then("SELECT path, changes FROM files ORDER BY path")
 *       .hasRows(row("a", 2), row("b", 1));
 * }
 * }</pre>
 *
 * <p>The same events come to the read model in seven ways, each in a database with nothing else in
 * it:
 *
 * <ul>
 *   <li><em>inline</em>: each in the transaction that appends it;
 *   <li><em>by replay</em>: all of them are history when the projection is first built;
 *   <li><em>by skip and drain</em>: all are appended while the projection is paused, and drained
 *       later, in the reverse order of the streams: as if those that came first had failed first;
 *   <li><em>followed</em>: the projection follows the journal from the beginning, now close behind
 *       the writers, now far;
 *   <li><em>handed over</em>: the given ones are history; then it is inline, follows, and is inline
 *       again, as starts with such definitions have it, and writers go on meanwhile: so some events
 *       are applied as they are appended, some by its follower, some are recorded and drained;
 *   <li><em>built beside</em>: the given ones are history; then it is inline, and is built beside
 *       what is served, and swapped in, while writers go on; and at the end that is undone;
 *   <li><em>mixed</em>: the given ones are history, the others come during the first build and
 *       after it, as chance has it inline, recorded and mended by a later writer, or drained; and
 *       at the end the projection is rebuilt.
 * </ul>
 *
 * <p>The journal is the same each time, and each stream's events come in sequence, each once. That
 * is all that a handler may rely on, so all tables of the projection must hold the same rows
 * afterwards. Where they do not, a rebuild or a recovery would change the read model some day.
 *
 * <p>All of them are for each projection, whether it is declared to be inline or to follow: that
 * may change with a build of the application, and what its handlers have to bear is the same. One
 * that follows has the order across streams of the journal, except where it was handed over or an
 * event failed; one that is inline has that of the transactions, each of which may take its locks
 * in another order. What differs is what an append can be told: to one that follows nobody can
 * reject an event, so there {@code FailurePolicy.reject()} records it.
 *
 * <p>It runs on an embedded PostgreSQL, one for the JVM, or on the server that KINTSUGI_JDBC_URL in
 * the environment names (KINTSUGI_JDBC_USER and KINTSUGI_JDBC_PASSWORD say who connects, who must
 * be allowed to make databases). A kit is for one thread, and may serve any number of scenarios,
 * one after the other.
 */
public final class ProjectionTestKit implements AutoCloseable {

  /** Serializers and event adapters only: no cluster, no plugin, nothing that listens. */
  private static final String NOTHING_RUNS =
      """
      pekko {
        actor.provider = local
        extensions = []
        persistence.journal.auto-start-journals = []
        persistence.snapshot-store.auto-start-snapshot-stores = []
        coordinated-shutdown.run-by-jvm-shutdown-hook = off
        jvm-shutdown-hooks = off
        daemonic = on
      }
      """;

  private final Server server = Server.ofThisJvm();
  private final JdbcSettings settings = server.create();
  private final ActorSystem serializers;
  private final EventCodec codec;

  /** Of the last way of the last scenario. */
  private @Nullable FreshDatabase open;

  private ProjectionTestKit(Config config) {
    this.serializers =
        ActorSystem.create(
            "kintsugi-testkit", ConfigFactory.parseString(NOTHING_RUNS).withFallback(config));
    this.codec = new EventCodec(serializers, KintsugiNode.JOURNAL_PLUGIN_ID);
  }

  /** A kit with the serializers and event adapters of {@code application.conf}. */
  public static ProjectionTestKit start() {
    return start(ConfigFactory.load());
  }

  /**
   * A kit with the serializers of a configuration, and the event adapters that it has for {@code
   * kintsugi.journal}.
   *
   * @throws RuntimeException if there is no server, or no database can be made on it
   */
  public static ProjectionTestKit start(Config config) {
    return new ProjectionTestKit(config);
  }

  /** A scenario, which runs when it is asked for rows. */
  public Scenario scenario(Projection<?> projection) {
    return new Scenario(this, projection);
  }

  EventCodec codec() {
    return codec;
  }

  /** Its database with nothing in it; what was in it is gone. */
  FreshDatabase freshDatabase(Projection<?> projection, Way way, long seed, BatchSizes batches)
      throws Exception {
    closeDatabase();
    FreshDatabase fresh = FreshDatabase.open(settings, codec, projection, way, seed, batches);
    open = fresh;
    return fresh;
  }

  private void closeDatabase() {
    if (open != null) {
      open.close();
      open = null;
    }
  }

  /** Drops its database. The server goes with the JVM. */
  @Override
  public void close() {
    closeDatabase();
    server.drop(settings);
    serializers.terminate();
    serializers.getWhenTerminated().toCompletableFuture().join();
  }
}
