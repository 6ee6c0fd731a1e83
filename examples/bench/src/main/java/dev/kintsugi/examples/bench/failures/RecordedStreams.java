package dev.kintsugi.examples.bench.failures;

import dev.kintsugi.examples.bench.server.BenchDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.function.Predicate;

/** Which streams ever had a skip record, open or archived, and how many. */
final class RecordedStreams {

  private static final String EVER =
      """
      SELECT persistence_id, count(*) FROM (
        SELECT projection, persistence_id FROM kintsugi_skip UNION ALL
        SELECT projection, persistence_id FROM kintsugi_skip_archive) records
      WHERE projection = ? GROUP BY persistence_id
      """;

  private RecordedStreams() {}

  /** How many records of a projection there ever were of some streams. */
  static long records(BenchDatabase database, String projection, Predicate<String> streams)
      throws SQLException {
    try (Connection connection = database.login().connect();
        PreparedStatement select = connection.prepareStatement(EVER)) {
      select.setString(1, projection);
      try (ResultSet row = select.executeQuery()) {
        long records = 0;
        while (row.next()) {
          if (streams.test(row.getString(1))) {
            records += row.getLong(2);
          }
        }
        return records;
      }
    }
  }
}
