package dev.kintsugi.runtime.internal.supervisor;

import dev.kintsugi.runtime.internal.skip.SkipRecords;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Rebuild;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The rows of a projection's generations, as they were read at one time; none if it has none. */
record ProjectionRows(List<Row> rows) {

  /** Of a projection that the database does not know. */
  static final ProjectionRows NONE = new ProjectionRows(List.of());

  /**
   * A generation.
   *
   * @param hasOpenSkips whether skip records of it are open
   */
  record Row(Generation generation, Optional<Rebuild> rebuild, boolean hasOpenSkips) {}

  ProjectionRows {
    rows = List.copyOf(rows);
  }

  /** When they were read, by the database's clock; as late as can be where that is not known. */
  Instant readAt() {
    return rows.stream()
        .flatMap(row -> row.rebuild().stream())
        .map(Rebuild::readAt)
        .max(Comparator.naturalOrder())
        .orElse(Instant.MAX);
  }

  static ProjectionRows read(Connection connection, String projection) throws SQLException {
    List<Row> rows = new ArrayList<>();
    for (Generation generation : Generations.of(connection, projection)) {
      int number = generation.generation();
      rows.add(
          new Row(
              generation,
              Rebuilds.find(connection, projection, number),
              SkipRecords.anyOpen(connection, projection, number)));
    }
    return new ProjectionRows(rows);
  }

  /** Of all projections, by name. */
  static Map<String, ProjectionRows> readAll(Connection connection) throws SQLException {
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
    Map<String, ProjectionRows> all = new HashMap<>();
    rows.forEach((name, ofName) -> all.put(name, new ProjectionRows(ofName)));
    return all;
  }
}
