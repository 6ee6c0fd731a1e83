package dev.kintsugi.testkit;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.internal.finality.FinalOrdering;
import dev.kintsugi.runtime.internal.follow.FollowSettings;
import dev.kintsugi.runtime.internal.follow.FollowStep;
import dev.kintsugi.runtime.internal.follow.Follower;
import dev.kintsugi.runtime.internal.follow.JournalPage;
import dev.kintsugi.runtime.internal.follow.JournalReader;
import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.operations.ChangeRequest;
import dev.kintsugi.runtime.internal.operations.RebuildOperations;
import dev.kintsugi.runtime.internal.operations.RebuildRequest;
import dev.kintsugi.runtime.internal.rebuild.ModeChange;
import dev.kintsugi.runtime.internal.rebuild.OnRaisedVersion;
import dev.kintsugi.runtime.internal.rebuild.RebuildSettings;
import dev.kintsugi.runtime.internal.rebuild.RebuildStep;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.internal.schema.ReadModel;
import dev.kintsugi.runtime.internal.state.Fence;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.operations.RebuildAnswer;
import dev.kintsugi.runtime.status.FenceHolder;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Status;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.LockSupport;

/**
 * Builds the projection of a {@link FreshDatabase}, has it follow the journal, and changes it from
 * one to the other; each when it is told to, on the calling thread.
 */
final class Builds implements AutoCloseable {

  private static final Duration PAUSE = Duration.ofMillis(1);
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** About how many bytes a follower's node keeps of what it has read. */
  private static final int FEED_BYTES = 1 << 20;

  private final FreshDatabase database;
  private final Database connections;
  private final Projection<?> projection;
  private final BatchSizes batches;

  /** Of the follower, as long as it is the same one. */
  private Applier applier = new Applier();

  Builds(
      FreshDatabase database, Database connections, Projection<?> projection, BatchSizes batches) {
    this.database = database;
    this.connections = connections;
    this.projection = projection;
    this.batches = batches;
  }

  /** What else happens while a build is under way, after each of its steps. */
  @FunctionalInterface
  interface Meanwhile {
    void run() throws Exception;

    Meanwhile NOTHING = () -> {};
  }

  /** Makes the projection known, and builds it from what is in the journal, to be inline. */
  void build(Meanwhile meanwhile) throws Exception {
    carryOut(database.register(false), meanwhile);
  }

  /** The same, to follow from there. */
  void buildFollowing() throws Exception {
    carryOut(database.register(true), Meanwhile.NOTHING);
  }

  /** Builds it once more, in place. */
  void rebuild() throws Exception {
    RebuildRequest request =
        new RebuildRequest(
            projection.name(), projection.version(), false, true, "test kit", "a scenario");
    RebuildRequest.Answer answer = connections.inTransaction(request::begin);
    if (!(answer instanceof RebuildRequest.Accepted)) {
      throw new IllegalStateException("the rebuild was not accepted: " + answer);
    }
    carryOut(database.readModel(), Meanwhile.NOTHING);
  }

  /** Has it follow from now on, or be inline, as a start with such a definition does. */
  void change(boolean follows, Meanwhile meanwhile) throws Exception {
    if (connections
        .inTransaction(
            connection ->
                ModeChange.begin(connection, projection.name(), projection.version(), follows))
        .isEmpty()) {
      throw new IllegalStateException("the change was not accepted: " + database.generation());
    }
    carryOut(database.readModel(), meanwhile);
    if (!follows) { // by the next time another node may have it follow
      applier.close();
      applier = new Applier();
    }
  }

  /** Builds it beside what is served, compares both, and swaps. */
  void rebuildBeside(Meanwhile meanwhile) throws Exception {
    RebuildRequest request =
        new RebuildRequest(
            projection.name(), projection.version(), false, false, "test kit", "a scenario");
    RebuildRequest.Answer answer = connections.inTransaction(request::begin);
    if (!(answer instanceof RebuildRequest.Accepted)) {
      throw new IllegalStateException("the rebuild was not accepted: " + answer);
    }
    carryOut(database.readModel(), meanwhile);
  }

  /** Has the generation serve again that the swap replaced. */
  void undo() throws Exception {
    Generation kept =
        database.generations().stream().filter(each -> !each.serving()).findFirst().orElseThrow();
    RebuildAnswer answer =
        connections.inTransaction(
            connection ->
                RebuildOperations.undo(
                    connection, projection.name(), new ChangeRequest("test kit", "a scenario")));
    if (!(answer instanceof RebuildAnswer.SwapsBack)) {
      throw new IllegalStateException("the undo was not accepted: " + answer.message());
    }
    carryOut(database.readModel(), kept, Meanwhile.NOTHING);
  }

