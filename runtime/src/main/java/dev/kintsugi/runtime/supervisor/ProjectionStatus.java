package dev.kintsugi.runtime.supervisor;

import dev.kintsugi.runtime.node.Counters;
import dev.kintsugi.runtime.skip.SkipRecords;
import dev.kintsugi.runtime.state.Fence;
import dev.kintsugi.runtime.state.Generation;
import dev.kintsugi.runtime.state.Generations;
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
 * @param openRecords its open skip records, parked ones among them
 * @param waitsFor who holds up the fence that the rebuild waits for, the oldest first
 * @param counts what the answering node did for it since the node's start
 */
public record ProjectionStatus(
    Generation generation,
    Optional<Rebuild> rebuild,
    long openRecords,
    long parkedRecords,
    List<Fence.Holder> waitsFor,
    Counters.Counts counts) {

  /** Reads the rows; empty if the database does not know the projection. */
  static Optional<ProjectionStatus> read(
      Connection connection, String projection, Counters counters) throws SQLException {
    Optional<Generation> row = Generations.find(connection, projection);
    if (row.isEmpty()) {
      return Optional.empty();
    }
    Generation generation = row.get();
    Optional<Rebuild> rebuild = Rebuilds.find(connection, projection, generation.generation());
    SkipRecords.Count count = SkipRecords.count(connection, projection, generation.generation());
    return Optional.of(
        new ProjectionStatus(
            generation,
            rebuild,
            count.open(),
            count.parked(),
            rebuild.isPresent() ? waitsFor(connection, rebuild.get()) : List.of(),
            counters.counts(projection)));
  }

  private static List<Fence.Holder> waitsFor(Connection connection, Rebuild rebuild)
      throws SQLException {
    Fence fence = rebuild.fence();
    if (fence == null || !isWaiting(rebuild.phase()) || fence.hasPassed(connection)) {
      return List.of();
    }
    return fence.holders(connection);
  }

  private static boolean isWaiting(Phase phase) {
    return phase == Phase.FENCE || phase == Phase.SETTLE;
  }
}
