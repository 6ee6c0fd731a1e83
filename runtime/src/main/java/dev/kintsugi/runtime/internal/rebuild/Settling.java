package dev.kintsugi.runtime.internal.rebuild;

import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.recovery.Drain;
import dev.kintsugi.runtime.internal.skip.SkipRecords;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.status.Rebuild;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/**
 * Steps 5 to 7 of a rebuild (DESIGN 6): drains while writers still record, then lets them apply,
 * and proves that nothing is missing.
 */
final class Settling {

  private static final int BATCHES_BETWEEN_LOOKS = 10;

  private final Database database;
  private final Drain drain;
  private final Ownership ownership;
  private final Barrier barrier;
  private final BesideSteps beside;
  private final String projection;
  private final int generation;
  private int fullBatches;
  private long openAtLastLook = Long.MAX_VALUE;

  Settling(
      Database database,
      Drain drain,
      Ownership ownership,
      Barrier barrier,
      BesideSteps beside,
      String projection,
      int generation) {
    this.database = database;
    this.drain = drain;
    this.ownership = ownership;
    this.barrier = barrier;
    this.beside = beside;
    this.projection = projection;
    this.generation = generation;
  }

  /** Step 5, in the phase drain. */
  RebuildStep drain(Applier applier, Rebuild rebuild) throws Exception {
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
            && Generations.activate(connection, projection, generation)
        ? new RebuildStep.Activated()
        : new RebuildStep.NotOurs("another owner activated the generation");
  }

  /**
   * Step 7: recovery drains what is left; when a second fence has passed and nothing is, that is
   * the proof.
   */
  RebuildStep settle(Rebuild rebuild, RebuildListener listener) throws Exception {
    if (!rebuild.follows()) { // of one that follows writers make no records
      Optional<RebuildStep> wait = barrier.fence(rebuild, listener);
      if (wait.isPresent()) {
        return wait.get();
      }
    }
    boolean unfinished =
        database.inTransaction(
            connection -> SkipRecords.anyUnfinished(connection, projection, generation));
    if (unfinished) {
      return new RebuildStep.Waiting("recovery");
    }
    return ownership.inTransaction(
        (connection, locked) ->
            locked.beside()
                ? beside.proven(connection, locked)
                : Rebuilds.end(connection, locked)
                    ? RebuildSteps.proven(locked)
                    : new RebuildStep.NotOurs("another owner ended the rebuild"));
  }
}
