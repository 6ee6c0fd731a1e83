package dev.kintsugi.runtime.operations;

import dev.kintsugi.runtime.skip.OpenSkips;
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

/**
 * All projections that the database knows, by name, in few words each. In three statements, however
 * many there are; the one that counts skip records looks at all that are open.
 */
public record Overview(List<Summary> projections) {

  /**
   * One of them.
   *
   * @param rebuild the rebuild that made, or is making, its generation
   * @param skips its open skip records
   */
  public record Summary(
      Generation generation, Optional<Rebuild> rebuild, OpenSkips.Summary skips) {}

  /** Reads the rows, in the caller's transaction. */
  public static Overview read(Connection connection) throws SQLException {
    Map<String, Rebuild> rebuilds = Rebuilds.newest(connection);
    Map<String, OpenSkips.Summary> skips = OpenSkips.summaries(connection);
    List<Summary> projections = new ArrayList<>();
    for (Generation generation : Generations.all(connection)) {
      String name = generation.projection();
      projections.add(
          new Summary(
              generation,
              Optional.ofNullable(rebuilds.get(name)),
              skips.getOrDefault(name, OpenSkips.Summary.NONE)));
    }
    return new Overview(List.copyOf(projections));
  }
}
