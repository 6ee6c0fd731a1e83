package dev.kintsugi.runtime.internal.event;

import dev.kintsugi.runtime.status.WaitingDeletions;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;

/** Counts the events that the application has deleted and that stay, as rows say. */
public final class WaitingDeletionRows {

  private static final String READ =
      """
      SELECT COALESCE(sum(events), 0), count(*),
        COALESCE((array_agg(persistence_id ORDER BY requested_at))[1:10], '{}')
      FROM kintsugi_deletion d
      WHERE EXISTS (SELECT FROM kintsugi_rebuild r JOIN kintsugi_projection p USING (projection, generation)
          WHERE r.projection = ? AND r.phase IN ('fence', 'replay'))
        OR EXISTS (SELECT FROM kintsugi_skip s WHERE s.persistence_id = d.persistence_id
          AND s.projection = ? AND s.sequence_number <= d.up_to)
        OR EXISTS (SELECT FROM %1$s e WHERE e.%2$s = d.persistence_id AND e.%3$s <= d.up_to
          AND NOT e.%4$s AND e.%5$s > (SELECT min(position) FROM kintsugi_cursor WHERE projection = ?))
      """;

  private static final String READ_ALL =
      """
      SELECT COALESCE(sum(events), 0), count(*),
        ARRAY(SELECT persistence_id FROM kintsugi_deletion ORDER BY requested_at LIMIT 10)
      FROM kintsugi_deletion
      """;

  private WaitingDeletionRows() {}

  /** Those that wait for whichever projection, in the caller's transaction. */
  public static WaitingDeletions readAll(Connection connection) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(READ_ALL)) {
      return read(select);
    }
  }

  /** Those that wait for a projection, in the caller's transaction. */
  public static WaitingDeletions read(
      Connection connection, EventJournal journal, String projection) throws SQLException {
    String sql =
        READ.formatted(
            journal.table(),
            journal.column(EventJournal.Column.PERSISTENCE_ID),
            journal.column(EventJournal.Column.SEQUENCE_NUMBER),
            journal.column(EventJournal.Column.DELETED),
            journal.column(EventJournal.Column.ORDERING));
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setString(1, projection);
      select.setString(2, projection);
      select.setString(3, projection);
      return read(select);
    }
  }

  private static WaitingDeletions read(PreparedStatement select) throws SQLException {
    try (ResultSet row = select.executeQuery()) {
      row.next();
      Array streams = row.getArray(3);
      return new WaitingDeletions(
          row.getLong(1), row.getLong(2), List.of((String[]) streams.getArray()));
    }
  }
}
