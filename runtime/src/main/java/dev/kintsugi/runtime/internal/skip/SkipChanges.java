package dev.kintsugi.runtime.internal.skip;

import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.skip.SkipId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/**
 * What people change about open skip records, in the caller's transaction. A record that a drain or
 * a writer has in hand is passed over and not waited for: whoever has it may be applying it.
 */
public final class SkipChanges {

  private static final String LOCK_FREE =
      "SELECT " + SkipRecords.COLUMNS + "FROM kintsugi_skip s WHERE ";

  private static final String LOCK_ONE =
      LOCK_FREE + SkipRecords.OF_GENERATION + "AND s.ordering = ? FOR UPDATE OF s SKIP LOCKED";

  private static final String LAST =
      "SELECT max(s.ordering) FROM kintsugi_skip s WHERE " + SkipRecords.OF_GENERATION;

  private static final String RETRY =
      """
      UPDATE kintsugi_skip s
      SET parked_at = NULL, next_attempt_at = '-infinity',
        first_failed_at = CASE WHEN attempts > 0 THEN clock_timestamp() END
      WHERE (s.projection || '/' || s.generation::text) = ? AND s.ordering = ANY (?)
      """;

  private SkipChanges() {}

  /** Locks a record, if it is open and nobody has it in hand. */
  public static Optional<SkipRecord> lockIfFree(Connection connection, String projection, SkipId id)
      throws SQLException {
    try (PreparedStatement lock = connection.prepareStatement(LOCK_ONE)) {
      lock.setString(1, SkipRecords.generationKey(projection, id.generation()));
      lock.setLong(2, id.ordering());
      try (ResultSet rows = lock.executeQuery()) {
        return SkipRecords.read(rows).stream().findFirst();
      }
    }
  }

  /** Locks the next of those that a filter means and that nobody has in hand, in ordering. */
  public static List<SkipRecord> lockFree(
      Connection connection,
      String projection,
      int generation,
      SkipFilter filter,
      long after,
      long upTo,
      int limit)
      throws SQLException {
    FilterCondition condition =
        new FilterCondition(projection, generation, filter).after(after).upTo(upTo);
    try (PreparedStatement lock =
        connection.prepareStatement(
            LOCK_FREE
                + condition.sql()
                + " ORDER BY s.ordering LIMIT ? FOR UPDATE OF s SKIP LOCKED")) {
      lock.setInt(condition.bind(lock), limit);
      try (ResultSet rows = lock.executeQuery()) {
        return SkipRecords.read(rows);
      }
    }
  }

  /** The highest ordering among a generation's open records; 0 if there is none. */
  public static long lastOrdering(Connection connection, String projection, int generation)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(LAST)) {
      select.setString(1, SkipRecords.generationKey(projection, generation));
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }
  }

  /**
   * Has locked records of one generation tried at once, parked ones among them; those that failed
   * get the whole of their policy's time again.
   *
   * @throws IllegalStateException if one of them was not there
   */
  public static void retry(Connection connection, List<SkipRecord> records) throws SQLException {
    if (records.isEmpty()) {
      return;
    }
    SkipRecord first = records.get(0);
    try (PreparedStatement update = connection.prepareStatement(RETRY)) {
      update.setString(1, SkipRecords.generationKey(first.projection(), first.generation()));
      update.setArray(
          2,
          connection.createArrayOf("bigint", records.stream().map(SkipRecord::ordering).toArray()));
      int updated = update.executeUpdate();
      if (updated != records.size()) {
        throw new IllegalStateException(
            "%d skip records of projection %s were locked to be retried, and %d were there; the transaction is rolled back"
                .formatted(records.size(), first.projection(), updated));
      }
    }
  }
}
