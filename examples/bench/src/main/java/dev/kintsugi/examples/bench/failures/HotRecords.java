package dev.kintsugi.examples.bench.failures;

import dev.kintsugi.examples.bench.server.BenchDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;

/**
 * The hot stream's records, all of which are archived by now.
 *
 * @param records how many there were
 * @param highestRecorded the highest sequence number among them
 * @param lastRecorded the sequence number of the one that was made last
 * @param highest the stream's highest sequence number
 * @param eventsSince how many events the journal has of numbers above all that were recorded
 * @param secondsBehind from the repair until the last record was made
 */
record HotRecords(
    long records,
    long highestRecorded,
    long lastRecorded,
    long highest,
    long eventsSince,
    double secondsBehind) {

  private static final String RECORDS =
      """
      WITH recorded AS (
        SELECT count(*) AS records, COALESCE(max(sequence_number), 0) AS highest,
          COALESCE((array_agg(sequence_number ORDER BY recorded_at DESC))[1], 0) AS last,
          COALESCE(EXTRACT(EPOCH FROM max(recorded_at) - ?), 0) AS seconds
        FROM kintsugi_skip_archive WHERE persistence_id = ?)
      SELECT r.records, r.highest, r.last, max(j.sequence_number),
        count(*) FILTER (WHERE j.sequence_number > r.highest), greatest(r.seconds, 0)
      FROM recorded r CROSS JOIN event_journal j WHERE j.persistence_id = ?
      GROUP BY r.records, r.highest, r.last, r.seconds
      """;

  /** Reads them. */
  static HotRecords of(BenchDatabase database, Timestamp repair) throws SQLException {
    try (Connection connection = database.login().connect();
        PreparedStatement select = connection.prepareStatement(RECORDS)) {
      select.setTimestamp(1, repair);
      select.setString(2, HotWriters.HOT);
      select.setString(3, HotWriters.HOT);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return new HotRecords(
            row.getLong(1),
            row.getLong(2),
            row.getLong(3),
            row.getLong(4),
            row.getLong(5),
            row.getDouble(6));
      }
    }
  }
}
