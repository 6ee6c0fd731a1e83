package dev.kintsugi.examples.history.audit;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reads a read model's table as a whole, in the caller's transaction. */
final class TableReader {

  private static final int ROWS_A_FETCH = 10_000;

  private TableReader() {}

  static Table read(Connection connection, Shape shape) throws SQLException {
    SortedMap<String, List<Object>> rows = new TreeMap<>();
    try (Statement select = connection.createStatement()) {
      select.setFetchSize(ROWS_A_FETCH);
      try (ResultSet row = select.executeQuery(query(shape))) {
        while (row.next()) {
          List<Object> values = new ArrayList<>();
          for (int column = 0; column < shape.columns().size(); column++) {
            values.add(value(row.getObject(column + 2)));
          }
          rows.put(row.getString(1), values);
        }
      }
    }
    return new Table(shape, rows);
  }

  private static String query(Shape shape) {
    return "SELECT %s, %s FROM %s"
        .formatted(shape.key(), String.join(", ", shape.columns()), shape.table());
  }

  private static Object value(Object column) {
    return column instanceof Timestamp timestamp ? timestamp.toInstant() : column;
  }
}
