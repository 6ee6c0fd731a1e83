package dev.kintsugi.runtime.operations;

import dev.kintsugi.runtime.event.WaitingDeletions;
import dev.kintsugi.runtime.node.Counters;
import dev.kintsugi.runtime.skip.OpenSkips;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.skip.Unhandled;
import dev.kintsugi.runtime.state.Fence;
import dev.kintsugi.runtime.state.Generation;
import dev.kintsugi.runtime.state.Generations;
import dev.kintsugi.runtime.state.Operation;
import dev.kintsugi.runtime.state.Operations;
import dev.kintsugi.runtime.state.Phase;
import dev.kintsugi.runtime.state.Rebuild;
import dev.kintsugi.runtime.state.Rebuilds;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/**
 * How a projection stands, as its rows say at one time.
 *
 * @param rebuild the rebuild that made, or is making, its generation
 * @param skips its open skip records
 * @param pause by whom and why it was paused, if it is
 * @param unhandled those of its open records that pile up, as no node has the projection; empty if
 *     one has it, or may have it
 * @param waitsFor who holds up the fence that the rebuild waits for, the oldest first
 * @param waitingDeletions events that the application has deleted, and that stay until its records
 *     are closed or its replay has ended
 * @param counts what the answering node did for it since the node's start
 */
public record ProjectionStatus(
    Generation generation,
    Optional<Rebuild> rebuild,
    OpenSkips.Summary skips,
    Optional<Operation> pause,
    Optional<Unhandled> unhandled,
    List<Fence.Holder> waitsFor,
    WaitingDeletions waitingDeletions,
    Counters.Counts counts) {

  /** How many skip records are open, parked ones among them. */
  public long openRecords() {
    return skips.open();
  }

  /** How many of them are parked. */
  public long parkedRecords() {
    return skips.parked();
  }

  /** The same, where a node has the projection: its records are not unhandled. */
  public ProjectionStatus handled() {
    return new ProjectionStatus(
        generation, rebuild, skips, pause, Optional.empty(), waitsFor, waitingDeletions, counts);
  }

  /**
   * Reads the rows; empty if the database does not know the projection. Whether a node has it they
   * don't say; see {@link #handled}.
   */
  public static Optional<ProjectionStatus> read(
      Connection connection, String projection, Counters counters) throws SQLException {
    Optional<Generation> row = Generations.find(connection, projection);
    if (row.isEmpty()) {
      return Optional.empty();
    }
    Generation generation = row.get();
    Optional<Rebuild> rebuild = Rebuilds.find(connection, projection, generation.generation());
    OpenSkips.Summary skips =
        OpenSkips.summary(connection, projection, generation.generation(), SkipFilter.any());
    Optional<Operation> pause =
        generation.paused()
            ? Operations.last(connection, projection, Operation.Kind.PAUSE)
            : Optional.empty();
    return Optional.of(
        new ProjectionStatus(
            generation,
            rebuild,
            skips,
            pause,
            Unhandled.of(projection, skips),
            rebuild.isPresent() ? waitsFor(connection, rebuild.get()) : List.of(),
            WaitingDeletions.read(connection, projection),
            counters.counts(projection)));
  }

  private static List<Fence.Holder> waitsFor(Connection connection, Rebuild rebuild)
      throws SQLException {
    Fence fence = rebuild.fence();
    if (fence == null
        || !isWaiting(rebuild.phase())
        || fence.look(connection) != Fence.Look.AWAITED) {
      return List.of();
    }
    return fence.holders(connection);
  }

  /** Whether a rebuild waits for a fence in this phase. */
  public static boolean isWaiting(Phase phase) {
    return phase == Phase.FENCE || phase == Phase.TAKEOVER || phase == Phase.SETTLE;
  }
}
