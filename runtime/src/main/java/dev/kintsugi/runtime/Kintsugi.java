package dev.kintsugi.runtime;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.internal.awaiting.Awaiting;
import dev.kintsugi.runtime.internal.awaiting.EventQuestion;
import dev.kintsugi.runtime.internal.compare.Comparisons;
import dev.kintsugi.runtime.internal.hosting.Hosting;
import dev.kintsugi.runtime.internal.hosting.Presence;
import dev.kintsugi.runtime.internal.housekeeping.HousekeepingActor;
import dev.kintsugi.runtime.internal.housekeeping.HousekeepingSettings;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.internal.operations.ProjectionStart;
import dev.kintsugi.runtime.internal.operations.RebuildEnds;
import dev.kintsugi.runtime.internal.operations.StatusRows;
import dev.kintsugi.runtime.internal.rebuild.RebuildSettings;
import dev.kintsugi.runtime.internal.retirement.RetirementActor;
import dev.kintsugi.runtime.internal.retirement.UnhandledGauges;
import dev.kintsugi.runtime.internal.schema.ReadModel;
import dev.kintsugi.runtime.internal.state.BesideRebuilds;
import dev.kintsugi.runtime.internal.state.OperationLog;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.internal.state.Retirements;
import dev.kintsugi.runtime.internal.verify.VerificationRuns;
import dev.kintsugi.runtime.internal.verify.Verifications;
import dev.kintsugi.runtime.internal.verify.Verifier;
import dev.kintsugi.runtime.operations.PauseAnswer;
import dev.kintsugi.runtime.operations.RebuildAnswer;
import dev.kintsugi.runtime.operations.RetireAnswer;
import dev.kintsugi.runtime.operations.RetireOptions;
import dev.kintsugi.runtime.operations.UnknownProjectionException;
import dev.kintsugi.runtime.persistence.EventWriter;
import dev.kintsugi.runtime.persistence.SchemaException;
import dev.kintsugi.runtime.status.AwaitAnswer;
import dev.kintsugi.runtime.status.ClusterTotals;
import dev.kintsugi.runtime.status.Comparison;
import dev.kintsugi.runtime.status.HostedProjection;
import dev.kintsugi.runtime.status.Operation;
import dev.kintsugi.runtime.status.Overview;
import dev.kintsugi.runtime.status.ProjectionStatus;
import dev.kintsugi.runtime.status.Rebuild;
import dev.kintsugi.runtime.status.Registrations;
import dev.kintsugi.runtime.status.Retirement;
import dev.kintsugi.runtime.verify.Verification;
import dev.kintsugi.runtime.verify.VerificationRun;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.AbstractExtensionId;
import org.apache.pekko.actor.ClassicActorSystemProvider;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.Extension;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.persistence.query.Sequence;

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

  private static final Id ID = new Id();

  private final KintsugiNode node;
  private final Hosting hosting;
  private final Presence presence;
  private final Verifications verifications;
  private final ProjectionStart starting;
  private final RebuildEnds rebuildEnds;
  private final Awaiting awaiting;
  private final ActorRef<RetirementActor.Command> retirements;

  private Kintsugi(ExtendedActorSystem system) {
    ActorSystem<?> typed = Adapter.toTyped(system);
    this.node = KintsugiNode.get(system);
    this.hosting = Hosting.of(typed, node);
    this.presence = new Presence(node.registry(), hosting);
    this.verifications =
        new Verifications(
            node.database(),
            node::openConnections,
            this::verifier,
            hosting.self(),
            system.dispatchers().lookup("kintsugi.verification-dispatcher"));
    node.beforeClose(verifications::close);
    UnhandledGauges unhandledGauges = new UnhandledGauges(node.metrics());
    RebuildSettings rebuilds = RebuildSettings.of(node.config().getConfig("rebuild"));
    this.starting = new ProjectionStart(node, hosting, unhandledGauges, rebuilds.onRaisedVersion());
    this.rebuildEnds = new RebuildEnds(typed, node, rebuilds.pollInterval());
    this.awaiting = new Awaiting(typed, node);
    typed.systemActorOf(
        HousekeepingActor.create(
            node, HousekeepingSettings.of(node.config().getConfig("housekeeping"))),
        "kintsugi-housekeeping",
        Props.empty());
    this.retirements =
        typed.systemActorOf(
            RetirementActor.create(node, unhandledGauges), "kintsugi-retirements", Props.empty());
  }

  private Verifier verifier(Database database) {
    return new Verifier(
        database.forLongWork(),
        node.journal(),
        node.codec(),
        node.registry(),
        name -> starting.find(name).map(ReadModel::tables).orElse(List.of()));
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
   * higher than the database's is built beside what is served, or that waits for {@link #rebuild}
   * ({@code kintsugi.rebuild.on-raised-version}). A version whose swap somebody has undone is not
   * built again by itself. Blocks for the database: to be called once at start-up, before events
   * are written.
   *
   * <p>One that {@linkplain Projection#replacing replaces} a lower version has that one carried on,
   * too, for as long as its read model is served or kept.
   *
   * <p>What a script really made decides how its tables are written: where the database can refuse
   * or change more than the row at hand, in the events' order ({@link Projection.Builder#rows});
   * the log says so, and why.
   *
   * @throws IllegalArgumentException if a projection is registered twice
   * @throws dev.kintsugi.runtime.persistence.DatabaseUnavailableException if there is no database
   *     within {@code kintsugi.jdbc.connection-timeout}; it may be called again
   * @throws SchemaException if the journal's or Kintsugi's own tables are missing and may not be
   *     made, or are of an unknown layout; if a table script fails, makes no table, makes one by a
   *     qualified name, or one that is another projection's (on whichever node), the journal's or
   *     Kintsugi's own, or that holds rows of others; if it inserts rows, or makes tables that no
   *     event could be written to rightly; if it was changed and the version was not raised; if the
   *     build of a new or raised version could not empty its tables, or make them anew
   */
  public void start(Projection<?>... projections) {
    starting.start(List.of(projections));
  }

  /**
   * Changes projections on behalf of somebody.
   *
   * @param who is kept with each change
   */
  public ProjectionManagement management(String who) {
    return new ProjectionManagement(
        node,
        hosting,
        verifications,
        starting::find,
        () -> retirements.tell(new RetirementActor.Wake()),
        who);
  }

  /** On behalf of the user that the JVM runs as. */
  private ProjectionManagement management() {
    return management(System.getProperty("user.name", "unknown"));
  }

  /**
   * Asks for a rebuild: beside what is served, which stays as it is until nothing is missing of the
   * new one; or in place, if the definition says so ({@link
   * dev.kintsugi.projections.RebuildPolicy}).
   *
   * @param reason why, for people; it is kept in the rebuild's history
   * @return the rebuild, once it is accepted: on record, though its work has only begun. Fails with
   *     {@link UnknownProjectionException} or {@link
   *     dev.kintsugi.runtime.operations.RebuildInProgressException}, {@link
   *     dev.kintsugi.runtime.operations.NewerVersionException} or {@link
   *     dev.kintsugi.runtime.operations.RebuildImpossibleException}; nothing is changed then.
   */
  public CompletionStage<RebuildHandle> rebuild(String projection, String reason) {
    return management()
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

  /** See {@link ProjectionManagement#stopRebuild}. */
  public CompletionStage<RebuildAnswer> stopRebuild(String projection, String reason) {
    return management().stopRebuild(projection, reason);
  }

  /** See {@link ProjectionManagement#limitRebuild}. */
  public CompletionStage<RebuildAnswer> limitRebuild(
      String projection, int eventsPerSecond, String reason) {
    return management().limitRebuild(projection, eventsPerSecond, reason);
  }

  /** See {@link ProjectionManagement#rename}. */
  public CompletionStage<Integer> rename(String projection, String to, String reason) {
    return management().rename(projection, to, reason);
  }

  /** See {@link ProjectionManagement#retire}. */
  public CompletionStage<RetireAnswer> retire(
      String projection, String reason, RetireOptions options) {
    return management().retire(projection, reason, options);
  }

  /** How the last retirement of a projection of this name stands; empty if there was none. */
  public CompletionStage<Optional<Retirement>> retirement(String projection) {
    return node.inTransaction(connection -> Retirements.newest(connection, projection));
  }

  /** See {@link ProjectionManagement#pause}. */
  public CompletionStage<PauseAnswer> pause(String projection, String reason) {
    return management().pause(projection, reason);
  }

  /** See {@link ProjectionManagement#resume}. */
  public CompletionStage<PauseAnswer> resume(String projection, String reason) {
    return management().resume(projection, reason);
  }

  /** See {@link ProjectionManagement#skips}. */
  public Skips skips(String projection) {
    return management().skips(projection);
  }

  /** This node's name, as {@link #locations} and verifications tell it. */
  public String nodeName() {
    return hosting.self();
  }

  /**
   * Which node hosts which projection just now, by the nodes' names. One that is being moved, or
   * that no node hosts, is missing.
   */
  public CompletionStage<Map<HostedProjection, String>> locations() {
    return hosting.locations();
  }

  /**
   * Which nodes have a projection registered, in whichever version. A node that does not answer
   * soon is among the silent ones. Of nodes that are not in this actor system's cluster nothing is
   * known.
   */
  public CompletionStage<Registrations> registrations(String projection) {
    return hosting.registrations(projection);
  }

  /** What the nodes did; those that don't answer soon are missing, and are not counted. */
  public CompletionStage<ClusterTotals> totals() {
    return hosting.totals();
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
    return node.inTransaction(connection -> StatusRows.overview(connection, node))
        .thenCompose(presence::of);
  }

  /**
   * How a generation that was built beside differed from the one that served then, row by row;
   * empty if it has not been compared, or was built in place.
   */
  public CompletionStage<Optional<Comparison>> comparison(String projection, int generation) {
    return node.inTransaction(
        connection -> {
          Optional<String> json = BesideRebuilds.comparison(connection, projection, generation);
          return json.isEmpty() ? Optional.empty() : Optional.of(Comparisons.read(json.get()));
        });
  }

  /**
   * What people did about a projection besides rebuilding it, the newest first: who paused,
   * resumed, retried and discarded, and why.
   */
  public CompletionStage<List<Operation>> operations(String projection, int limit) {
    return node.inTransaction(connection -> OperationLog.history(connection, projection, limit));
  }

  /** How a projection stands; fails with {@link UnknownProjectionException}. */
  public CompletionStage<ProjectionStatus> status(String projection) {
    return node.inTransaction(connection -> StatusRows.status(connection, projection, node))
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
        .thenCompose(
            status ->
                whenDone(
                    projection,
                    status
                        .rebuild()
                        .map(Rebuild::generation)
                        .orElse(status.generation().generation())));
  }

  private CompletionStage<Rebuild> whenDone(String projection, int generation) {
    return rebuildEnds
        .of(projection, generation)
        .thenCompose(
            rebuild ->
                rebuild.isDone()
                    ? CompletableFuture.completedStage(rebuild)
                    : CompletableFuture.failedStage(new RebuildStoppedException(rebuild)));
  }

  /**
   * Waits until a projection's read model has an event, for somebody who wants to read what he has
   * written: of a stream that is behind, of a projection that is paused or being rebuilt. It
   * answers at once where the event has failed, or one before it of its stream ({@link
   * AwaitAnswer.Failed}), or was given up; nobody waits for ever.
   *
   * <p>However many wait on this node, they take one connection. Readers without the JVM have
   * {@code SELECT kintsugi_await(projection, persistence_id, sequence_number, timeout)}.
   *
   * @param sequenceNumber the event's number in its stream
   * @param timeout from 0 (one look) to 24 hours
   * @return what became of it; fails with {@link UnknownProjectionException}
   */
  public CompletionStage<AwaitAnswer> await(
      String projection, String persistenceId, long sequenceNumber, Duration timeout) {
    return awaiting.await(EventQuestion.of(projection, persistenceId, sequenceNumber), timeout);
  }

  /**
   * The same for all events up to an offset that a query of this journal told.
   *
   * @param offset a {@link Sequence}
   * @throws IllegalArgumentException if it is none
   */
  public CompletionStage<AwaitAnswer> await(String projection, Offset offset, Duration timeout) {
    if (!(offset instanceof Sequence sequence)) {
      throw new IllegalArgumentException(
          "the offset of an event is a Sequence, which is its ordering, and not " + offset);
    }
    return awaiting.await(EventQuestion.upTo(projection, sequence.value()), timeout);
  }

  /**
   * Whether a projection's read model has every event of a stream that is stored by now, but for
   * those that were discarded. Not while it is being rebuilt. Readers without the JVM have {@code
   * SELECT kintsugi_is_whole(projection, persistence_id)}, which they can ask in the statement, or
   * the snapshot, with which they read.
   *
   * @return fails with {@link UnknownProjectionException}
   */
  public CompletionStage<Boolean> isWhole(String projection, String persistenceId) {
    return awaiting.isWhole(projection, persistenceId);
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
   * node has no handler for it, and with {@link
   * dev.kintsugi.runtime.internal.handler.HandlerException} if the handler fails on an event that
   * has no skip record. Who can't wait for it calls {@link ProjectionManagement#startVerification}.
   */
  public CompletionStage<Verification> verify(String projection) {
    return verifications
        .verify(projection)
        .thenApply(found -> found.orElseThrow(() -> new UnknownProjectionException(projection)));
  }

  /**
   * The verifications of a projection that were asked for by {@link
   * ProjectionManagement#startVerification}, the newest first; without examples of rows that
   * differ. Old ones are deleted, but for the newest ({@code
   * kintsugi.housekeeping.archive-retention}).
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

  private static final class Id extends AbstractExtensionId<Kintsugi> {
    @Override
    public Kintsugi createExtension(ExtendedActorSystem system) {
      return new Kintsugi(system);
    }
  }
}
