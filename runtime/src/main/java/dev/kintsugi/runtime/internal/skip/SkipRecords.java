package dev.kintsugi.runtime.internal.skip;

import static dev.kintsugi.runtime.internal.jdbc.StatementResults.AS_BEFORE;
import static dev.kintsugi.runtime.internal.jdbc.StatementResults.BY_INDEX;

import dev.kintsugi.runtime.internal.jdbc.Parameters;
import dev.kintsugi.runtime.internal.jdbc.StatementResults;
import dev.kintsugi.runtime.skip.SkipOutcome;
import dev.kintsugi.runtime.skip.SkipReason;
import dev.kintsugi.runtime.status.Generation;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The rows of {@code kintsugi_skip} and {@code kintsugi_skip_archive}. Every method works in the
 * caller's transaction, which the caller commits.
 *
 * <p>Locks are always taken in (projection, generation, ordering), so that a helping writer and a
 * drain can wait for each other and never deadlock on these rows.
 */
public final class SkipRecords {

  static final String COLUMNS =
      """
      s.projection, s.generation, s.persistence_id, s.sequence_number, s.ordering, s.reason,
      s.attempts, s.parked_at IS NOT NULL AS parked,
      s.next_attempt_at <= statement_timestamp() AS due, s.ctid::text
      """;

  private static final String INSERT =
      """
      INSERT INTO kintsugi_skip (projection, generation, persistence_id, sequence_number, ordering,
        reason, attempts, first_failed_at, next_attempt_at, last_error)
      SELECT n.projection, n.generation, n.persistence_id, n.sequence_number, n.ordering, n.reason,
        CASE WHEN n.error IS NULL THEN 0 ELSE 1 END,
        CASE WHEN n.error IS NULL THEN NULL ELSE clock_timestamp() END,
        CASE WHEN n.error IS NULL THEN '-infinity'
             ELSE clock_timestamp() + n.backoff_ms * INTERVAL '1 millisecond' END,
        n.error
      FROM (
        SELECT unnest(?::text[]) AS projection, unnest(?::int[]) AS generation,
          unnest(?::text[]) AS persistence_id, unnest(?::bigint[]) AS sequence_number,
          unnest(?::bigint[]) AS ordering, unnest(?::text[]) AS reason, unnest(?::text[]) AS error,
          unnest(?::bigint[]) AS backoff_ms) n
      """;

  private static final String LOCK_STREAMS =
      BY_INDEX
          + "SELECT "
          + COLUMNS
          + """
          FROM kintsugi_skip s
          WHERE s.persistence_id = ANY (?::text[])
            AND (s.projection, s.generation, s.persistence_id) IN (
              SELECT * FROM unnest(?::text[], ?::int[], ?::text[]))
          ORDER BY s.projection, s.generation, s.ordering
          FOR UPDATE OF s
          """
          + AS_BEFORE;

  /** The generation of an open record, as the index by ordering has it; see the DDL for why. */
  static final String OF_GENERATION = "(s.projection || '/' || s.generation::text) = ? ";

  private static final String LOCK_BATCH =
      BY_INDEX
          + "SELECT "
          + COLUMNS
          + "FROM kintsugi_skip s WHERE "
          + OF_GENERATION
          + """
          AND s.ordering > ?
            AND (SELECT TRUE FROM kintsugi_skip earlier
              WHERE earlier.projection = s.projection AND earlier.generation = s.generation
                AND earlier.persistence_id = s.persistence_id
                AND earlier.sequence_number < s.sequence_number AND earlier.ordering <= ?
              LIMIT 1) IS NULL
            AND (SELECT TRUE FROM kintsugi_skip held
              WHERE held.projection = s.projection AND held.generation = s.generation
                AND held.persistence_id = s.persistence_id
                AND held.sequence_number <= s.sequence_number
                AND held.first_failed_at IS NOT NULL
                AND (held.parked_at IS NOT NULL OR held.next_attempt_at > statement_timestamp())
              LIMIT 1) IS NULL
          ORDER BY s.ordering
          LIMIT ?
          FOR UPDATE OF s
          """
          + AS_BEFORE;

  private static final String ORDERINGS =
      BY_INDEX
          + "SELECT s.ordering FROM kintsugi_skip s WHERE "
          + OF_GENERATION
          + "AND s.ordering > ? AND s.ordering <= ?"
          + AS_BEFORE;

