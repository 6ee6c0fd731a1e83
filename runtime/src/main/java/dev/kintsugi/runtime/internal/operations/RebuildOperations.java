package dev.kintsugi.runtime.internal.operations;

import dev.kintsugi.runtime.internal.retirement.RetirementSteps;
import dev.kintsugi.runtime.internal.state.BesideRebuilds;
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
import java.util.List;
import java.util.Optional;

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
    if (rebuild.beside() && !rebuild.isDone()) {
      return discard(connection, rebuild, request);
    }
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

  /**
   * Stops it if it is built beside the one that serves, and leaves one in place as it is.
   *
   * @throws UnknownProjectionException if the database does not know the projection
   */
  public static RebuildAnswer reject(
      Connection connection, String projection, ChangeRequest request) throws SQLException {
    Rebuild rebuild = newest(connection, projection);
    if (!rebuild.beside()) {
      return new RebuildAnswer.NoneUnderWay(
          projection,
          "generation %d is not built beside another one".formatted(rebuild.generation()));
    }
    return rebuild.isDone()
        ? new RebuildAnswer.NoneUnderWay(projection, state(rebuild))
        : discard(connection, rebuild, request);
  }

  /** Stops one that is built beside: nothing of what serves was touched. */
  private static RebuildAnswer discard(
      Connection connection, Rebuild rebuild, ChangeRequest request) throws SQLException {
    Optional<Generation> row =
        Generations.find(connection, rebuild.projection(), rebuild.generation());
    if (row.isEmpty()
        || !BesideRebuilds.discard(connection, rebuild, request.requestedBy(), request.reason())) {
      return new RebuildAnswer.NoneUnderWay(rebuild.projection(), state(rebuild));
    }
    RetirementSteps.beginOne(connection, row.get(), request.requestedBy(), request.reason());
    note(
        connection,
        rebuild,
        Operation.Kind.STOP,
        request,
        "beside the one that serves, in phase " + rebuild.phase().inTable());
    return new RebuildAnswer.Discarded(rebuild.projection(), rebuild.generation(), rebuild.phase());
  }

  private static void note(
      Connection connection,
      Rebuild rebuild,
      Operation.Kind kind,
      ChangeRequest request,
      String what)
      throws SQLException {
    OperationLog.note(
        connection,
        rebuild.projection(),
        kind,
        request.requestedBy(),
        request.reason(),
        "generation %d, %s".formatted(rebuild.generation(), what));
  }

  /**
   * Approves that a generation serves, whose comparison somebody was to see.
   *
   * @throws UnknownProjectionException if the database does not know the projection
   */
  public static RebuildAnswer approve(
      Connection connection, String projection, ChangeRequest request) throws SQLException {
    Rebuild rebuild = newest(connection, projection);
    if (!BesideRebuilds.approve(connection, rebuild, request.requestedBy())) {
      return new RebuildAnswer.NoneUnderWay(
          projection,
          "generation %d does not wait for an approval: %s"
              .formatted(
                  rebuild.generation(),
                  rebuild.approvedBy() == null
                      ? "it is in phase " + rebuild.phase().inTable()
                      : rebuild.approvedBy() + " has approved it"));
    }
    note(connection, rebuild, Operation.Kind.APPROVE, request, String.valueOf(rebuild.heldFor()));
    return new RebuildAnswer.Approved(projection, rebuild.generation());
  }

  /**
   * Has the generation serve again that the last swap replaced.
   *
   * @throws UnknownProjectionException if the database does not know the projection
   */
  public static RebuildAnswer undo(Connection connection, String projection, ChangeRequest request)
      throws SQLException {
    Optional<Rebuild> kept = kept(connection, projection);
    if (kept.isEmpty() || !BesideRebuilds.swapBack(connection, kept.get())) {
      return new RebuildAnswer.NoneUnderWay(projection, "no generation is kept that could serve");
    }
    note(connection, kept.get(), Operation.Kind.UNDO, request, "serves again");
    return new RebuildAnswer.SwapsBack(projection, kept.get().generation());
  }

  /**
   * Keeps the generation no longer that the last swap replaced.
   *
   * @throws UnknownProjectionException if the database does not know the projection
   */
  public static RebuildAnswer retireKept(
      Connection connection, String projection, ChangeRequest request) throws SQLException {
    Optional<Rebuild> kept = kept(connection, projection);
    Optional<Generation> row =
        kept.isEmpty()
            ? Optional.empty()
            : Generations.find(connection, projection, kept.get().generation());
    if (kept.isEmpty() || row.isEmpty()) {
      return new RebuildAnswer.NoneUnderWay(projection, "no generation is kept");
    }
    RetirementSteps.beginOne(connection, row.get(), request.requestedBy(), request.reason());
    note(connection, kept.get(), Operation.Kind.UNDO, request, "is kept no longer");
    return new RebuildAnswer.KeptNoMore(projection, kept.get().generation());
  }

  /** The newest generation that another one has replaced, locked. */
  private static Optional<Rebuild> kept(Connection connection, String projection)
      throws SQLException {
    List<Generation> all = Generations.of(connection, projection);
    if (all.isEmpty()) {
      throw new UnknownProjectionException(projection);
    }
    Optional<Rebuild> kept = Optional.empty();
    for (Generation each : all) {
      Optional<Rebuild> rebuild = Rebuilds.lock(connection, projection, each.generation());
      if (!each.serving() && rebuild.filter(r -> r.isDone() && r.keptUntil() != null).isPresent()) {
        kept = rebuild;
      }
    }
    return kept;
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
    return Rebuilds.lockNewest(connection, projection)
        .orElseThrow(() -> new UnknownProjectionException(projection));
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
