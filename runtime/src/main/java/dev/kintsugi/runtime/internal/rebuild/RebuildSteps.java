package dev.kintsugi.runtime.internal.rebuild;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.internal.event.EventCodec;
import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.handler.HandlerTarget;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.recovery.Drain;
import dev.kintsugi.runtime.internal.schema.ReadModel;
import dev.kintsugi.runtime.internal.schema.ReadModels;
import dev.kintsugi.runtime.internal.skip.SkipRecords;
import dev.kintsugi.runtime.internal.state.Cursors;
import dev.kintsugi.runtime.internal.state.Fence;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.status.Rebuild;
import dev.kintsugi.runtime.status.Status;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does a rebuild in place (DESIGN 6) one step at a time. What the next step is stands in the
 * rebuild's row and nowhere else, so any owner on any node can go on where the last one was cut
 * off. Two owners do no harm: every change is a compare-and-set, and the one that comes second is
 * told {@link RebuildStep.NotOurs}.
 *
 * <p>Each step is a transaction of its own or two, on the calling thread.
 *
 * <p>A <em>takeover</em> is the rebuild that empties nothing. Somebody has stopped a rebuild in its
 * phase fence: the row is the next generation already, rebuilding, so writers record for it, while
 * others that read the row before may still apply to, help, record or drain the older one. Turning
 * the row back would mix the two. So it goes forward:
 *
 * <ol>
 *   <li>The stop gives the row the version back that was active, whose nodes carry it on. (Until
 *       then writers recorded what either version may subscribe to: see {@link
 *       Generation#returnsTo}.) It excludes the reset by the lock on the rebuild's row.
 *   <li>The fence that the rebuild waits for anyway: when it has passed no transaction acts on the
 *       older generation, and each event that this one's read model lacks has one record, of the
 *       older generation or of this one.
 *   <li>The older one's records become this one's in one transaction. Of a stream these come first,
 *       as the later event was written later. From then on it is a rebuild whose replay has ended:
 *       drain, activate, second fence, proof.
 * </ol>
 *
 * <p>A projection gets another name in the same way, from the generation under its older name.
 *
 * <p>A generation that is to <em>follow</em> (DESIGN 7a) does so from the outset: writers record
 * nothing for it. So its bound is an ordering that is proven final, and the replay's last
 * transaction makes a cursor there, from which it follows. Nobody need wait for a second fence
 * then: no writer makes records of it. One that is stopped before anything was emptied takes over
 * the older one's cursor.
 */
public final class RebuildSteps {

  private static final Logger log = LoggerFactory.getLogger(RebuildSteps.class);

  private static final int DELETED_STREAMS_NAMED = 10;
  private static final int BATCHES_BETWEEN_LOOKS = 10;

  private final Database database;
  private final EventJournal journal;
  private final Drain drain;
  private final Ownership ownership;
  private final Replay replay;

  /** For one that takes a read model over: little is left to replay, and it is not empty. */
  private final Replay onePageAtATime;

  private final ReplayPace pace = new ReplayPace();
  private final Blockage blockage;
  private final RebuildSettings settings;
  private final Supplier<CompletionStage<Long>> proofs;
  private final Projection<?> projection;
  private final ReadModel readModel;
  private final int generation;

  /**
   * The fence that this owner has seen not to have passed, or has taken. One that had passed before
   * is not measured: when that was, nobody knows.
   */
  private @Nullable Fence awaited;

  /** Up to which ordering the journal is final, of one that follows, once it is proven. */
  private @Nullable CompletableFuture<Long> proof;

  private int fullBatches;
  private long openAtLastLook = Long.MAX_VALUE;

  /** Whether the row said that the rebuild is blocked, when it was read for the last step. */
  private boolean isBlocked;

  /**
   * The steps of the rebuild that builds a generation of a read model.
   *
   * @param readers runs what reads the journal ahead, and may block
   * @param proofs begins a proof that the journal is final up to an ordering, which is at least the
   *     highest that is committed by then
   */
  public RebuildSteps(
      Database database,
      EventJournal journal,
      EventCodec codec,
      Drain drain,
      RebuildSettings settings,
      Executor readers,
      Supplier<CompletionStage<Long>> proofs,
      ReadModel readModel,
      int generation) {
    this.database = database.forLongWork();
    this.journal = journal;
    this.drain = drain;
    this.settings = settings;
    this.proofs = proofs;
    this.projection = readModel.projection();
    this.readModel = readModel;
    this.generation = generation;
    this.ownership = new Ownership(database, projection.name(), generation);
    this.blockage = new Blockage(database, projection.name(), generation);
    PageReader pages = new PageReader(database, journal, codec, projection.subscription(), readers);
    HandlerTarget target = new HandlerTarget(projection, generation);
    this.onePageAtATime = new PagedReplay(ownership, pages, target, settings);
    this.replay =
        projection.gathers()
            ? new BulkReplay(ownership, database, pages, target, settings)
            : onePageAtATime;
  }

  /** The name of the projection that is built. */
  String projection() {
    return projection.name();
  }

  /** The generation that is built. */
  int generation() {
    return generation;
  }

  /**
   * Does the next step.
   *
   * @throws Exception if the database is at fault; the step left nothing and can be done again
   */
  public RebuildStep next(Applier applier) throws Exception {
    return next(applier, RebuildListener.NOBODY);
  }

  /**
   * Does the next step, as {@link #next(Applier)} does, and tells somebody what it committed. Where
   * it fails, why is noted in the rebuild's row, until a step succeeds.
   *
   * @throws InterruptedException if the thread was interrupted
   */
  RebuildStep attempt(Applier applier, RebuildListener listener) throws InterruptedException {
    try {
      return next(applier, listener);
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      return blockage.note(e, isBlocked);
    }
  }

  /** Does the next step, as {@link #next(Applier)} does, and tells somebody what it committed. */
  RebuildStep next(Applier applier, RebuildListener listener) throws Exception {
    boolean went = false;
    try {
      RebuildStep step = step(applier, listener);
      blockage.isGone(isBlocked);
      went = step instanceof RebuildStep.Done;
      return step;
    } finally {
      if (!went) {
        replay.forget();
        onePageAtATime.forget();
      }
    }
  }

  /**
   * Stores what was done and is in memory only, with the checkpoint, so that the next owner need
   * not do it again. To be called when this owner is about to end.
   *
   * @throws Exception if the database is at fault; the next owner then does it again
   */
  public void store() throws Exception {
    replay.store();
    replay.forget();
  }

  /** Where the rebuild stands, and the projection's row. */
  private record Seen(Optional<Rebuild> rebuild, Optional<Generation> row) {
    static Seen read(Connection connection, String projection, int generation) throws SQLException {
      return new Seen(
          Rebuilds.find(connection, projection, generation),
          Generations.find(connection, projection, generation));
    }

    boolean isPaused() {
      return row.filter(Generation::paused).isPresent();
    }
  }

  private RebuildStep step(Applier applier, RebuildListener listener) throws Exception {
    Seen seen =
        database.inTransaction(connection -> Seen.read(connection, projection.name(), generation));
    if (seen.rebuild().isEmpty()) {
      return new RebuildStep.NotOurs("no such rebuild is on record");
    }
    Optional<Generation> row = seen.row();
    if (row.isEmpty()) {
      return new RebuildStep.NotOurs("a newer generation has begun, or the projection is no more");
    }
    Rebuild rebuild = seen.rebuild().get();
    isBlocked = rebuild.blockedAt() != null;
    if (rebuild.isGivenUp()) {
      return new RebuildStep.GivenUp(String.valueOf(rebuild.stoppedBy()), rebuild.isInUse());
    }
    if (rebuild.isStopped()) {
      return ownership.inTransaction(this::resume);
    }
    if (seen.isPaused() && (rebuild.phase() == Phase.REPLAY || rebuild.phase() == Phase.DRAIN)) {
      return new RebuildStep.Waiting("its resumption: the projection is paused");
    }
    return switch (rebuild.phase()) {
      case FENCE -> fence(rebuild, row.get(), listener);
      case TAKEOVER -> takeOver(rebuild, row.get(), listener);
      case REPLAY -> {
        if (rebuild.follows() && rebuild.takesOver()) {
          yield catchUp(rebuild, listener);
        }
        yield replay(applier, rebuild, listener);
      }
      case DRAIN -> drain(applier, rebuild);
      case SETTLE -> settle(rebuild, listener);
      case DONE -> proven(rebuild);
    };
  }

  private static RebuildStep proven(Rebuild rebuild) {
    return rebuild.takesOver() ? new RebuildStep.TakenOver(rebuild) : new RebuildStep.Proven();
  }

  // Steps 1 to 3: the row has been set; wait for the fence, then empty the read model.

  private RebuildStep fence(Rebuild rebuild, Generation row, RebuildListener listener)
      throws Exception {
    Fence fence = Fence.of(rebuild.fence());
    if (fence == null) {
      return takeFence(rebuild);
    }
    if (rebuild.eventsToReplay() == null) {
      return survey(rebuild);
    }
    if (!hasPassed(rebuild, fence, listener)) {
      return new RebuildStep.Waiting("fence " + fence.xid());
    }
    boolean couldReturn = row.returnsTo() != null;
    if (!rebuild.follows()) {
      return ownership.inTransaction(
          (connection, locked) ->
              reset(connection, locked, couldReturn, journal.maxOrdering(connection)));
    }
    OptionalLong proven = proven();
    return proven.isEmpty()
        ? new RebuildStep.Waiting("the proof that the journal is final up to its end")
        : ownership.inTransaction(
            (connection, locked) -> reset(connection, locked, couldReturn, proven.getAsLong()));
  }

  /**
   * An ordering up to which the journal is final. Its proof begins with the first call, and is in
   * this owner's memory alone: another one begins it anew.
   */
  private OptionalLong proven() throws Exception {
    CompletableFuture<Long> begun = proof;
    if (begun == null) {
      begun = proofs.get().toCompletableFuture();
      proof = begun;
    }
    if (!begun.isDone()) {
      return OptionalLong.empty();
    }
    proof = null;
    try {
      return OptionalLong.of(begun.get());
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  private RebuildStep takeFence(Rebuild rebuild) throws Exception {
    Fence fence;
    try (Connection connection = database.connection()) {
      fence = Fence.take(connection);
    }
    if (!database.inTransaction(connection -> Rebuilds.setFence(connection, rebuild, fence))) {
      return new RebuildStep.NotOurs("another owner took a fence");
    }
    awaited = fence;
    return new RebuildStep.Done("took fence " + fence.xid());
  }

  private boolean hasPassed(Rebuild rebuild, Fence fence, RebuildListener listener)
      throws Exception {
    Fence.Look found = database.inTransaction(fence::look);
    if (found == Fence.Look.AWAITED) {
      awaited = fence;
    } else if (found == Fence.Look.OF_ANOTHER_CLUSTER) {
      forget(rebuild, fence);
    }
    if (found != Fence.Look.PASSED) {
      return false;
    }
    if (fence.equals(awaited) && rebuild.fenceAt() != null) {
      listener.fencePassed(Duration.between(rebuild.fenceAt(), rebuild.readAt()));
    }
    awaited = null;
    return true;
  }

  /**
   * What an id of another cluster waits for has ended with that cluster; the next look takes ours.
   */
  private void forget(Rebuild rebuild, Fence fence) throws Exception {
    if (database.inTransaction(connection -> Rebuilds.forgetFence(connection, rebuild, fence))) {
      log.info(
          "Rebuild of projection '{}', generation {}: its fence {} is above every transaction id of this"
              + " cluster, so it was taken in another one that this database was copied from; another is taken",
          projection.name(),
          generation,
          fence.xid());
    }
  }

  /** Counts what there is to replay while the fence is waited for, so that progress has an end. */
  private RebuildStep survey(Rebuild rebuild) throws Exception {
    EventJournal.Survey survey =
        database.inTransaction(connection -> journal.survey(connection, DELETED_STREAMS_NAMED));
    if (survey.deleted() > 0) {
      log.warn(
          "Rebuild of projection '{}', generation {}: {} events of {} streams were deleted from the"
              + " journal and can't be replayed; what only they told is missing afterwards. Streams: {}{}",
          projection.name(),
          generation,
          survey.deleted(),
          survey.deletedStreams(),
          survey.someDeletedStreams(),
          survey.deletedStreams() > survey.someDeletedStreams().size() ? " and others" : "");
    }
    return database.inTransaction(
            connection -> Rebuilds.setSize(connection, rebuild, survey.events(), survey.deleted()))
        ? new RebuildStep.Done("counted " + survey.events() + " events")
        : new RebuildStep.NotOurs("another owner counted the events");
  }

  /**
   * Empties the read model.
   *
   * @param couldReturn whether the row names a version to return to: nothing sets that but the
   *     request that began the generation, so it need not be read again here
   * @param replayTo the bound R
   */
  private RebuildStep reset(
      Connection connection, Rebuild rebuild, boolean couldReturn, long replayTo)
      throws SQLException {
    if (rebuild.phase() != Phase.FENCE || rebuild.fence() == null) {
      return new RebuildStep.NotOurs("another owner emptied the read model");
    }
    try (PreparedStatement timeout =
        connection.prepareStatement("SELECT set_config('lock_timeout', ?, TRUE)")) {
      timeout.setString(1, settings.truncateLockTimeout().toMillis() + "ms");
      timeout.execute();
    }
    ReadModels.reset(connection, readModel);
    ReadModels.dropIndexes(connection, projection);
    SkipRecords.supersedeOlder(connection, projection.name(), generation);
    Cursors.removeOlder(connection, projection.name(), generation);
    if (couldReturn) {
      Generations.returnNoMore(connection, projection.name(), generation);
    }
    return Rebuilds.beginReplay(connection, rebuild, replayTo)
        ? new RebuildStep.Done("emptied the read model, replays up to ordering " + replayTo)
        : new RebuildStep.NotOurs("another owner emptied the read model");
  }

  // Instead of steps 3 and 4: take over the read model as it is.

  private RebuildStep takeOver(Rebuild rebuild, Generation row, RebuildListener listener)
      throws Exception {
    Fence fence = Fence.of(rebuild.fence());
    if (fence == null) {
      return takeFence(rebuild);
    }
    if (!hasPassed(rebuild, fence, listener)) {
      return new RebuildStep.Waiting("fence " + fence.xid());
    }
    if (!rebuild.follows() || row.status() == Status.FOLLOWING) {
      return ownership.inTransaction(
          (connection, locked) -> takeOverRecords(connection, locked, OptionalLong.empty()));
    }
    OptionalLong proven = proven();
    return proven.isEmpty()
        ? new RebuildStep.Waiting("the proof that the journal is final up to its end")
        : ownership.inTransaction(
            (connection, locked) -> takeOverRecords(connection, locked, proven));
  }

  /**
   * Makes the older generation's records this one's.
   *
   * @param proven up to where the journal is final, of one that was inline and is to follow
   */
  private RebuildStep takeOverRecords(Connection connection, Rebuild rebuild, OptionalLong proven)
      throws SQLException {
    Generation from = rebuild.from();
    if (rebuild.phase() != Phase.TAKEOVER || rebuild.fence() == null || from == null) {
      return new RebuildStep.NotOurs("another owner took the read model over");
    }
    int open =
        SkipRecords.takeOver(
            connection, from.projection(), from.generation(), projection.name(), generation);
    if (proven.isPresent()) {
      return follow(connection, rebuild, proven.getAsLong());
    }
    if (rebuild.follows()) {
      return followOn(connection, rebuild, from);
    }
    OptionalLong position = Cursors.find(connection, from.projection(), from.generation());
    if (position.isPresent()) {
      return replayOn(connection, rebuild, position.getAsLong());
    }
    return Rebuilds.endTakeover(connection, rebuild)
        ? new RebuildStep.Done(
            "took over the read model and %d open records of generation %d of projection '%s'"
                .formatted(open, from.generation(), from.projection()))
        : new RebuildStep.NotOurs("another owner took the read model over");
  }

  // Instead of step 3, where the older generation was inline and this one follows, or the other way
  // round (DESIGN 7a).

  /**
   * It was inline, and follows from an ordering that is proven final, whose proof began when no
   * writer applied any more: each event up to there is applied or has a record. Beyond it, those
   * have records whose writers read the row while it was rebuilding. The follower leaves these out,
   * and nothing is drained before it has passed the last of them: see {@link #catchUp}.
   */
  private RebuildStep follow(Connection connection, Rebuild rebuild, long proven)
      throws SQLException {
    Cursors.put(connection, projection.name(), generation, proven);
    return Generations.follow(connection, projection.name(), generation)
            && Rebuilds.beginToCatchUp(connection, rebuild, proven, 0)
        ? new RebuildStep.Follows(proven)
        : new RebuildStep.NotOurs("another owner took the read model over");
  }

  /**
   * Waits until no writer runs that read the row while it was rebuilding, and then until the
   * follower has passed all that such writers wrote: from there on no event beyond its cursor has a
   * record, and recovery may archive those that there are.
   */
  private RebuildStep catchUp(Rebuild rebuild, RebuildListener listener) throws Exception {
    if (rebuild.replayTo() == 0) {
      Fence fence = Fence.of(rebuild.fence());
      if (fence == null) {
        return takeFence(rebuild);
      }
      if (!hasPassed(rebuild, fence, listener)) {
        return new RebuildStep.Waiting("fence " + fence.xid());
      }
    }
    return ownership.inTransaction(this::passBound);
  }

  private RebuildStep passBound(Connection connection, Rebuild rebuild) throws SQLException {
    if (rebuild.phase() != Phase.REPLAY) {
      return new RebuildStep.NotOurs("another owner saw it catch up");
    }
    long bound = rebuild.replayTo() == 0 ? journal.maxOrdering(connection) : rebuild.replayTo();
    long position =
        Cursors.find(connection, projection.name(), generation)
            .orElseThrow(() -> new IllegalStateException("there is no cursor that could pass"));
    if (position >= bound) {
      return Rebuilds.caughtUp(connection, rebuild)
          ? new RebuildStep.Done("its follower has passed ordering " + bound)
          : new RebuildStep.NotOurs("another owner saw it catch up");
    }
    if (rebuild.replayTo() == 0) {
      return Rebuilds.setBound(connection, rebuild, bound)
          ? new RebuildStep.Done("waits for its follower to pass ordering " + bound)
          : new RebuildStep.NotOurs("another owner saw it catch up");
    }
    return new RebuildStep.Waiting("its follower");
  }

  /**
   * It followed, and is inline from now on: replay goes on where the older generation's follower
   * has stopped for good, up to R, over what has no record. Beyond R all events have one.
   */
  private RebuildStep replayOn(Connection connection, Rebuild rebuild, long position)
      throws SQLException {
    long replayTo = journal.maxOrdering(connection);
    Cursors.removeOlder(connection, projection.name(), generation);
    return Rebuilds.beginToCatchUp(connection, rebuild, position, Math.max(position, replayTo))
        ? new RebuildStep.Done(
            "took over the read model, replays from ordering " + position + " to " + replayTo)
        : new RebuildStep.NotOurs("another owner took the read model over");
  }

  /** As the older generation followed, so does this one from where that one stood. */
  private RebuildStep followOn(Connection connection, Rebuild rebuild, Generation from)
      throws SQLException {
    long position =
        Cursors.find(connection, from.projection(), from.generation())
            .orElseThrow(() -> new IllegalStateException(from + " has no cursor to take over"));
    Cursors.removeOlder(connection, from.projection(), from.generation() + 1);
    Cursors.put(connection, projection.name(), generation, position);
    return Rebuilds.endTakeoverToFollow(connection, rebuild)
        ? new RebuildStep.Follows(position)
        : new RebuildStep.NotOurs("another owner took the read model over");
  }

  // Step 4: replay.

  private RebuildStep replay(Applier applier, Rebuild rebuild, RebuildListener listener)
      throws Exception {
    long begin = System.nanoTime();
    try {
      RebuildStep step = (rebuild.takesOver() ? onePageAtATime : replay).next(applier, rebuild);
      if (step instanceof RebuildStep.Done done) {
        long end = System.nanoTime();
        done.batch().ifPresent(batch -> listener.replayed(batch, Duration.ofNanos(end - begin)));
        int rate = settings.rateOf(rebuild);
        return done.restingFor(pace.restAfter(done.events(), rate, begin, end));
      }
      return step;
    } catch (ReplayStoppedException e) {
      return stop(e);
    }
  }

  /** Whoever owns a stopped rebuild tries again: the handler may have been mended. */
  private RebuildStep resume(Connection connection, Rebuild rebuild) throws SQLException {
    return Rebuilds.resume(connection, rebuild)
        ? new RebuildStep.Done("goes on where it was stopped")
        : new RebuildStep.NotOurs("another owner goes on");
  }

  private RebuildStep stop(ReplayStoppedException stopped) throws Exception {
    String error = String.valueOf(stopped.getMessage());
    return ownership.inTransaction(
        (connection, rebuild) ->
            Rebuilds.stop(connection, rebuild, error)
                ? new RebuildStep.Stopped(error)
                : new RebuildStep.NotOurs("another owner went on"));
  }

  // Steps 5 and 6: drain while writers still record, then let them apply.

  private RebuildStep drain(Applier applier, Rebuild rebuild) throws Exception {
    Drain.Batch batch = drain.next(applier);
    if (batch.isFull() && !writersRecordFaster(rebuild)) {
      return new RebuildStep.Done("drained " + batch.archived() + " records");
    }
    return ownership.inTransaction(this::activate);
  }

  /** Whether there are no fewer records than some batches ago: then writers had better help. */
  private boolean writersRecordFaster(Rebuild rebuild) throws Exception {
    if (++fullBatches % BATCHES_BETWEEN_LOOKS != 0) {
      return false;
    }
    long open =
        database
            .inTransaction(
                connection ->
                    SkipRecords.count(connection, rebuild.projection(), rebuild.generation()))
            .open();
    boolean faster = open >= openAtLastLook;
    openAtLastLook = open;
    return faster;
  }

  private RebuildStep activate(Connection connection, Rebuild rebuild) throws SQLException {
    return Rebuilds.beginSettling(connection, rebuild)
            && Generations.activate(connection, projection.name(), generation)
        ? new RebuildStep.Activated()
        : new RebuildStep.NotOurs("another owner activated the generation");
  }

  // Step 7: recovery drains what is left; when a second fence has passed and nothing is, that is
  // the proof.

  private RebuildStep settle(Rebuild rebuild, RebuildListener listener) throws Exception {
    Fence fence = Fence.of(rebuild.fence());
    if (!rebuild.follows()) { // of one that follows writers make no records
      if (fence == null) {
        return takeFence(rebuild);
      }
      if (!hasPassed(rebuild, fence, listener)) {
        return new RebuildStep.Waiting("fence " + fence.xid());
      }
    }
    boolean unfinished =
        database.inTransaction(
            connection -> SkipRecords.anyUnfinished(connection, projection.name(), generation));
    if (unfinished) {
      return new RebuildStep.Waiting("recovery");
    }
    return ownership.inTransaction(
        (connection, locked) ->
            Rebuilds.end(connection, locked)
                ? proven(locked)
                : new RebuildStep.NotOurs("another owner ended the rebuild"));
  }
}
