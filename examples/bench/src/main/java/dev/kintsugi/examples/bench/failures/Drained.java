package dev.kintsugi.examples.bench.failures;

import dev.kintsugi.examples.bench.server.BenchDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;

/**
 * A drain, by the archive's times.
 *
 * @param records how many were archived
 * @param untilFirst seconds from the repair to the first
 * @param untilLast seconds from the repair to the last
 */
public record Drained(long records, double untilFirst, double untilLast) {

  private static final double SHORTEST = 0.001;

  private static final String SINCE =
      """
      SELECT count(*), COALESCE(EXTRACT(EPOCH FROM min(archived_at) - ?), 0),
        COALESCE(EXTRACT(EPOCH FROM max(archived_at) - ?), 0)
      FROM kintsugi_skip_archive WHERE archived_at >= ?
      """;

  /** All that was drained since the repair. */
  public static Drained since(BenchDatabase database, Timestamp repair) throws SQLException {
    try (Connection connection = database.login().connect();
        PreparedStatement select = connection.prepareStatement(SINCE)) {
      select.setTimestamp(1, repair);
      select.setTimestamp(2, repair);
      select.setTimestamp(3, repair);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return new Drained(row.getLong(1), row.getDouble(2), row.getDouble(3));
      }
    }
  }

  /** The time by the database's clock. */
  public static Timestamp now(BenchDatabase database) throws SQLException {
    try (Connection connection = database.login().connect();
        PreparedStatement select = connection.prepareStatement("SELECT clock_timestamp()");
        ResultSet row = select.executeQuery()) {
      row.next();
      return row.getTimestamp(1);
    }
  }

  /** Records a second, from the first to the last. */
  public double perSecond() {
    return records / Math.max(SHORTEST, untilLast - untilFirst);
  }

  /** Records a second, from the repair to the last. */
  public double perSecondFromTheRepair() {
    return records / Math.max(SHORTEST, untilLast);
  }
}
