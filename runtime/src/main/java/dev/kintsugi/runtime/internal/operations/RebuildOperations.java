package dev.kintsugi.runtime.internal.operations;

import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.state.OperationLog;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.operations.RebuildAnswer;
import dev.kintsugi.runtime.operations.UnknownProjectionException;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Operation;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.status.Rebuild;
import java.sql.Connection;
import java.sql.SQLException;

/**
 * Limits the rebuild that is under way, or stops it: in the caller's transaction, by
 * compare-and-set. Whoever carries it out, on whichever node, reads that with its next step.
 */
public final class RebuildOperations {

  private RebuildOperations() {}

  /**
   * Limits how many events a second it replays.
   *
   * @param eventsPerSecond 1 or more; 0 lifts the limit
   * @throws IllegalArgumentException if it is negative
   * @throws UnknownProjectionException if the database does not know the projection
   */
  public static RebuildAnswer limit(
      Connection connection, String projection, int eventsPerSecond, ChangeRequest request)
      throws SQLException {
    if (eventsPerSecond < 0) {
      throw new IllegalArgumentException("a rate can't be negative: " + eventsPerSecond);
    }
    Rebuild rebuild = newest(connection, projection);
    if (!Rebuilds.setMaxRate(connection, projection, eventsPerSecond)) {
      return new RebuildAnswer.NoneUnderWay(projection, state(rebuild));
    }
    String about =
        eventsPerSecond == 0 ? "no limit" : eventsPerSecond + " events a second at the most";
    OperationLog.note(
        connection,
        projection,
        Operation.Kind.LIMIT,
        request.requestedBy(),
        request.reason(),
        about);
    return new RebuildAnswer.Limited(projection, rebuild.generation(), eventsPerSecond);
  }

  /**
   * Stops it. Before anything was emptied, what was active before is active again, as soon as no
   * transaction runs that may act on it; its owner sees to that. Later it stops where it stands: no
   * owner goes on with it, the read model stays incomplete, and writers go on to record what comes,
   * until a new rebuild begins from the start. While it settles the read model is in use again, and
   * stays so: only the proof that nothing is missing does not come.
   *
   * @throws UnknownProjectionException if the database does not know the projection
   */
  public static RebuildAnswer stop(Connection connection, String projection, ChangeRequest request)
      throws SQLException {
    Rebuild rebuild = newest(connection, projection);
    Generation from = rebuild.from();
    if (from != null && Rebuilds.returnToActive(connection, rebuild, request.requestedBy())) {
      return returned(connection, rebuild, from, request);
    }
    if (!Rebuilds.giveUp(connection, rebuild, request.requestedBy())) {
      return new RebuildAnswer.NoneUnderWay(projection, state(rebuild));
    }
    OperationLog.note(
        connection,
        projection,
        Operation.Kind.STOP,
        request.requestedBy(),
        request.reason(),
        "generation " + rebuild.generation() + " in phase " + rebuild.phase().inTable());
    return new RebuildAnswer.Stopped(projection, rebuild.generation(), rebuild.phase());
  }

  private static RebuildAnswer returned(
      Connection connection, Rebuild rebuild, Generation from, ChangeRequest request)
      throws SQLException {
    String projection = rebuild.projection();
    int generation = rebuild.generation();
    int raised =
        Generations.find(connection, projection).map(Generation::version).orElse(from.version());
    if (!Generations.returnTo(connection, projection, generation, from.version())) {
      throw new IllegalStateException(
          "projection '%s' was to return from generation %d to version %d, and its row is of another generation by now; nothing is changed, ask again"
              .formatted(projection, generation, from.version()));
    }
    OperationLog.note(
        connection,
        projection,
        Operation.Kind.STOP,
        request.requestedBy(),
        request.reason(),
        "generation %d before anything was emptied; version %d is active again"
            .formatted(generation, from.version()));
    return new RebuildAnswer.Returns(projection, generation, from.version(), raised);
  }

  private static Rebuild newest(Connection connection, String projection) throws SQLException {
    Generation row =
        Generations.find(connection, projection)
            .orElseThrow(() -> new UnknownProjectionException(projection));
    return Rebuilds.lock(connection, projection, row.generation()).orElseThrow();
  }

  private static String state(Rebuild rebuild) {
    String generation = "generation " + rebuild.generation();
    if (rebuild.phase() == Phase.DONE) {
      return generation + " is built";
    }
    if (rebuild.takesOver()) {
      return generation
          + " empties nothing: the read model is in use again as soon as transactions have ended that"
          + " began before";
    }
    return generation + " is stopped";
  }
}
