package dev.kintsugi.runtime;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.hosting.Hosting;
import dev.kintsugi.runtime.housekeeping.HousekeepingActor;
import dev.kintsugi.runtime.housekeeping.HousekeepingSettings;
import dev.kintsugi.runtime.jdbc.Database;
import dev.kintsugi.runtime.jdbc.JdbcSettings;
import dev.kintsugi.runtime.jdbc.SqlStates;
import dev.kintsugi.runtime.node.Node;
import dev.kintsugi.runtime.operations.Overview;
import dev.kintsugi.runtime.operations.PauseAnswer;
import dev.kintsugi.runtime.operations.ProjectionStatus;
import dev.kintsugi.runtime.operations.RebuildAnswer;
import dev.kintsugi.runtime.operations.UnknownProjectionException;
import dev.kintsugi.runtime.rebuild.OnRaisedVersion;
import dev.kintsugi.runtime.rebuild.RebuildRequest;
import dev.kintsugi.runtime.rebuild.RebuildSettings;
import dev.kintsugi.runtime.retirement.RetireAnswer;
import dev.kintsugi.runtime.retirement.RetireOptions;
import dev.kintsugi.runtime.retirement.RetirementActor;
import dev.kintsugi.runtime.retirement.UnhandledGauges;
import dev.kintsugi.runtime.schema.ReadModel;
import dev.kintsugi.runtime.schema.ReadModels;
import dev.kintsugi.runtime.schema.SchemaException;
import dev.kintsugi.runtime.state.Generation;
import dev.kintsugi.runtime.state.Generations;
import dev.kintsugi.runtime.state.Operation;
import dev.kintsugi.runtime.state.Operations;
import dev.kintsugi.runtime.state.Rebuild;
import dev.kintsugi.runtime.state.Rebuilds;
import dev.kintsugi.runtime.state.Retirement;
import dev.kintsugi.runtime.state.Retirements;
import dev.kintsugi.runtime.state.Subscriptions;
import dev.kintsugi.runtime.verify.Verification;
import dev.kintsugi.runtime.verify.VerificationRun;
import dev.kintsugi.runtime.verify.VerificationRuns;
import dev.kintsugi.runtime.verify.Verifications;
import dev.kintsugi.runtime.verify.Verifier;
import dev.kintsugi.runtime.writer.EventWriter;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.actor.AbstractExtensionId;
import org.apache.pekko.actor.ClassicActorSystemProvider;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.Extension;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Inline projections of an actor system: start them, rebuild them, see how they stand.
 *
 * <pre>{@code
 * Kintsugi.get(system).start(files, directories, authors);
 * Kintsugi.get(system).rebuild("files", "fixed the rename bug")
 *     .thenCompose(RebuildHandle::done)
 *     .thenAccept(proven -> log.info("files is whole again"));
 * }</pre>
 *
 * <p>Events are projected inline as soon as {@code pekko.persistence.journal.plugin =
 * "kintsugi.journal"} stores them. Any thread may call this.
 */
public final class Kintsugi implements Extension {

  private static final Logger log = LoggerFactory.getLogger(Kintsugi.class);

  private static final Id ID = new Id();

  private final ActorSystem<?> system;
  private final Node node;
  private final Hosting hosting;
  private final Presence presence;
  private final Verifications verifications;
  private final RowGauges rowGauges;
  private final UnhandledGauges unhandledGauges;

  /** What was started here, by the projections' names. */
  private final Map<String, ReadModel> started = new ConcurrentHashMap<>();

  private final ActorRef<RetirementActor.Command> retirements;
  private final Duration pollInterval;
  private final OnRaisedVersion onRaisedVersion;

  private Kintsugi(ExtendedActorSystem system) {
    this.system = Adapter.toTyped(system);
    this.node = Node.get(system);
    this.hosting = Hosting.of(this.system, node);
    this.presence = new Presence(node.registry(), hosting);
    this.verifications =
        new Verifications(
            node.database(),
            this::openConnections,
            this::verifier,
            hosting.self(),
            system.dispatchers().lookup("kintsugi.verification-dispatcher"));
    node.beforeClose(verifications::close);
    this.rowGauges = new RowGauges(node);
    this.unhandledGauges = new UnhandledGauges(node.metrics());
    RebuildSettings rebuilds = RebuildSettings.of(node.config().getConfig("rebuild"));
    this.pollInterval = rebuilds.pollInterval();
    this.onRaisedVersion = rebuilds.onRaisedVersion();
    this.system.systemActorOf(
        HousekeepingActor.create(
            node, HousekeepingSettings.of(node.config().getConfig("housekeeping"))),
        "kintsugi-housekeeping",
        Props.empty());
    this.retirements =
        this.system.systemActorOf(
            RetirementActor.create(node, unhandledGauges), "kintsugi-retirements", Props.empty());
  }