  private void carryOut(ReadModel readModel, Meanwhile meanwhile) throws Exception {
    carryOut(readModel, database.newest(), meanwhile);
  }

  private void carryOut(ReadModel readModel, Generation generation, Meanwhile meanwhile)
      throws Exception {
    RebuildSteps steps =
        new RebuildSteps(
            connections,
            database.journal(),
            database.codec(),
            database.drain(generation),
            settings(),
            Runnable::run,
            this::proof,
            readModel,
            database.target(generation));
    long giveUpAt = System.nanoTime() + PATIENCE.toNanos();
    try (Applier replay = new Applier()) {
      RebuildStep step;
      do {
        step = steps.next(replay);
        if (step instanceof RebuildStep.Done
            || step instanceof RebuildStep.Activated
            || step instanceof RebuildStep.Follows) {
          meanwhile.run();
        } else if (step instanceof RebuildStep.Waiting waiting) {
          waitOrGiveUp(waiting, giveUpAt);
        } else if (step instanceof RebuildStep.Stopped stopped) {
          throw database.failure("the rebuild stopped. " + stopped.error(), null);
        } else if (step instanceof RebuildStep.NotOurs notOurs) {
          throw new IllegalStateException("somebody else rebuilds here: " + notOurs.why());
        }
      } while (!(step instanceof RebuildStep.Proven || step instanceof RebuildStep.TakenOver));
    }
  }

  /**
   * What a fold or rows gather is written all at once; or, in the mixed way, page by page, and what
   * is needed of it is read again.
   */
  private RebuildSettings settings() {
    boolean remembers = database.way() != Way.MIXED;
    return new RebuildSettings(
        batches.replay(),
        FreshDatabase.BATCH_TIME,
        PAUSE,
        PATIENCE,
        remembers ? Long.MAX_VALUE : 1,
        remembers ? Duration.ofDays(1) : Duration.ZERO,
        0,
        OnRaisedVersion.AUTOMATIC,
        Duration.ZERO,
        Duration.ofDays(1));
  }

  /** It waits for its follower, a drain, or for a transaction of somebody else's on this server. */
  private void waitOrGiveUp(RebuildStep.Waiting waiting, long giveUpAt) throws Exception {
    if (database.newest().status() == Status.FOLLOWING) {
      follow();
    }
    database.drainAll();
    if (waiting.what().equals("recovery")) {
      database.refuseOpenRecords();
    }
    if (System.nanoTime() > giveUpAt) {
      throw database.failure(
          "the rebuild waits for %s, for %s now. On this server there are open transactions: %s"
              .formatted(waiting.what(), PATIENCE, holders()),
          null);
    }
    LockSupport.parkNanos(PAUSE.toNanos());
  }

  private List<FenceHolder> holders() throws Exception {
    int generation = database.newest().generation();
    return connections.inTransaction(
        connection -> {
          Fence fence =
              Rebuilds.find(connection, projection.name(), generation)
                  .map(rebuild -> Fence.of(rebuild.fence()))
                  .orElse(null);
          return fence == null ? List.of() : fence.holders(connection);
        });
  }

  // Following

  /** Has it follow to the journal's end, a page in each transaction. */
  void follow() throws Exception {
    Follower follower =
        new Follower(
            connections,
            database.journal(),
            database.target(database.newest()),
            new FollowSettings(batches.replay(), FreshDatabase.BATCH_TIME, FEED_BYTES, false));
    JournalReader reader = new JournalReader(database.journal(), database.codec());
    long upTo = finalOrdering();
    FollowStep step = follower.open();
    while (step instanceof FollowStep.Moved && follower.position() < upTo) {
      JournalPage page =
          connections.inTransaction(
              connection ->
                  reader.read(connection, follower.position(), upTo, batches.replay(), true));
      step = follower.take(applier, page);
    }
    if (step instanceof FollowStep.Moved) {
      step = follower.store();
    }
    if (!(step instanceof FollowStep.Moved)) {
      throw new IllegalStateException("it does not follow: " + step);
    }
  }

  private CompletionStage<Long> proof() {
    try {
      return CompletableFuture.completedFuture(finalOrdering());
    } catch (Exception e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /** Nobody else writes to this database: so the journal is final up to its end. */
  private long finalOrdering() throws Exception {
    try (Connection connection = connections.connection()) {
      FinalOrdering end = FinalOrdering.NONE.look(connection, database.journal().orderings(), 0, 0);
      if (end.unproven().isPresent()) {
        throw new IllegalStateException("somebody else writes to the journal of this database");
      }
      return end.ordering();
    }
  }

  @Override
  public void close() {
    applier.close();
  }
}
