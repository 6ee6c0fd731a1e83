package dev.kintsugi.runtime.internal.rebuild;

import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.status.Rebuild;
import dev.kintsugi.runtime.status.Status;
import java.sql.Connection;
import java.util.Optional;

/**
 * The transactions of a rebuild that change something: an id first, then the row, then act on what
 * the row says or stop. So the fence of a later rebuild waits for them, and an owner that has lost
 * its place does nothing.
 */
final class Ownership {

  private final Database database;
  private final String projection;
  private final int generation;

  Ownership(Database database, String projection, int generation) {
    this.database = database;
    this.projection = projection;
    this.generation = generation;
  }

  /** What runs after the id was taken, the row was read and the rebuild's row was locked. */
  @FunctionalInterface
  interface Work {
    RebuildStep run(Connection connection, Rebuild rebuild) throws Exception;
  }

  /** Carries {@link RebuildStep.NotOurs} out of a transaction that must be rolled back. */
  private static final class NotOursException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient RebuildStep.NotOurs step;

    NotOursException(RebuildStep.NotOurs step) {
      super(step.why());
      this.step = step;
    }
  }

  /**
   * Runs work in a transaction of the rebuild; what it answers with {@link RebuildStep.NotOurs} is
   * rolled back.
   */
  RebuildStep inTransaction(Work work) throws Exception {
    try {
      return database.inTransaction(connection -> step(connection, work));
    } catch (NotOursException e) {
      return e.step;
    }
  }

  /** The same, for work that applies events: {@link Applier#inTransaction}. */
  RebuildStep inTransaction(Applier applier, Work work) throws Exception {
    try {
      return applier.inTransaction(database, connection -> step(connection, work));
    } catch (NotOursException e) {
      return e.step;
    }
  }

  private RebuildStep step(Connection connection, Work work) throws Exception {
    Optional<Generation> row = Generations.findToActOn(connection, projection, generation);
    if (row.isEmpty()) {
      throw new NotOursException(new RebuildStep.NotOurs("a newer generation has begun"));
    }
    Rebuild locked = Rebuilds.lock(connection, projection, generation).orElseThrow();
    if (!belongs(row.get().status(), locked.phase())) {
      throw new NotOursException(new RebuildStep.NotOurs("the rebuild has moved on"));
    }
    if (locked.isGivenUp()) {
      throw new NotOursException(new RebuildStep.NotOurs("somebody has stopped the rebuild"));
    }
    RebuildStep step = work.run(connection, locked);
    if (step instanceof RebuildStep.NotOurs notOurs) {
      throw new NotOursException(notOurs);
    }
    return step;
  }

  private static boolean belongs(Status status, Phase phase) {
    return switch (status) {
      case REBUILDING -> phase != Phase.SETTLE && phase != Phase.DONE;
      case ACTIVE -> phase == Phase.SETTLE || phase == Phase.COMPARE || phase == Phase.SWAP;
      case FOLLOWING -> phase != Phase.DONE;
    };
  }
}
