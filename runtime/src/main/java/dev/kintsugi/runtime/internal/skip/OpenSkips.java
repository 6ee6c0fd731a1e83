package dev.kintsugi.runtime.internal.skip;

import dev.kintsugi.runtime.skip.ArchivedSkip;
import dev.kintsugi.runtime.skip.OpenSkip;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.skip.SkipId;
import dev.kintsugi.runtime.skip.SkipOutcome;
import dev.kintsugi.runtime.skip.SkipReason;
import dev.kintsugi.runtime.skip.SkipSummary;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Looks at open skip records for people, and at what became of others. It locks nothing; see {@link
 * SkipChanges} for that. In the caller's transaction.
 */
public final class OpenSkips {

  private static final String FIELDS =
      """
      SELECT s.projection, s.generation, s.ordering, s.persistence_id, s.sequence_number, s.reason,
        s.recorded_at, s.attempts, s.first_failed_at,
        CASE WHEN s.parked_at IS NULL AND isfinite(s.next_attempt_at) THEN s.next_attempt_at END,
        s.parked_at, split_part(COALESCE(s.last_error, ''), E'\\n', 1)
      """;

  private static final String COLUMNS = FIELDS + "FROM kintsugi_skip s WHERE ";

  private static final String ONE = SkipRecords.OF_GENERATION + "AND s.ordering = ?";

  private static final String FIND = COLUMNS + ONE;

  /** In one statement: with the next the record may be gone. */
  private static final String IN_FULL =
      FIELDS
          + """
          , s.last_error,
            (SELECT count(*) FROM kintsugi_skip later
              WHERE later.projection = s.projection AND later.generation = s.generation
                AND later.persistence_id = s.persistence_id
                AND later.sequence_number > s.sequence_number)
          FROM kintsugi_skip s WHERE
          """
          + ONE;

  private static final String ARCHIVED =
      """
      SELECT outcome, archived_at, attempts, operation FROM kintsugi_skip_archive
      WHERE projection = ? AND generation = ? AND ordering = ?
      """;

  private static final String SUMMARY =
      """
      SELECT s.reason, count(*), count(*) FILTER (WHERE s.parked_at IS NOT NULL),
        EXTRACT(EPOCH FROM clock_timestamp() - min(s.recorded_at)) * 1000
      FROM kintsugi_skip s WHERE
      """;

  private static final String SUMMARIES =
      """
      SELECT s.reason, count(*), count(*) FILTER (WHERE s.parked_at IS NOT NULL),
        EXTRACT(EPOCH FROM clock_timestamp() - min(s.recorded_at)) * 1000, s.projection
      FROM kintsugi_skip s JOIN kintsugi_projection p
        ON p.projection = s.projection AND p.generation = s.generation AND p.serving
      GROUP BY s.projection, s.reason
      """;

  private OpenSkips() {}

  /** Those that a filter means, in ordering, from behind one on. */
  public static List<OpenSkip> page(
      Connection connection,
      String projection,
      int generation,
      SkipFilter filter,
      long afterOrdering,
      int limit)
      throws SQLException {
    FilterCondition condition =
        new FilterCondition(projection, generation, filter).after(afterOrdering);
    try (PreparedStatement select =
        connection.prepareStatement(COLUMNS + condition.sql() + " ORDER BY s.ordering LIMIT ?")) {
      select.setInt(condition.bind(select), limit);
      return read(select);
    }
  }

  /** One of them. */
  public static Optional<OpenSkip> find(Connection connection, String projection, SkipId id)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(FIND)) {
      bind(select, projection, id);
      return read(select).stream().findFirst();
    }
  }

  /**
   * One with all that is known of it.
   *
   * @param error its last error with its stack; empty if it never failed
   * @param behind how many later records of its stream wait behind it
   */
  public record InFull(OpenSkip record, Optional<String> error, long behind) {}

  /** One of them with all that is known of it, as at one time. */
  public static Optional<InFull> inFull(Connection connection, String projection, SkipId id)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(IN_FULL)) {
      bind(select, projection, id);
      try (ResultSet row = select.executeQuery()) {
        return row.next()
            ? Optional.of(
                new InFull(readOne(row), Optional.ofNullable(row.getString(13)), row.getLong(14)))
            : Optional.empty();
      }
    }
  }

  private static void bind(PreparedStatement select, String projection, SkipId id)
      throws SQLException {
    select.setString(1, SkipRecords.generationKey(projection, id.generation()));
    select.setLong(2, id.ordering());
  }

  /** What became of a record, as long as the archive keeps it. */
  public static Optional<ArchivedSkip> archived(Connection connection, String projection, SkipId id)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(ARCHIVED)) {
      select.setString(1, projection);
      select.setInt(2, id.generation());
      select.setLong(3, id.ordering());
      try (ResultSet row = select.executeQuery()) {
        return row.next()
            ? Optional.of(
                new ArchivedSkip(
                    id,
                    SkipOutcome.ofTable(row.getString(1)),
                    row.getTimestamp(2).toInstant(),
                    row.getInt(3),
                    Optional.ofNullable(row.getObject(4, Long.class))))
            : Optional.empty();
      }
    }
  }

  /** Counts those that a filter means. */
  public static SkipSummary summary(
      Connection connection, String projection, int generation, SkipFilter filter)
      throws SQLException {
    FilterCondition condition = new FilterCondition(projection, generation, filter);
    try (PreparedStatement select =
        connection.prepareStatement(SUMMARY + condition.sql() + " GROUP BY s.reason")) {
      condition.bind(select);
      SkipSummary summary = SkipSummary.NONE;
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          summary = summary.plus(ofReason(row));
        }
      }
      return summary;
    }
  }

  /** Counts those of the newest generation of each projection that has some. */
  public static Map<String, SkipSummary> summaries(Connection connection) throws SQLException {
    Map<String, SkipSummary> summaries = new HashMap<>();
    try (PreparedStatement select = connection.prepareStatement(SUMMARIES);
        ResultSet row = select.executeQuery()) {
      while (row.next()) {
        summaries.merge(row.getString(5), ofReason(row), SkipSummary::plus);
      }
    }
    return summaries;
  }

  private static SkipSummary ofReason(ResultSet row) throws SQLException {
    SkipReason reason = SkipReason.valueOf(row.getString(1));
    return new SkipSummary(
        row.getLong(2),
        row.getLong(3),
        Map.of(reason, row.getLong(2)),
        Map.of(reason, Duration.ofMillis(Math.max(0, row.getLong(4)))));
  }

  private static List<OpenSkip> read(PreparedStatement select) throws SQLException {
    List<OpenSkip> records = new ArrayList<>();
    try (ResultSet row = select.executeQuery()) {
      while (row.next()) {
        records.add(readOne(row));
      }
    }
    return records;
  }

  private static OpenSkip readOne(ResultSet row) throws SQLException {
    return new OpenSkip(
        row.getString(1),
        new SkipId(row.getInt(2), row.getLong(3)),
        row.getString(4),
        row.getLong(5),
        SkipReason.valueOf(row.getString(6)),
        row.getTimestamp(7).toInstant(),
        row.getInt(8),
        instant(row, 9),
        instant(row, 10),
        instant(row, 11),
        row.getString(12));
  }

  private static Optional<Instant> instant(ResultSet row, int column) throws SQLException {
    return Optional.ofNullable(row.getTimestamp(column)).map(Timestamp::toInstant);
  }
}
