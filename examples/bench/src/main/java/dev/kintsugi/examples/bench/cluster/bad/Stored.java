package dev.kintsugi.examples.bench.cluster.bad;

import dev.kintsugi.examples.bench.server.BenchDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * All rows of the tables that a request could change.
 *
 * @param rows a hash of them, by table
 */
record Stored(Map<String, String> rows) {

  private static final List<String> TABLES =
      List.of(
          "event_journal",
          "kintsugi_projection",
          "kintsugi_rebuild",
          "kintsugi_skip",
          "kintsugi_skip_archive",
          "kintsugi_operation",
          "kintsugi_request",
          "kintsugi_subscription",
          "kintsugi_table",
          "kintsugi_verification");

  private static final String HASH =
      "SELECT count(*) || ' rows, ' || md5(COALESCE(string_agg(t::text, '\n' ORDER BY t::text), '')) FROM %s t";

  static Stored in(BenchDatabase database) throws SQLException {
    Map<String, String> rows = new TreeMap<>();
    try (Connection connection = database.login().connect();
        Statement statement = connection.createStatement()) {
      for (String table : TABLES) {
        try (ResultSet row = statement.executeQuery(HASH.formatted(table))) {
          row.next();
          rows.put(table, row.getString(1));
        }
      }
    }
    return new Stored(rows);
  }

  /** The tables that are not as they were. */
  List<String> changedSince(Stored before) {
    return rows.keySet().stream()
        .filter(table -> !Objects.equals(rows.get(table), before.rows().get(table)))
        .toList();
  }
}