  /** Connections besides the pool's. */
  private Database openConnections(int connections) {
    return Database.open(
        JdbcSettings.of(node.config().getConfig("jdbc")).withPoolSize(connections));
  }

  private Verifier verifier(Database database) {
    return new Verifier(
        database.forLongWork(),
        node.journal(),
        node.codec(),
        node.registry(),
        name -> find(name).map(ReadModel::tables).orElse(List.of()));
  }

  /**
   * Kintsugi on an actor system. It needs no database yet: the schema is installed or checked by
   * whoever first uses the database, on a thread that may block.
   *
   * @throws IllegalArgumentException if the settings can't be used
   */
  public static Kintsugi get(ClassicActorSystemProvider system) {
    return ID.get(system);
  }

  /**
   * Starts projections, all or none: makes their tables where these are missing, makes them known
   * to writers, and hosts their supervisors. One that the database does not know is built from the
   * journal's history first ({@link #whenDone} tells when that has ended), one whose version is
   * higher than the database's is rebuilt, or that waits for {@link #rebuild} ({@code
   * kintsugi.rebuild.on-raised-version}). Blocks for the database: to be called once at start-up,
   * before events are written.
   *
   * <p>What a script really made decides how its tables are written: where the database can refuse
   * or change more than the row at hand, in the events' order ({@link
   * dev.kintsugi.projections.Writing}); the log says so, and why.
   *
   * @throws IllegalArgumentException if a projection is registered twice
   * @throws dev.kintsugi.runtime.jdbc.DatabaseUnavailableException if there is no database within
   *     {@code kintsugi.jdbc.connection-timeout}; it may be called again
   * @throws SchemaException if the journal's or Kintsugi's own tables are missing and may not be
   *     made, or are of an unknown layout; if a table script fails, makes no table, makes one by a
   *     qualified name, or one that is another projection's (on whichever node), the journal's or
   *     Kintsugi's own, or that holds rows of others; if it inserts rows, or makes tables that no
   *     event could be written to rightly; if it was changed and the version was not raised; if the
   *     build of a new or raised version could not empty its tables, or make them anew
   */
  public void start(Projection<?>... projections) {
    List<Projection<?>> added = List.of(projections);
    node.registry().refuseDuplicates(added);
    node.awaitDatabase();
    List<ReadModel> probed = blocking(() -> probe(added));
    List<ReadModel> readModels =
        blocking(
            () ->
                node.database()
                    .forLongWork()
                    .inTransaction(connection -> create(connection, probed)));
    readModels.forEach(one -> started.put(one.projection().name(), one));
    node.registry().register(projections(readModels));
    for (ReadModel readModel : readModels) {
      blocking(
          () ->
              node.database()
                  .inTransaction(connection -> begin(connection, readModel, onRaisedVersion)));
      rowGauges.report(readModel.projection().name());
      unhandledGauges.report(readModel.projection().name());
      hosting.host(readModel);
    }
  }

  private Optional<ReadModel> find(String projection) {
    return Optional.ofNullable(started.get(projection));
  }

  private List<ReadModel> probe(List<Projection<?>> added) throws SQLException {
    List<ReadModel> readModels = new ArrayList<>();
    for (Projection<?> projection : added) {
      try (Connection connection = node.database().forLongWork().connection()) {
        ReadModel readModel = ReadModels.probe(connection, projection);
        connection.rollback();
        readModels.add(readModel);
      }
    }
    return readModels;
  }

