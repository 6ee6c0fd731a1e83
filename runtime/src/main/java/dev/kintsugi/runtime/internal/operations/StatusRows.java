package dev.kintsugi.runtime.internal.operations;

import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.internal.event.WaitingDeletionRows;
import dev.kintsugi.runtime.internal.follow.FollowingRows;
import dev.kintsugi.runtime.internal.node.Counters;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.internal.skip.OpenSkips;
import dev.kintsugi.runtime.internal.skip.UnhandledRecords;
import dev.kintsugi.runtime.internal.state.Cursors;
import dev.kintsugi.runtime.internal.state.Fence;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.state.OperationLog;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.skip.SkipSummary;
import dev.kintsugi.runtime.status.BesideGeneration;
import dev.kintsugi.runtime.status.FenceHolder;
import dev.kintsugi.runtime.status.Following;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Operation;
import dev.kintsugi.runtime.status.Overview;
import dev.kintsugi.runtime.status.ProjectionStatus;
import dev.kintsugi.runtime.status.Rebuild;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How projections stand, as rows say at one time, in the caller's transaction. Whether a node has a
 * projection whose records pile up the rows don't say.
 */
public final class StatusRows {

  private StatusRows() {}

  /**
   * All projections, by name. In five statements, however many there are; the one that counts skip
   * records looks at all that are open.
   */
  public static Overview overview(Connection connection, EventJournal journal) throws SQLException {
    Map<String, Rebuild> rebuilds = Rebuilds.newest(connection);
    Map<String, SkipSummary> skips = OpenSkips.summaries(connection);
    Map<String, Following> following = FollowingRows.all(connection, journal);
    List<Overview.Summary> projections = new ArrayList<>();
    for (Generation generation : Generations.all(connection)) {
      String name = generation.projection();
      SkipSummary open = skips.getOrDefault(name, SkipSummary.NONE);
      projections.add(
          new Overview.Summary(
              generation,
              Optional.ofNullable(rebuilds.get(name)),
              open,
              UnhandledRecords.of(name, open),
              Optional.ofNullable(following.get(name))));
    }
    return new Overview(List.copyOf(projections), WaitingDeletionRows.readAll(connection));
  }

  /** The same, with what a node has. */
  public static Overview overview(Connection connection, KintsugiNode node) throws SQLException {
    return overview(connection, node.journal());
  }

  /** One of them, with what a node has; empty if the database does not know it. */
  public static Optional<ProjectionStatus> status(
      Connection connection, String projection, KintsugiNode node) throws SQLException {
    return status(connection, projection, node.journal(), node.counters());
  }

  /** One of them; empty if the database does not know it. */
  public static Optional<ProjectionStatus> status(
      Connection connection, String projection, EventJournal journal, Counters counters)
      throws SQLException {
    Optional<Generation> row = Generations.find(connection, projection);
    if (row.isEmpty()) {
      return Optional.empty();
    }
    Generation generation = row.get();
    Optional<Rebuild> rebuild = Optional.empty();
    List<BesideGeneration> beside = new ArrayList<>();
    for (Generation each : Generations.of(connection, projection)) {
      rebuild = Rebuilds.find(connection, projection, each.generation());
      if (!each.serving()) {
        beside.add(
            new BesideGeneration(
                each,
                rebuild,
                OpenSkips.summary(connection, projection, each.generation(), SkipFilter.any()),
                lag(connection, journal, each)));
      }
    }
    SkipSummary skips =
        OpenSkips.summary(connection, projection, generation.generation(), SkipFilter.any());
    Optional<Operation> pause =
        generation.paused()
            ? OperationLog.last(connection, projection, Operation.Kind.PAUSE)
            : Optional.empty();
    return Optional.of(
        new ProjectionStatus(
            generation,
            rebuild,
            skips,
            pause,
            UnhandledRecords.of(projection, skips),
            rebuild.isPresent() ? waitsFor(connection, rebuild.get()) : List.of(),
            WaitingDeletionRows.read(connection, journal, projection),
            FollowingRows.find(connection, journal, projection),
            List.copyOf(beside),
            counters.counts(projection)));
  }

  private static Optional<Long> lag(
      Connection connection, EventJournal journal, Generation generation) throws SQLException {
    OptionalLong position =
        Cursors.find(connection, generation.projection(), generation.generation());
    return position.isEmpty()
        ? Optional.empty()
        : Optional.of(Math.max(0, journal.maxOrdering(connection) - position.getAsLong()));
  }

  private static List<FenceHolder> waitsFor(Connection connection, Rebuild rebuild)
      throws SQLException {
    Fence fence = Fence.of(rebuild.fence());
    if (fence == null || rebuild.isDone() || fence.look(connection) != Fence.Look.AWAITED) {
      return List.of();
    }
    return fence.holders(connection);
  }
}
