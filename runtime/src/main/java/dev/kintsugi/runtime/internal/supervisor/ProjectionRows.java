package dev.kintsugi.runtime.internal.supervisor;

import dev.kintsugi.runtime.internal.skip.SkipRecords;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Rebuild;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The rows of a projection's generations, as they were read at one time; none if it has none.
 *
 * @param begun when the read began, by this node's {@link System#nanoTime}: one that began earlier
 *     may be told of later
 */
record ProjectionRows(long begun, List<Row> rows) {

  /**
   * A generation.
   *
   * @param hasOpenSkips whether skip records of it are open
   */
  record Row(Generation generation, Optional<Rebuild> rebuild, boolean hasOpenSkips) {}

  /** Those of all projections, by name. */
  record OfAll(long begun, Map<String, List<Row>> rows) {

    /** Those of one of them, which it may have none of. */
    ProjectionRows of(String projection) {
      return new ProjectionRows(begun, rows.getOrDefault(projection, List.of()));
    }
  }

  ProjectionRows {
    rows = List.copyOf(rows);
  }

  /** Whether another read that was told of before began later. */
  boolean isOlderThan(ProjectionRows other) {
    return begun - other.begun < 0;
  }

  static ProjectionRows read(Connection connection, String projection) throws SQLException {
    long begun = System.nanoTime();
    List<Row> rows = new ArrayList<>();
    for (Generation generation : Generations.of(connection, projection)) {
      int number = generation.generation();
      rows.add(
          new Row(
              generation,
              Rebuilds.find(connection, projection, number),
              SkipRecords.anyOpen(connection, projection, number)));
    }
    return new ProjectionRows(begun, rows);
  }

  static OfAll readAll(Connection connection) throws SQLException {
    long begun = System.nanoTime();
    Map<String, Rebuild> rebuilds = new HashMap<>();
    for (Rebuild rebuild : Rebuilds.each(connection)) {
      rebuilds.put(SkipRecords.generationKey(rebuild.projection(), rebuild.generation()), rebuild);
    }
    Set<String> open = SkipRecords.generationsWithOpen(connection);
    Map<String, List<Row>> rows = new HashMap<>();
    for (Generation generation : Generations.each(connection)) {
      String key = SkipRecords.generationKey(generation.projection(), generation.generation());
      rows.computeIfAbsent(generation.projection(), name -> new ArrayList<>())
          .add(new Row(generation, Optional.ofNullable(rebuilds.get(key)), open.contains(key)));
    }
    return new OfAll(begun, rows);
  }
}