  private List<ReadModel> create(Connection connection, List<ReadModel> probed)
      throws SQLException {
    ReadModels.lock(connection);
    List<ReadModel> readModels = new ArrayList<>();
    for (ReadModel readModel : probed) {
      refuseRetiring(connection, readModel.projection().name());
      Optional<Integer> built = built(connection, readModel);
      readModels.add(ReadModels.create(connection, readModel, built));
      if (isToBeBuilt(readModel.projection(), built)) {
        ReadModels.refuseObstacle(connection, readModel);
      }
    }
    return readModels;
  }

  private boolean isToBeBuilt(Projection<?> projection, Optional<Integer> built) {
    return built.isEmpty()
        || (built.get() < projection.version() && onRaisedVersion == OnRaisedVersion.AUTOMATIC);
  }

  /** The definitions, each with how its tables have to be written. */
  private static List<Projection<?>> projections(List<ReadModel> readModels) {
    List<Projection<?>> projections = new ArrayList<>();
    readModels.forEach(readModel -> projections.add(readModel.projection()));
    return projections;
  }

  private static void refuseRetiring(Connection connection, String projection) throws SQLException {
    Optional<Retirement> retiring =
        Retirements.newest(connection, projection).filter(retirement -> !retirement.isDone());
    if (retiring.isPresent()) {
      throw new SchemaException(
          "projection '%s' is being retired, as %s asked (%s), and can be started as a new one when that has ended. %s"
              .formatted(
                  projection,
                  retiring.get().requestedBy(),
                  retiring.get().reason(),
                  retiring.get().lastError() == null
                      ? "It waits for transactions that began before."
                      : "What is in its way: " + retiring.get().lastError()));
    }
  }

  /** The version that the database has of a projection, if it knows it. */
  private static Optional<Integer> built(Connection connection, ReadModel readModel)
      throws SQLException {
    return Generations.find(connection, readModel.projection().name()).map(Generation::version);
  }

  private static boolean begin(
      Connection connection, ReadModel readModel, OnRaisedVersion onRaisedVersion)
      throws SQLException {
    Projection<?> projection = readModel.projection();
    RebuildRequest request =
        new RebuildRequest(
            projection.name(),
            projection.version(),
            "start",
            "built version " + projection.version());
    Subscriptions.note(
        connection, projection.name(), projection.version(), projection.subscription());
    refuseRetiring(connection, projection.name());
    if (request.registerFirst(connection)) {
      log.info("Projection '{}' is new and is built from history", projection.name());
    } else if (isLower(connection, projection)) {
      log.warn(
          "Projection '{}' has a newer version in the database than this build's, {}: this node's"
              + " writers record its events as NO_HANDLER, so that none is lost. To take the newer"
              + " version back, {} Kintsugi.operator(who).rebuild(\"{}\", reason, true): it"
              + " builds version {} from history.",
          projection.name(),
          projection.version(),
          toCall(connection, readModel),
          projection.name(),
          projection.version());
    } else if (onRaisedVersion == OnRaisedVersion.WAIT) {
      Optional<Generation> older = request.olderVersion(connection);
      if (older.isPresent()) {
        log.warn(
            "Projection '{}' has version {} in the database, and this build has version {}. As"
                + " kintsugi.rebuild.on-raised-version is wait, nothing is changed: this node's"
                + " writers record its events as NO_HANDLER, so that none is lost, and its read model"
                + " gets them only where a node has version {}. To build version {} from history, {}"
                + " Kintsugi.rebuild(\"{}\", reason).",
            projection.name(),
            older.get().version(),
            projection.version(),
            older.get().version(),
            projection.version(),
            toCall(connection, readModel),
            projection.name());
      }
    } else if (request.beginIfRaised(connection).isPresent()) {
      log.info(
          "Projection '{}' is rebuilt as its version was raised to {}",
          projection.name(),
          projection.version());
    }
    return true;
  }

  /** What would keep a rebuild from being accepted is said now, when there is time to mend it. */
  private static String toCall(Connection connection, ReadModel readModel) throws SQLException {
    return ReadModels.obstacle(connection, readModel)
        .map(
            obstacle ->
                "mend what a rebuild would be refused for as things stand (%s), and then call"
                    .formatted(obstacle))
        .orElse("call");
  }

  private static boolean isLower(Connection connection, Projection<?> projection)
      throws SQLException {
    return Generations.find(connection, projection.name())
        .filter(row -> row.version() > projection.version())
        .isPresent();
  }

