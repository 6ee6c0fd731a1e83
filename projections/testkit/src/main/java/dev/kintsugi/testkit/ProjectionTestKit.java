package dev.kintsugi.testkit;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.event.EventCodec;
import dev.kintsugi.runtime.event.EventJournal;
import dev.kintsugi.runtime.event.JournalTables;
import dev.kintsugi.runtime.event.TagLayout;
import dev.kintsugi.runtime.jdbc.Database;
import dev.kintsugi.runtime.jdbc.JdbcSettings;
import dev.kintsugi.runtime.node.Node;
import dev.kintsugi.runtime.schema.Schema;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.ActorSystem;

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
 * <p>The same events come to the read model in four ways, each in a database of its own:
 *
 * <ul>
 *   <li><em>inline</em>: each in the transaction that appends it;
 *   <li><em>by replay</em>: all of them are history when the projection is first built;
 *   <li><em>by skip and drain</em>: all are appended while the projection is paused, and drained
 *       later, in the reverse order of the streams: as if those that came first had failed first;
 *   <li><em>mixed</em>: the given ones are history, the others come during the first build and
 *       after it, as chance has it inline, recorded and mended by a later writer, or drained; and
 *       at the end the projection is rebuilt.
 * </ul>
 *
 * <p>The journal is the same each time, and each stream's events come in sequence, each once. That
 * is all that a handler may rely on, so all tables of the projection must hold the same rows
 * afterwards. Where they do not, a rebuild or a recovery would change the read model some day.
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

  private static final String EMPTY_DATABASE = "template1";

  private final ActorSystem serializers;
  private final Server server;
  private final JdbcSettings template;
  private final EventCodec codec;
  private final EventJournal journal;

  /** Of the last scenario, to be queried until the next one is run. */
  private final List<FreshDatabase> open = new ArrayList<>();

  private ProjectionTestKit(
      ActorSystem serializers, Server server, JdbcSettings template, EventJournal journal) {
    this.serializers = serializers;
    this.server = server;
    this.template = template;
    this.journal = journal;
    this.codec = new EventCodec(serializers, Node.JOURNAL_PLUGIN_ID);
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
    Server server = Server.ofThisJvm();
    JournalTables tables =
        JournalTables.of(ConfigFactory.defaultReference().getConfig("jdbc-journal"));
    JdbcSettings template = server.create(EMPTY_DATABASE);
    EventJournal journal = new EventJournal(tables, install(template, tables));
    ActorSystem serializers =
        ActorSystem.create(
            "kintsugi-testkit", ConfigFactory.parseString(NOTHING_RUNS).withFallback(config));
    return new ProjectionTestKit(serializers, server, template, journal);
  }

  private static TagLayout install(JdbcSettings template, JournalTables tables) {
    try (Database database = Database.open(template)) {
      return new Schema(database, tables).ensure(true);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("Kintsugi's tables could not be made: " + e, e);
    }
  }

  /** A scenario, which runs when it is asked for rows. */
  public Scenario scenario(Projection<?> projection) {
    return new Scenario(this, projection);
  }

  EventCodec codec() {
    return codec;
  }

  /** A database with no projection in it yet, which stays open until the next scenario is run. */
  FreshDatabase freshDatabase(Projection<?> projection, Way way, long seed, BatchSizes batches) {
    FreshDatabase database =
        new FreshDatabase(
            server.create(server.nameOf(template)), journal, codec, projection, way, seed, batches);
    open.add(database);
    return database;
  }

  /** Ends the databases of the scenario before. */
  void dropDatabases() {
    open.forEach(
        database -> {
          database.close();
          server.drop(database.settings());
        });
    open.clear();
  }

  /** Drops all databases that it made. The server goes with the JVM. */
  @Override
  public void close() {
    try {
      dropDatabases();
      server.drop(template);
    } finally {
      serializers.terminate();
      serializers.getWhenTerminated().toCompletableFuture().join();
    }
  }
}