  /**
   * One statement, so that both answers are of one snapshot. What holds a stream back below the
   * range is found at once: the records of writers that were in flight at the replay's beginning
   * are few, all others there are the replay's own.
   */
  private static final String RECORDED =
      BY_INDEX
          + "SELECT s.ordering FROM kintsugi_skip s WHERE "
          + OF_GENERATION
          + "AND s.ordering > ? AND s.ordering <= ?"
          + " UNION ALL (SELECT NULL FROM kintsugi_skip s WHERE "
          + OF_GENERATION
          + "AND s.ordering <= ? AND s.reason IN ('FAILED', 'BEHIND') LIMIT 1)"
          + AS_BEFORE;

  private static final String FIRST =
      BY_INDEX
          + """
          SELECT u.stream, f.sequence_number FROM unnest(?::text[]) AS u(stream)
          CROSS JOIN LATERAL (
            SELECT s.sequence_number FROM kintsugi_skip s
            WHERE s.persistence_id = u.stream AND s.projection = ? AND s.generation = ?
            ORDER BY s.sequence_number LIMIT 1) f
          """
          + AS_BEFORE;

  private static final String ARCHIVED_COLUMNS =
      """
      projection, generation, persistence_id, sequence_number, ordering, reason, recorded_at, attempts,
      last_error
      """;

  private static final String ARCHIVE =
      BY_INDEX
          + """
          WITH moved AS (
            DELETE FROM kintsugi_skip WHERE ctid = ANY (?::text[]::tid[]) RETURNING *),
          archived AS (
            INSERT INTO kintsugi_skip_archive (%1$s, outcome, operation)
            SELECT %1$s, ?, ?::bigint FROM moved
            RETURNING 1)
          SELECT count(*) FROM archived
          """
              .formatted(ARCHIVED_COLUMNS)
          + AS_BEFORE;

  private static final String SUPERSEDE =
      """
      WITH moved AS (
        DELETE FROM kintsugi_skip s WHERE projection = ? AND generation < ?
          AND NOT EXISTS (SELECT FROM kintsugi_projection p
            WHERE p.projection = s.projection AND p.generation = s.generation)
        RETURNING *)
      INSERT INTO kintsugi_skip_archive (%1$s, outcome)
      SELECT %1$s, 'superseded' FROM moved
      """
          .formatted(ARCHIVED_COLUMNS);

  private static final String SUPERSEDE_ONE = SUPERSEDE.replace("generation < ?", "generation = ?");

  private static final String TAKE_OVER =
      "UPDATE kintsugi_skip s SET projection = ?, generation = ? WHERE " + OF_GENERATION;

  private static final String TAKE_OVER_DISCARDED =
      """
      UPDATE kintsugi_skip_archive SET projection = ?, generation = ?
      WHERE projection = ? AND generation = ? AND outcome = 'discarded'
      """;

  private static final String FAILED_AGAIN =
      """
      UPDATE kintsugi_skip s
      SET attempts = attempts + 1, reason = 'FAILED', last_error = ?,
        first_failed_at = COALESCE(first_failed_at, f.now),
        next_attempt_at = CASE WHEN f.now - COALESCE(first_failed_at, f.now) >= f.max_elapsed
          THEN '-infinity' ELSE f.now + ? * INTERVAL '1 millisecond' END,
        parked_at = CASE WHEN f.parks AND f.now - COALESCE(first_failed_at, f.now) >= f.max_elapsed
          THEN f.now END
      FROM (SELECT clock_timestamp() AS now, ? * INTERVAL '1 millisecond' AS max_elapsed,
        ?::boolean AS parks) f
      WHERE projection = ? AND generation = ? AND persistence_id = ? AND sequence_number = ?
      RETURNING f.now - first_failed_at >= f.max_elapsed, s.ctid::text
      """;

  private static final String COUNT =
      "SELECT count(*), count(*) FILTER (WHERE s.parked_at IS NOT NULL) FROM kintsugi_skip s WHERE "
          + OF_GENERATION;

  private static final String UNFINISHED =
      BY_INDEX
          + "SELECT EXISTS (SELECT 1 FROM kintsugi_skip s WHERE "
          + OF_GENERATION
          + """
          AND (SELECT TRUE FROM kintsugi_skip held
            WHERE held.projection = s.projection AND held.generation = s.generation
              AND held.persistence_id = s.persistence_id
              AND held.first_failed_at IS NOT NULL AND held.parked_at IS NOT NULL
            LIMIT 1) IS NULL)
          """
          + AS_BEFORE;

  private static final String ANY_OPEN =
      BY_INDEX
          + "SELECT EXISTS (SELECT 1 FROM kintsugi_skip s WHERE "
          + OF_GENERATION
          + ")"
          + AS_BEFORE;