  /** Changes projections on behalf of somebody. */
  public Operator operator(String who) {
    return new Operator(
        node,
        hosting,
        verifications,
        this::find,
        () -> retirements.tell(new RetirementActor.Wake()),
        who);
  }

  /** On behalf of the user that the JVM runs as. */
  private Operator operator() {
    return operator(System.getProperty("user.name", "unknown"));
  }

  /**
   * Asks for a rebuild.
   *
   * @param reason why, for people; it is kept in the rebuild's history
   * @return the rebuild, once it is accepted: on record, though its work has only begun. Fails with
   *     {@link UnknownProjectionException} or {@link
   *     dev.kintsugi.runtime.operations.RebuildInProgressException}, {@link
   *     dev.kintsugi.runtime.operations.NewerVersionException} or {@link
   *     dev.kintsugi.runtime.operations.RebuildImpossibleException}; nothing is changed then.
   */
  public CompletionStage<RebuildHandle> rebuild(String projection, String reason) {
    return operator()
        .rebuild(projection, reason)
        .thenApply(
            generation ->
                new RebuildHandle(
                    projection,
                    generation,
                    whenDone(projection, generation)
                        .thenCompose(
                            rebuild ->
                                rebuild.takesOver()
                                    ? CompletableFuture.failedStage(
                                        new RebuildStoppedException(rebuild))
                                    : CompletableFuture.completedStage(rebuild))));
  }

  /** See {@link Operator#stopRebuild}. */
  public CompletionStage<RebuildAnswer> stopRebuild(String projection, String reason) {
    return operator().stopRebuild(projection, reason);
  }

  /** See {@link Operator#limitRebuild}. */
  public CompletionStage<RebuildAnswer> limitRebuild(
      String projection, int eventsPerSecond, String reason) {
    return operator().limitRebuild(projection, eventsPerSecond, reason);
  }

  /** See {@link Operator#rename}. */
  public CompletionStage<Integer> rename(String projection, String to, String reason) {
    return operator().rename(projection, to, reason);
  }

  /** See {@link Operator#retire}. */
  public CompletionStage<RetireAnswer> retire(
      String projection, String reason, RetireOptions options) {
    return operator().retire(projection, reason, options);
  }

  /** How the last retirement of a projection of this name stands; empty if there was none. */
  public CompletionStage<Optional<Retirement>> retirement(String projection) {
    return node.inTransaction(connection -> Retirements.newest(connection, projection));
  }

  /** See {@link Operator#pause}. */
  public CompletionStage<PauseAnswer> pause(String projection, String reason) {
    return operator().pause(projection, reason);
  }

  /** See {@link Operator#resume}. */
  public CompletionStage<PauseAnswer> resume(String projection, String reason) {
    return operator().resume(projection, reason);
  }

  /** See {@link Operator#skips}. */
  public Skips skips(String projection) {
    return operator().skips(projection);
  }

  /** Where projections are hosted, and what the nodes of the cluster did. */
  public Hosting hosting() {
    return hosting;
  }

  /** The rebuilds of a projection, the newest first; none if the database does not know it. */
  public CompletionStage<List<Rebuild>> rebuilds(String projection, int limit) {
    return node.inTransaction(connection -> Rebuilds.history(connection, projection, limit));
  }

  /** One rebuild of a projection, by the generation that it made; empty if there is none. */
  public CompletionStage<Optional<Rebuild>> findRebuild(String projection, int generation) {
    return node.inTransaction(connection -> Rebuilds.find(connection, projection, generation));
  }

  /** All projections that the database knows, in few words each. */
  public CompletionStage<Overview> overview() {
    return node.inTransaction(Overview::read).thenCompose(presence::of);
  }

  /**
   * What people did about a projection besides rebuilding it, the newest first: who paused,
   * resumed, retried and discarded, and why.
   */
  public CompletionStage<List<Operation>> operations(String projection, int limit) {
    return node.inTransaction(connection -> Operations.history(connection, projection, limit));
  }

  /** How a projection stands; fails with {@link UnknownProjectionException}. */
  public CompletionStage<ProjectionStatus> status(String projection) {
    return node.inTransaction(
            connection -> ProjectionStatus.read(connection, projection, node.counters()))
        .thenApply(found -> found.orElseThrow(() -> new UnknownProjectionException(projection)))
        .thenCompose(presence::of);
  }

