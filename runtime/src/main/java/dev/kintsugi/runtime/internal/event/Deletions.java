package dev.kintsugi.runtime.internal.event;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Deletes events that the application wants deleted, once nothing needs them any more. An event is
 * needed while a skip record of it is open, of whichever generation, while a rebuild has yet to
 * replay it, and while a projection that follows has yet to come to it. What can't be deleted at
 * once is on record in {@code kintsugi_deletion}: actors don't see it any more, and it is deleted
 * when the last of these has ended.
 *
 * <p>The transaction takes its id first, and then reads all rows in one snapshot, those of {@code
 * kintsugi_projection} among them (DESIGN 5), as somebody who acts on a status. So nothing can need
 * one of the events later: a writer records events of its own only, a replay moves its checkpoint
 * and records what failed in one transaction, and the fence of a rebuild that begins after that
 * snapshot waits for the deletion.
 *
 * <p>Every method works in the caller's transaction, which has read nothing before.
 */
final class Deletions {

  /**
   * How far the deletion goes, and the first of these events that is needed. No rebuild replays, as
   * a rule, and nothing follows, and the events are not looked at. One that follows once it is
   * built, or is built beside, also needs what is beyond its replay.
   */
  private static final String LOOK =
      """
      SELECT pg_current_xact_id();
      SELECT h.last,
        (SELECT min(s.sequence_number) FROM kintsugi_skip s
          WHERE s.persistence_id = h.stream AND s.sequence_number <= h.last),
        CASE WHEN EXISTS (SELECT FROM kintsugi_rebuild r
            JOIN kintsugi_projection p USING (projection, generation) WHERE r.phase IN ('fence', 'replay'))
          THEN (SELECT min(e.%2$s) FROM %1$s e JOIN kintsugi_rebuild r ON r.phase = 'fence'
                OR r.phase = 'replay' AND e.%5$s > r.checkpoint AND (e.%5$s <= r.replay_to OR r.follows OR r.beside)
              JOIN kintsugi_projection p USING (projection, generation)
            WHERE e.%3$s = h.stream AND e.%2$s <= h.last AND NOT e.%4$s)
        END,
        CASE WHEN EXISTS (SELECT FROM kintsugi_cursor)
          THEN (SELECT min(e.%2$s) FROM %1$s e
            WHERE e.%3$s = h.stream AND e.%2$s <= h.last AND NOT e.%4$s
              AND e.%5$s > (SELECT min(position) FROM kintsugi_cursor))
        END
      FROM (SELECT ?::text AS stream, max(%2$s) AS last FROM %1$s
        WHERE %3$s = ? AND %2$s <= GREATEST(?,
          (SELECT up_to FROM kintsugi_deletion WHERE persistence_id = ?))) h
      """;

  private static final String KEEP =
      """
      INSERT INTO kintsugi_deletion (persistence_id, up_to, events)
      SELECT ?, ?, count(*) FROM %1$s WHERE %3$s = ? AND %2$s <= ? AND NOT %4$s
      ON CONFLICT (persistence_id) DO UPDATE
      SET up_to = excluded.up_to, events = excluded.events
      WHERE kintsugi_deletion.up_to <= excluded.up_to
      """;

  private static final String FORGET =
      "DELETE FROM kintsugi_deletion WHERE persistence_id = ? AND up_to <= ?";

  /**
   * Those of which all is free, the oldest first. They are looked at once more each, as this looks
   * before it has them locked.
   */
  private static final String FREE =
      """
      SELECT persistence_id, up_to FROM kintsugi_deletion d
      WHERE NOT EXISTS (SELECT FROM kintsugi_rebuild r
          JOIN kintsugi_projection p USING (projection, generation) WHERE r.phase IN ('fence', 'replay'))
        AND NOT EXISTS (SELECT FROM kintsugi_skip s
          WHERE s.persistence_id = d.persistence_id AND s.sequence_number <= d.up_to)
        AND NOT EXISTS (SELECT FROM %1$s e
          WHERE e.%3$s = d.persistence_id AND e.%2$s <= d.up_to AND NOT e.%4$s
            AND e.%5$s > (SELECT min(position) FROM kintsugi_cursor))
      ORDER BY requested_at LIMIT ? FOR UPDATE OF d SKIP LOCKED
      """;

  private final String look;
  private final String free;
  private final String highestUpTo;
  private final String deleteBelow;
  private final String markDeleted;
  private final String keep;

