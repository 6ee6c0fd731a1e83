package dev.kintsugi.projections.rows;

import static java.util.stream.Collectors.joining;

import dev.kintsugi.projections.internal.bulk.Column;
import dev.kintsugi.projections.internal.bulk.Names;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes changes of rows one after the other. Each is a statement of its own to the database, which
 * looks at its constraints after each; those that follow each other with the same SQL go in one
 * round trip.
 *
 * <p>An upsert updates the row or, where there is none, inserts it. It is no {@code INSERT … ON
 * CONFLICT}: that one's proposed row has to satisfy NOT NULL and CHECK, and fires triggers, even
 * where the row exists and only some of its columns are changed. Nobody else may write to the table
 * meanwhile: the caller holds the lock of the projection's transactions, or is its rebuild.
 */
final class ChangesInTurn {

  private static final int MOST_IN_A_BATCH = 1000;

  /** What changes have in common that have the same SQL. */
  private record Shape(RowTable table, boolean isDelete, long named) {
    static Shape of(RowChanges.Change change) {
      return new Shape(change.table(), change.isDelete(), change.named());
    }
  }

  private final Map<Shape, String> statements = new HashMap<>();

  void write(Connection connection, List<RowChanges.Change> changes) throws SQLException {
    int from = 0;
    while (from < changes.size()) {
      Shape shape = Shape.of(changes.get(from));
      int to = from + 1;
      while (to < changes.size()
          && to - from < MOST_IN_A_BATCH
          && Shape.of(changes.get(to)).equals(shape)) {
        to++;
      }
      String sql = statements.computeIfAbsent(shape, ChangesInTurn::sql);
      execute(connection, sql, changes.subList(from, to));
      from = to;
    }
  }

  private static void execute(Connection connection, String sql, List<RowChanges.Change> changes)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (RowChanges.Change change : changes) {
        int parameter = 1;
        for (String text : change.texts()) {
          statement.setString(parameter++, text);
        }
        statement.addBatch();
      }
      statement.executeBatch();
    } catch (BatchUpdateException e) {
      // The server's own error; the batch's around it repeats the statement.
      SQLException server = e.getNextException();
      throw server == null ? e : server;
    }
  }

  private static String sql(Shape shape) {
    RowTable table = shape.table();
    return shape.isDelete() ? delete(table) : upsert(table, table.valueColumns(shape.named()));
  }

  private static String delete(RowTable table) {
    return "DELETE FROM %s AS t WHERE %s"
        .formatted(
            Names.quoted(table.name()),
            table.keyColumns().stream()
                .map(key -> "t.%s = %s".formatted(key.quoted(), parameter(key)))
                .collect(joining(" AND ")));
  }

  private static String upsert(RowTable table, List<RowTable.ValueColumn> values) {
    List<Column> columns = new ArrayList<>(table.keyColumns());
    values.forEach(value -> columns.add(value.column()));
    String isSame =
        table.keyColumns().stream()
            .map(key -> "t.%s = v.%1$s".formatted(key.quoted()))
            .collect(joining(" AND "));
    return """
        WITH v AS (SELECT %s)%s
        INSERT INTO %s (%s) SELECT %4$s FROM v WHERE NOT EXISTS (SELECT 1 FROM %3$s AS t WHERE %5$s)\
        """
        .formatted(
            columns.stream()
                .map(column -> parameter(column) + " AS " + column.quoted())
                .collect(joining(", ")),
            values.isEmpty() ? "" : ", updated AS (" + update(table, values, isSame) + ")",
            Names.quoted(table.name()),
            columns.stream().map(Column::quoted).collect(joining(", ")),
            isSame);
  }

  private static String update(RowTable table, List<RowTable.ValueColumn> values, String isSame) {
    return "UPDATE %s AS t SET %s FROM v WHERE %s"
        .formatted(
            Names.quoted(table.name()),
            values.stream().map(value -> value.assignment("v")).collect(joining(", ")),
            isSame);
  }

  private static String parameter(Column column) {
    return "?::text::" + column.type().sql();
  }
}
