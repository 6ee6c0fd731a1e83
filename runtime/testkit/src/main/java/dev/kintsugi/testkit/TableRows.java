package dev.kintsugi.testkit;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The rows of a table, in no order, as PostgreSQL shows their values.
 *
 * @param counts how often each row is there; a table without a primary key may have duplicates
 */
record TableRows(Map<List<String>, Integer> counts) {

  private static final int ROWS_SHOWN = 5;

  /** Reads a table whose name is quoted where it must be. */
  static TableRows read(Connection connection, String table) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT * FROM " + table)) {
      Map<List<String>, Integer> counts = new HashMap<>();
      while (row.next()) {
        counts.merge(cells(row), 1, Integer::sum);
      }
      return new TableRows(counts);
    }
  }

  private static List<String> cells(ResultSet row) throws SQLException {
    ResultSetMetaData columns = row.getMetaData();
    List<String> cells = new ArrayList<>();
    for (int i = 1; i <= columns.getColumnCount(); i++) {
      String value = row.getString(i);
      cells.add(columns.getColumnName(i) + (value == null ? " is null" : "=" + value));
    }
    return cells;
  }

  /** The rows that are here and not there, or more often, a line each and sorted. */
  List<String> without(TableRows other) {
    List<String> more = new ArrayList<>();
    counts.forEach(
        (cells, count) -> {
          int extra = count - other.counts().getOrDefault(cells, 0);
          for (int i = 0; i < extra; i++) {
            more.add(String.join(", ", cells));
          }
        });
    more.sort(null);
    return more;
  }

  /** The first of some rows, each on a line behind the words. */
  static String lines(String words, List<String> rows) {
    StringBuilder lines = new StringBuilder();
    rows.stream()
        .limit(ROWS_SHOWN)
        .forEach(row -> lines.append("  %s: %s%n".formatted(words, row)));
    if (rows.size() > ROWS_SHOWN) {
      lines.append("  %s: … and %d more%n".formatted(words, rows.size() - ROWS_SHOWN));
    }
    return lines.toString();
  }
}