  private static final String WITH_OPEN =
      BY_INDEX
          + """
          SELECT p.projection || '/' || p.generation::text FROM kintsugi_projection p
          WHERE (SELECT TRUE FROM kintsugi_skip s
            WHERE (s.projection || '/' || s.generation::text)
              = (p.projection || '/' || p.generation::text)
            LIMIT 1)
          """
          + AS_BEFORE;

  private static final String PARKED_HERE_ONLY =
      """
      SELECT DISTINCT s.persistence_id FROM kintsugi_skip s
      WHERE (s.projection || '/' || s.generation::text) = ? AND s.parked_at IS NOT NULL
        AND NOT EXISTS (SELECT FROM kintsugi_skip o WHERE o.persistence_id = s.persistence_id
          AND o.projection = s.projection AND o.generation = ? AND o.parked_at IS NOT NULL)
      ORDER BY 1 LIMIT 10
      """;

  private static final String SOME_STREAMS =
      """
      SELECT DISTINCT s.persistence_id FROM kintsugi_skip s
      WHERE (s.projection || '/' || s.generation::text) = ? AND s.parked_at IS NULL
      ORDER BY 1 LIMIT 10
      """;

  private SkipRecords() {}

  /** Some of the streams that are parked in one generation and not in another. */
  public static List<String> parkedHereOnly(
      Connection connection, Generation here, Generation other) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(PARKED_HERE_ONLY)) {
      select.setString(1, generationKey(here.projection(), here.generation()));
      select.setInt(2, other.generation());
      return texts(select);
    }
  }

  /** Some of the streams that recovery has yet to mend. */
  public static List<String> someStreams(Connection connection, String projection, int generation)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(SOME_STREAMS)) {
      select.setString(1, generationKey(projection, generation));
      return texts(select);
    }
  }

  private static List<String> texts(PreparedStatement select) throws SQLException {
    List<String> texts = new ArrayList<>();
    try (ResultSet row = select.executeQuery()) {
      while (row.next()) {
        texts.add(row.getString(1));
      }
    }
    return texts;
  }

  /** A generation as the index of {@code kintsugi_skip} by ordering has it: "files/3". */
  public static String generationKey(String projection, int generation) {
    return projection + "/" + generation;
  }

  /** A stream of a generation. */
  public record Stream(String projection, int generation, String persistenceId) {}

  /** How many records are open, and how many of these are parked. */
  public record Count(long open, long parked) {}

  /**
   * What came of noting a failed attempt.
   *
   * @param record stands for the row as it is now
   */
  public record FailedAgain(boolean givenUp, SkipRecord record) {}

  /** Writes new records in one statement. */
  public static void insert(Connection connection, List<NewSkip> skips) throws SQLException {
    if (skips.isEmpty()) {
      return;
    }
    try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
      new Parameters(insert)
          .texts(skips, NewSkip::projection)
          .integers(skips, NewSkip::generation)
          .texts(skips, NewSkip::persistenceId)
          .longs(skips, NewSkip::sequenceNumber)
          .longs(skips, NewSkip::ordering)
          .texts(skips, skip -> skip.reason().name())
          .texts(skips, SkipRecords::errorOf)
          .longs(skips, SkipRecords::backoffOf);
      int inserted = insert.executeUpdate();
      if (inserted != skips.size()) {
        throw new IllegalStateException(
            "%d skip records were to be written and %d were; the transaction is rolled back"
                .formatted(skips.size(), inserted));
      }
    }
  }

  private static @Nullable String errorOf(NewSkip skip) {
    return skip.failure() == null ? null : skip.failure().error();
  }

  private static long backoffOf(NewSkip skip) {
    return skip.failure() == null ? 0 : skip.failure().backoff().toMillis();
  }

  /**
   * Locks all open records of some streams and returns them in ordering. Waits for a drain that
   * holds them; those that it archived by then are not among them.
   */
  public static List<SkipRecord> lock(Connection connection, Collection<Stream> streams)
      throws SQLException {
    try (PreparedStatement lock = connection.prepareStatement(LOCK_STREAMS)) {
      new Parameters(lock)
          .texts(streams, Stream::persistenceId)
          .texts(streams, Stream::projection)
          .integers(streams, Stream::generation)
          .texts(streams, Stream::persistenceId);
      return read(StatementResults.byIndex(lock));
    }
  }

  /**
   * Locks the next records of a generation that a drain may take, in ordering: those of streams
   * that nothing parked or waiting holds up. Waits for whoever holds them.
   *
   * <p>A row may have changed while this waited for it, so the caller looks at {@link
   * SkipRecord#isOpenForAttempt()} of each before it goes on with that row's stream.
   */
  public static List<SkipRecord> lockBatch(
      Connection connection, String projection, int generation, long afterOrdering, int limit)
      throws SQLException {
    try (PreparedStatement lock = connection.prepareStatement(LOCK_BATCH)) {
      lock.setString(1, generationKey(projection, generation));
      lock.setLong(2, afterOrdering);
      lock.setLong(3, afterOrdering);
      lock.setInt(4, limit);
      return read(StatementResults.byIndex(lock));
    }
  }

  /** The orderings of a generation's open records, from behind one up to another. */
  public static Set<Long> orderings(
      Connection connection, String projection, int generation, long after, long upTo)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(ORDERINGS)) {
      select.setString(1, generationKey(projection, generation));
      select.setLong(2, after);
      select.setLong(3, upTo);
      ResultSet row = StatementResults.byIndex(select);
      Set<Long> orderings = new HashSet<>();
      while (row.next()) {
        orderings.add(row.getLong(1));
      }
      return orderings;
    }
  }

  /**
   * What a replay has to know of a range of history.
   *
   * @param orderings of the events that have records
   * @param anyHeldBack whether the replay has made records of events before the range: then later
   *     events of these streams may be in it
   */
  public record Recorded(Set<Long> orderings, boolean anyHeldBack) {}

  /** Which events of a range have records of a generation that is being replayed. */
  public static Recorded recorded(
      Connection connection, String projection, int generation, long after, long upTo)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(RECORDED)) {
      new Parameters(select)
          .text(generationKey(projection, generation))
          .bigint(after)
          .bigint(upTo)
          .text(generationKey(projection, generation))
          .bigint(after);
      ResultSet row = StatementResults.byIndex(select);
      Set<Long> orderings = new HashSet<>();
      boolean anyHeldBack = false;
      while (row.next()) {
        long ordering = row.getLong(1);
        if (row.wasNull()) {
          anyHeldBack = true;
        } else {
          orderings.add(ordering);
        }
      }
      return new Recorded(orderings, anyHeldBack);
    }
  }

  /** The sequence number of the first open record of each of these streams that has one. */
  public static Map<String, Long> first(
      Connection connection, String projection, int generation, Collection<String> persistenceIds)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(FIRST)) {
      new Parameters(select)
          .texts(persistenceIds, persistenceId -> persistenceId)
          .text(projection)
          .integer(generation);
      ResultSet row = StatementResults.byIndex(select);
      Map<String, Long> first = new HashMap<>();
      while (row.next()) {
        first.put(row.getString(1), row.getLong(2));
      }
      return first;
    }
  }

  static List<SkipRecord> read(ResultSet rows) throws SQLException {
    List<SkipRecord> records = new ArrayList<>();
    while (rows.next()) {
      records.add(
          new SkipRecord(
              rows.getString(1),
              rows.getInt(2),
              rows.getString(3),
              rows.getLong(4),
              rows.getLong(5),
              SkipReason.valueOf(rows.getString(6)),
              rows.getInt(7),
              rows.getBoolean(8),
              rows.getBoolean(9),
              rows.getString(10)));
    }
    return records;
  }

  /**
   * Moves records of one generation to the archive; the caller holds their locks.
   *
   * @throws IllegalStateException if one of them was not there: nothing of the transaction may
   *     stand
   */
  public static void archive(Connection connection, List<SkipRecord> records, SkipOutcome outcome)
      throws SQLException {
    archive(connection, records, outcome, null);
  }

  /**
   * The same, for somebody who asked for it.
   *
   * @param operation the operation by which these records are discarded
   */
  public static void discard(Connection connection, List<SkipRecord> records, long operation)
      throws SQLException {
    archive(connection, records, SkipOutcome.DISCARDED, operation);
  }

  private static void archive(
      Connection connection,
      List<SkipRecord> records,
      SkipOutcome outcome,
      @Nullable Long operation)
      throws SQLException {
    if (records.isEmpty()) {
      return;
    }
    SkipRecord first = records.get(0);
    try (PreparedStatement archive = connection.prepareStatement(ARCHIVE)) {
      new Parameters(archive)
          .texts(records, SkipRecord::row)
          .text(outcome.inTable())
          .text(operation == null ? null : operation.toString());
      ResultSet row = StatementResults.byIndex(archive);
      row.next();
      int moved = row.getInt(1);
      if (moved != records.size()) {
        throw new IllegalStateException(
            ("%d skip records of projection %s, generation %d were locked and %d could be archived as"
                    + " %s; somebody else took one, so the transaction is rolled back")
                .formatted(records.size(), first.projection(), first.generation(), moved, outcome));
      }
    }
  }

  /**
   * Archives the open records of all older generations that are no more, for whose events a replay
   * will come.
   */
  public static int supersedeOlder(Connection connection, String projection, int generation)
      throws SQLException {
    try (PreparedStatement supersede = connection.prepareStatement(SUPERSEDE)) {
      supersede.setString(1, projection);
      supersede.setInt(2, generation);
      return supersede.executeUpdate();
    }
  }

  /** Archives the open records of one generation as superseded. */
  public static int supersede(Connection connection, String projection, int generation)
      throws SQLException {
    try (PreparedStatement supersede = connection.prepareStatement(SUPERSEDE_ONE)) {
      supersede.setString(1, projection);
      supersede.setInt(2, generation);
      return supersede.executeUpdate();
    }
  }

  /**
   * Makes a generation's open records another's, as they are: their order, what failed, and what is
   * parked. So it does those that say which events its read model does without by name. To be
   * called when no transaction acts on the older generation any more; then each event has a record
   * of one of the two at most.
   *
   * @return how many open records there were
   */
  public static int takeOver(
      Connection connection,
      String fromProjection,
      int fromGeneration,
      String projection,
      int generation)
      throws SQLException {
    int open;
    try (PreparedStatement update = connection.prepareStatement(TAKE_OVER)) {
      update.setString(1, projection);
      update.setInt(2, generation);
      update.setString(3, generationKey(fromProjection, fromGeneration));
      open = update.executeUpdate();
    }
    try (PreparedStatement update = connection.prepareStatement(TAKE_OVER_DISCARDED)) {
      update.setString(1, projection);
      update.setInt(2, generation);
      update.setString(3, fromProjection);
      update.setInt(4, fromGeneration);
      update.executeUpdate();
    }
    return open;
  }

  /**
   * Notes a failed attempt. The record is tried again after the backoff, or is to be given up if it
   * has failed for as long as {@code maxElapsed}. All times are the database's.
   *
   * @param parks whether giving it up means to park it; if not, that is left to the caller
   * @return whether it is given up, and the record as it is now
   */
  public static FailedAgain failedAgain(
      Connection connection,
      SkipRecord record,
      String error,
      Duration backoff,
      Duration maxElapsed,
      boolean parks)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(FAILED_AGAIN)) {
      update.setString(1, error);
      update.setLong(2, backoff.toMillis());
      update.setLong(3, maxElapsed.toMillis());
      update.setBoolean(4, parks);
      update.setString(5, record.projection());
      update.setInt(6, record.generation());
      update.setString(7, record.persistenceId());
      update.setLong(8, record.sequenceNumber());
      try (ResultSet row = update.executeQuery()) {
        if (!row.next()) {
          throw new IllegalStateException(
              "the locked skip record " + record + " is gone; the transaction is rolled back");
        }
        return new FailedAgain(row.getBoolean(1), record.storedAt(row.getString(2)));
      }
    }
  }

  /** Counts the open records of a generation. */
  public static Count count(Connection connection, String projection, int generation)
      throws SQLException {
    try (PreparedStatement count = connection.prepareStatement(COUNT)) {
      count.setString(1, generationKey(projection, generation));
      try (ResultSet row = count.executeQuery()) {
        row.next();
        return new Count(row.getLong(1), row.getLong(2));
      }
    }
  }

  /** Whether records of a generation are open. */
  public static boolean anyOpen(Connection connection, String projection, int generation)
      throws SQLException {
    return isSo(connection, ANY_OPEN, projection, generation);
  }

  /** The generations that have open records, by their keys: a look into the index for each. */
  public static Set<String> generationsWithOpen(Connection connection) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(WITH_OPEN)) {
      ResultSet row = StatementResults.byIndex(select);
      Set<String> projections = new HashSet<>();
      while (row.next()) {
        projections.add(row.getString(1));
      }
      return projections;
    }
  }

  /** Whether records are open on streams that hold no parked record. */
  public static boolean anyUnfinished(Connection connection, String projection, int generation)
      throws SQLException {
    return isSo(connection, UNFINISHED, projection, generation);
  }

  private static boolean isSo(
      Connection connection, String question, String projection, int generation)
      throws SQLException {
    try (PreparedStatement exists = connection.prepareStatement(question)) {
      exists.setString(1, generationKey(projection, generation));
      ResultSet row = StatementResults.byIndex(exists);
      row.next();
      return row.getBoolean(1);
    }
  }
}