  Deletions(JournalTables names) {
    look = with(names, LOOK);
    free = with(names, "SELECT pg_current_xact_id(); " + FREE);
    highestUpTo = with(names, "SELECT max(%2$s) FROM %1$s WHERE %3$s = ? AND %2$s <= ?");
    deleteBelow = with(names, "DELETE FROM %1$s WHERE %3$s = ? AND %2$s < ?");
    markDeleted = with(names, "UPDATE %1$s SET %4$s = TRUE WHERE %3$s = ? AND %2$s = ?");
    keep = with(names, KEEP);
  }

  private static String with(JournalTables names, String sql) {
    return sql.formatted(
        names.table(),
        names.sequenceNumber(),
        names.persistenceId(),
        names.deleted(),
        names.ordering());
  }

  /**
   * Deletes what can be deleted of a stream up to a number, and keeps the rest of it on record. The
   * highest event that is deleted stays and is marked, as Pekko Persistence JDBC does it, so that
   * the stream's highest sequence number never goes down.
   */
  void upTo(Connection connection, String persistenceId, long upTo) throws SQLException {
    Look seen = look(connection, persistenceId, upTo);
    long last =
        seen.firstNeeded() > seen.last()
            ? seen.last()
            : number(connection, highestUpTo, persistenceId, seen.firstNeeded() - 1);
    if (last > 0) {
      execute(connection, deleteBelow, persistenceId, last);
      execute(connection, markDeleted, persistenceId, last);
      RejectedNumbers.delete(connection, persistenceId, last);
    }
    if (last < seen.last()) {
      keep(connection, persistenceId, seen.last());
    } else {
      execute(connection, FORGET, persistenceId, last);
    }
  }

  /** Whether a deletion is on record: mostly none is, and nobody need take an id or a lock. */
  boolean anyWaits(Connection connection) throws SQLException {
    try (PreparedStatement select =
            connection.prepareStatement("SELECT EXISTS (SELECT FROM kintsugi_deletion)");
        ResultSet row = select.executeQuery()) {
      return row.next() && row.getBoolean(1);
    }
  }

  /**
   * Carries out deletions that had to wait, as far as nothing needs their events any more.
   *
   * @param streams how many of them at most
   * @return how many there were; if it is less, no other is free now
   */
  int carryOut(Connection connection, int streams) throws SQLException {
    record Kept(String persistenceId, long upTo) {}
    List<Kept> kepts = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(free)) {
      select.setInt(1, streams);
      select.execute();
      select.getMoreResults();
      try (ResultSet row = select.getResultSet()) {
        while (row.next()) {
          kepts.add(new Kept(row.getString(1), row.getLong(2)));
        }
      }
    }
    for (Kept kept : kepts) {
      upTo(connection, kept.persistenceId(), kept.upTo());
    }
    return kepts.size();
  }

  /**
   * What a deletion comes upon.
   *
   * @param last the highest number that it is about; 0 if there is no event up to it
   * @param firstNeeded the lowest number that is needed
   */
  private record Look(long last, long firstNeeded) {}

  private Look look(Connection connection, String persistenceId, long upTo) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(look)) {
      select.setString(1, persistenceId);
      select.setString(2, persistenceId);
      select.setLong(3, upTo);
      select.setString(4, persistenceId);
      select.execute();
      select.getMoreResults();
      try (ResultSet row = select.getResultSet()) {
        row.next();
        long last = row.getLong(1);
        long open = row.getLong(2);
        boolean isOpen = !row.wasNull();
        long toReplay = row.getLong(3);
        boolean isToReplay = !row.wasNull();
        long toFollow = row.getLong(4);
        boolean isToFollow = !row.wasNull();
        return new Look(
            last,
            Math.min(
                isOpen ? open : Long.MAX_VALUE,
                Math.min(
                    isToReplay ? toReplay : Long.MAX_VALUE,
                    isToFollow ? toFollow : Long.MAX_VALUE)));
      }
    }
  }

  private void keep(Connection connection, String persistenceId, long upTo) throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement(keep)) {
      insert.setString(1, persistenceId);
      insert.setLong(2, upTo);
      insert.setString(3, persistenceId);
      insert.setLong(4, upTo);
      insert.executeUpdate();
    }
  }

  private static void execute(
      Connection connection, String sql, String persistenceId, long sequenceNumber)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setString(1, persistenceId);
      statement.setLong(2, sequenceNumber);
      statement.executeUpdate();
    }
  }

  private static long number(
      Connection connection, String sql, String persistenceId, long sequenceNumber)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setString(1, persistenceId);
      select.setLong(2, sequenceNumber);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }
  }
}
