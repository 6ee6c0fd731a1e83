package dev.kintsugi.examples.bench.cluster.followed;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;

/** How far projections that follow have come, on a connection that commits by itself. */
record CursorRows(Connection connection) {

  private static final String POSITIONS = "SELECT projection, position FROM kintsugi_cursor";

  private static final String LACKING =
      """
      SELECT count(*) FROM kintsugi_projection p
      LEFT JOIN kintsugi_cursor c USING (projection, generation)
      WHERE p.status <> 'active'
        AND (c.position >= (SELECT max(ordering) FROM event_journal)) IS NOT TRUE
      """;

  /** By projection. */
  Map<String, Long> positions() throws SQLException {
    Map<String, Long> positions = new HashMap<>();
    try (PreparedStatement select = connection.prepareStatement(POSITIONS);
        ResultSet row = select.executeQuery()) {
      while (row.next()) {
        positions.put(row.getString(1), row.getLong(2));
      }
    }
    return positions;
  }

  /** How many have not come to the journal's end, or do not even follow yet. */
  long lacking() throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(LACKING);
        ResultSet row = select.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }
}
