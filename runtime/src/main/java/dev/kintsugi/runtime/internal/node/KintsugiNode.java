package dev.kintsugi.runtime.internal.node;

import com.typesafe.config.Config;
import dev.kintsugi.runtime.internal.event.EventCodec;
import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.internal.event.JournalTables;
import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.internal.handler.ProjectionRegistry;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.metrics.Metrics;
import dev.kintsugi.runtime.internal.schema.Schema;
import dev.kintsugi.runtime.internal.writer.InlineWriter;
import dev.kintsugi.runtime.internal.writer.JdbcEventWriter;
import dev.kintsugi.runtime.internal.writer.WrittenAppend;
import dev.kintsugi.runtime.persistence.DatabaseUnavailableException;
import dev.kintsugi.runtime.persistence.EventWriter;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.actor.AbstractExtensionId;
import org.apache.pekko.actor.ClassicActorSystemProvider;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.Extension;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What one node has, made at the first use and closed with the actor system. */
public final class KintsugiNode implements Extension {

  /** The journal plugin's configuration path; its event adapters apply in rebuilds, too. */
  public static final String JOURNAL_PLUGIN_ID = "kintsugi.journal";

  private static final Id ID = new Id();

  private static final Logger log = LoggerFactory.getLogger(KintsugiNode.class);

  /** For so long the end of the actor system waits for what is under way on the database. */
  private static final Duration LONGEST_END = Duration.ofSeconds(10);

  private final Config config;
  private final ConnectionSource connections;
  private final EnsuredSchema schema;
  private final Database database;
  private final EventJournal journal;
  private final EventCodec codec;
  private final ProjectionRegistry registry = new ProjectionRegistry();
  private final Metrics metrics = new Metrics();
  private final Counters counters = new Counters(metrics);
  private final WriteHints writeHints = new WriteHints();
  private final SkipHints skipHints = new SkipHints();
  private final HousekeepingHints housekeepingHints = new HousekeepingHints();
  private final InlineWriter writer;
  private final EventWriter eventWriter;
  private final Executor blocking;

  /** What runs on blocking threads; the first party is the node itself. */
  private final Phaser underWay = new Phaser(1);

  private final List<Runnable> beforeClose = new CopyOnWriteArrayList<>();

  private KintsugiNode(ExtendedActorSystem system) {
    this.config = system.settings().config().getConfig("kintsugi");
    OtherSections.refuseIgnored(system.settings().config());
    ContradictingSettings.refuse(system.settings().config());
    JournalTables tables = JournalTables.of(system.settings().config().getConfig("jdbc-journal"));
    this.codec = new EventCodec(system, JOURNAL_PLUGIN_ID);
    this.blocking = system.dispatchers().lookup("kintsugi.blocking-dispatcher");
    this.connections = ConnectionSource.of(system, config.getConfig("jdbc"));
    Database pool = connections.pool();
    Schema tablesThere = new Schema(pool.forLongWork(), tables);
    boolean create = config.getBoolean("schema.create");
    this.schema = new EnsuredSchema(() -> tablesThere.ensure(create));
    this.database = pool.after(schema::get);
    this.journal = new EventJournal(tables, schema::layout);
    this.writer = new InlineWriter(journal, codec, registry, config.getInt("writer.help-limit"));
    this.eventWriter = new JdbcEventWriter(journal, codec, writer, schema::get);
    system.registerOnTermination(
        () -> {
          beforeClose.forEach(Runnable::run);
          awaitWorkUnderWay();
          metrics.close();
          pool.close();
        });
  }

  /**
   * The node of an actor system. It needs no database yet: whoever first uses it makes sure of the
   * schema before ({@link #awaitDatabase} says what then fails).
   *
   * @throws IllegalArgumentException if the settings can't be used
   */
  public static KintsugiNode get(ClassicActorSystemProvider system) {
    return ID.get(system);
  }

  /**
   * Makes sure that the database is there and its schema as it has to be. Blocks for as long as a
   * connection is waited for.
   *
   * @throws DatabaseUnavailableException if there is no database, or it is at fault
   * @throws dev.kintsugi.runtime.persistence.SchemaException if tables are missing and may not be
   *     made, or the journal's are of an unknown layout
   */
  public void awaitDatabase() {
    try {
      schema.get();
    } catch (SQLException e) {
      throw new DatabaseUnavailableException(e);
    }
  }

  /** An application's own pool is not to be closed while somebody has a connection of it. */
  private void awaitWorkUnderWay() {
    try {
      underWay.awaitAdvanceInterruptibly(
          underWay.arriveAndDeregister(), LONGEST_END.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      log.warn(
          "Work on the database is still under way {} after the end of the actor system; its"
              + " connections are closed now",
          LONGEST_END);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Runs something between the end of all actors and that of the connections. */
  public void beforeClose(Runnable last) {
    beforeClose.add(last);
  }

  /** Section {@code kintsugi} of the configuration. */
  public Config config() {
    return config;
  }

  public Database database() {
    return database;
  }

  /**
   * So many connections besides the pool's, opened now and closed by the caller.
   *
   * @throws DatabaseUnavailableException if none is to be had
   */
  public Database openConnections(int besides) {
    return connections.open(besides);
  }

  public EventJournal journal() {
    return journal;
  }

  public EventCodec codec() {
    return codec;
  }

  public ProjectionRegistry registry() {
    return registry;
  }

  /** What this node measures, and for whom. */
  public Metrics metrics() {
    return metrics;
  }

  public Counters counters() {
    return counters;
  }

  /** Counts what an append did, and hints at it; its transaction has committed. */
  public void committed(WrittenAppend written, List<NewEvent> events) {
    counters.written(written);
    writeHints.committed(events);
    skipHints.committed(written);
  }

  public WriteHints writeHints() {
    return writeHints;
  }

  public SkipHints skipHints() {
    return skipHints;
  }

  public HousekeepingHints housekeepingHints() {
    return housekeepingHints;
  }

  public InlineWriter writer() {
    return writer;
  }

  public EventWriter eventWriter() {
    return eventWriter;
  }

  /** The threads that may block on the database. */
  public Executor blockingThreads() {
    return blocking;
  }

  /**
   * Runs what blocks on the database, on threads that may; the result comes on one of these, or
   * what the work threw.
   */
  public <T> CompletionStage<T> onBlockingThread(Callable<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    blocking.execute(
        () -> {
          underWay.register();
          try {
            result.complete(work.call());
          } catch (Throwable e) {
            result.completeExceptionally(e);
          } finally {
            underWay.arriveAndDeregister();
          }
        });
    return result;
  }

  /** Runs work in a transaction of its own, on a thread that may block; see {@link Database}. */
  public <T> CompletionStage<T> inTransaction(Database.Work<T> work) {
    return onBlockingThread(() -> database.inTransaction(work));
  }

  private static final class Id extends AbstractExtensionId<KintsugiNode> {
    @Override
    public KintsugiNode createExtension(ExtendedActorSystem system) {
      return new KintsugiNode(system);
    }
  }
}