  /**
   * The proven end of a projection's newest rebuild, or of its first build; at once if that has
   * ended. Nothing is missing from its read model then, also where the rebuild was stopped before
   * anything was emptied. Fails with {@link RebuildStoppedException} where it was stopped later, or
   * with {@link UnknownProjectionException}.
   */
  public CompletionStage<Rebuild> whenDone(String projection) {
    return status(projection)
        .thenCompose(status -> whenDone(projection, status.generation().generation()));
  }

  /**
   * Holds a projection's read model against the journal, as both are at one point, while writers go
   * on: its handler fills temporary tables, and each row is compared. Takes as long as a rebuild
   * that applies event by event, after the verifications that this node was asked for before, on a
   * thread and two connections of its own. Nobody waits for it, and it changes nothing. What it
   * could not compare it names, and is not clean then ({@link Verification#notCompared}). See
   * {@link Verification} for what it can't see.
   *
   * <p>Fails with {@link UnknownProjectionException}, with {@link
   * dev.kintsugi.runtime.verify.NotVerifiableException} if the projection is being rebuilt, or this
   * node has no handler for it, and with {@link dev.kintsugi.runtime.handler.HandlerException} if
   * the handler fails on an event that has no skip record. Who can't wait for it calls {@link
   * Operator#startVerification}.
   */
  public CompletionStage<Verification> verify(String projection) {
    return verifications
        .verify(projection)
        .thenApply(found -> found.orElseThrow(() -> new UnknownProjectionException(projection)));
  }

  /**
   * The verifications of a projection that were asked for by {@link Operator#startVerification},
   * the newest first; without examples of rows that differ. Old ones are deleted, but for the
   * newest ({@code kintsugi.housekeeping.archive-retention}).
   */
  public CompletionStage<List<VerificationRun>> verifications(String projection, int limit) {
    return node.inTransaction(
        connection -> VerificationRuns.history(connection, projection, limit));
  }

  /** One of them, with examples of rows that differ; empty if there is none, or no longer. */
  public CompletionStage<Optional<VerificationRun>> findVerification(String projection, int id) {
    return node.inTransaction(connection -> VerificationRuns.find(connection, projection, id));
  }

  /**
   * Appends events from plain JDBC code, in a transaction of the application's own; see {@link
   * EventWriter}. The same one at each call.
   */
  public EventWriter eventWriter() {
    return node.eventWriter();
  }

  /**
   * Reports what this node does to a registry of Micrometer's: appends, records, recovery and
   * rebuilds, by the meters that {@link dev.kintsugi.runtime.metrics.KintsugiMeter} names. Counters
   * have what was counted since the node started. The meters are taken out when the actor system
   * ends, and the registry stays open.
   *
   * <p>A registry is for one node: two actor systems in one process need one each, or common tags.
   */
  public void reportTo(MeterRegistry registry) {
    node.metrics().reportTo(registry);
  }

  /** Looks at the row until the rebuild has ended, whichever node carries it out. */
  private CompletionStage<Rebuild> whenDone(String projection, int generation) {
    return Polling.until(
            () -> ended(projection, generation),
            next -> system.scheduler().scheduleOnce(pollInterval, next, system.executionContext()))
        .thenCompose(
            rebuild ->
                rebuild.isDone()
                    ? CompletableFuture.completedStage(rebuild)
                    : CompletableFuture.failedStage(new RebuildStoppedException(rebuild)));
  }

  /** The rebuild if it is done or stopped; empty if not, or if the database can't tell just now. */
  private CompletionStage<Optional<Rebuild>> ended(String projection, int generation) {
    return findRebuild(projection, generation)
        .thenApply(found -> found.filter(rebuild -> rebuild.isDone() || rebuild.isStopped()))
        .exceptionally(
            error -> {
              if (SqlStates.isDatabaseAtFault(error)) {
                return Optional.empty();
              }
              throw new CompletionException(error);
            });
  }

  private static <T> T blocking(Callable<T> work) {
    try {
      return work.call();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("the database refused to start the projections: " + e, e);
    }
  }

  private static final class Id extends AbstractExtensionId<Kintsugi> {
    @Override
    public Kintsugi createExtension(ExtendedActorSystem system) {
      return new Kintsugi(system);
    }
  }
}
