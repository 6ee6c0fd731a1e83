package dev.kintsugi.runtime.internal.rebuild;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.internal.access.SharedSecrets;
import dev.kintsugi.runtime.internal.event.EventCodec;
import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.handler.HandlerTarget;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.recovery.Drain;
import dev.kintsugi.runtime.internal.schema.ReadModel;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Rebuild;
import dev.kintsugi.runtime.status.Status;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * Does a rebuild, in place (DESIGN 6) or {@linkplain BesideSteps beside} (DESIGN 7), one step at a
 * time. What the next step is stands in the rebuild's row and nowhere else, so any owner on any
 * node can go on where the last one was cut off. Two owners do no harm: every change is a
 * compare-and-set, and the one that comes second is told {@link RebuildStep.NotOurs}.
 *
 * <p>Each step is a transaction of its own or two, on the calling thread.
 *
 * <p>A {@linkplain Takeover takeover} is the rebuild that empties nothing.
 *
 * <p>A generation that is to <em>follow</em> (DESIGN 7a) does so from the outset: writers record
 * nothing for it. So its bound is an ordering that is proven final, and the replay's last
 * transaction makes a cursor there, from which it follows. Nobody need wait for a second fence
 * then: no writer makes records of it. One that is stopped before anything was emptied takes over
 * the older one's cursor.
 */
public final class RebuildSteps {

  private final Database database;
  private final Ownership ownership;
  private final InPlaceReset reset;
  private final BesideSteps beside;
  private final Takeover takeover;
  private final Replay replay;

  /** For one that takes a read model over: little is left to replay, and it is not empty. */
  private final Replay onePageAtATime;

  private final Settling settling;
  private final ReplayPace pace = new ReplayPace();
  private final Blockage blockage;
  private final RebuildSettings settings;
  private final String projection;
  private final int generation;

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
      HandlerTarget target) {
    Projection<?> definition = readModel.projection();
    int generation = target.generation();
    this.database = database.forLongWork();
    this.settings = settings;
    this.projection = definition.name();
    this.generation = generation;
    this.ownership = new Ownership(database, projection, generation);
    this.blockage = new Blockage(database, projection, generation);
    Barrier barrier = new Barrier(this.database, proofs);
    this.reset =
        new InPlaceReset(
            this.database, journal, ownership, barrier, settings, readModel, generation);
    this.beside =
        new BesideSteps(
            this.database, journal, ownership, barrier, settings, readModel, generation);
    this.takeover = new Takeover(journal, ownership, barrier, projection, generation);
    this.settling =
        new Settling(this.database, drain, ownership, barrier, beside, projection, generation);
    PageReader pages = new PageReader(database, journal, codec, definition.subscription(), readers);
    this.onePageAtATime = new PagedReplay(ownership, pages, target, settings);
    this.replay =
        SharedSecrets.definitionOf(target.projection()).gathers()
            ? new BulkReplay(ownership, database, pages, target, settings)
            : onePageAtATime;
  }

  /** The name of the projection that is built. */
  String projection() {
    return projection;
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
      if (step instanceof RebuildStep.Waiting waiting && waiting.isTold()) {
        blockage.waits(waiting.what(), isBlocked);
      } else {
        blockage.isGone(isBlocked);
      }
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
    Seen seen = database.inTransaction(connection -> Seen.read(connection, projection, generation));
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
    if (seen.isPaused()
        && switch (rebuild.phase()) {
          case REPLAY, FOLLOW, DRAIN -> true;
          default -> false;
        }) {
      return new RebuildStep.Waiting("its resumption: the projection is paused");
    }
    return switch (rebuild.phase()) {
      case FENCE ->
          rebuild.beside() ? beside.begin(row.get()) : reset.next(rebuild, row.get(), listener);
      case TAKEOVER -> takeover.next(rebuild, row.get(), listener);
      case REPLAY -> {
        if (rebuild.follows() && rebuild.takesOver()) {
          yield takeover.catchUp(rebuild, listener);
        }
        yield replay(applier, rebuild, row.get(), listener);
      }
      case FOLLOW -> beside.recordWhenNear();
      case CATCH_UP -> beside.catchUp(rebuild, listener);
      case DRAIN -> settling.drain(applier, rebuild);
      case SETTLE -> settling.settle(rebuild, listener);
      case COMPARE -> beside.compare(row.get());
      case SWAP -> beside.swap(rebuild, row.get(), listener);
      case DONE -> proven(rebuild);
    };
  }

  /** The step that ends a rebuild. */
  static RebuildStep proven(Rebuild rebuild) {
    return rebuild.takesOver() ? new RebuildStep.TakenOver(rebuild) : new RebuildStep.Proven();
  }

  // Step 4: replay.

  private RebuildStep replay(
      Applier applier, Rebuild rebuild, Generation row, RebuildListener listener) throws Exception {
    long begin = System.nanoTime();
    boolean isRest = rebuild.takesOver() || (rebuild.beside() && row.status() == Status.REBUILDING);
    try {
      RebuildStep step = (isRest ? onePageAtATime : replay).next(applier, rebuild);
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
}
