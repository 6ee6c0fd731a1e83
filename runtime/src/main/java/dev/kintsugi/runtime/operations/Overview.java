package dev.kintsugi.runtime.operations;

import dev.kintsugi.runtime.event.WaitingDeletions;
import dev.kintsugi.runtime.skip.OpenSkips;
import dev.kintsugi.runtime.skip.Unhandled;
import dev.kintsugi.runtime.state.Generation;
import dev.kintsugi.runtime.state.Generations;
import dev.kintsugi.runtime.state.Rebuild;
import dev.kintsugi.runtime.state.Rebuilds;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * All projections that the database knows, by name, in few words each. In four statements, however
 * many there are; the one that counts skip records looks at all that are open.
 *
 * @param waitingDeletions events that the application has deleted, and that stay as some projection
 *     still needs them
 */
public record Overview(List<Summary> projections, WaitingDeletions waitingDeletions) {

  /**
   * One of them.
   *
   * @param rebuild the rebuild that made, or is making, its generation
   * @param skips its open skip records
   * @param unhandled those of them that pile up, as no node has the projection; empty if one has
   *     it, or may have it
   */
  public record Summary(
      Generation generation,
      Optional<Rebuild> rebuild,
      OpenSkips.Summary skips,
      Optional<Unhandled> unhandled) {

    private Summary handled() {
      return new Summary(generation, rebuild, skips, Optional.empty());
    }
  }

  /**
   * Reads the rows, in the caller's transaction. Which projections nodes have they don't say; see
   * {@link #handled}.
   */
  public static Overview read(Connection connection) throws SQLException {
    Map<String, Rebuild> rebuilds = Rebuilds.newest(connection);
    Map<String, OpenSkips.Summary> skips = OpenSkips.summaries(connection);
    List<Summary> projections = new ArrayList<>();
    for (Generation generation : Generations.all(connection)) {
      String name = generation.projection();
      OpenSkips.Summary open = skips.getOrDefault(name, OpenSkips.Summary.NONE);
      projections.add(
          new Summary(
              generation, Optional.ofNullable(rebuilds.get(name)), open, Unhandled.of(name, open)));
    }
    return new Overview(List.copyOf(projections), WaitingDeletions.readAll(connection));
  }

  /** The same, where nodes have some of the projections: their records are not unhandled. */
  public Overview handled(Set<String> names) {
    return new Overview(
        projections.stream()
            .map(one -> names.contains(one.generation().projection()) ? one.handled() : one)
            .toList(),
        waitingDeletions);
  }
}
