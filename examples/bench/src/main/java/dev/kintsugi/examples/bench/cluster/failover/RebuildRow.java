package dev.kintsugi.examples.bench.cluster.failover;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * How a rebuild stands, as its row in the database says.
 *
 * @param toReplay how many events; 0 before that is known
 * @param open skip records of it
 * @param at when this was read, by the database's clock as when it ended
 */
record RebuildRow(
    String phase,
    long replayed,
    long toReplay,
    long drained,
    long open,
    Instant at,
    Optional<Instant> endedAt) {

  private static final String QUERY =
      """
      SELECT phase, replayed, coalesce(events_to_replay, 0), drained,
        (SELECT count(*) FROM kintsugi_skip s
         WHERE s.projection || '/' || s.generation::text = ? || '/' || ?::int::text),
        clock_timestamp(), ended_at
      FROM kintsugi_rebuild WHERE projection = ? AND generation = ?
      """;

  private static final String REPLAY = "replay";
  private static final String DRAIN = "drain";
  private static final String DONE = "done";

  /** Reads it on a connection that commits by itself. */
  static RebuildRow read(Connection connection, String projection, int generation)
      throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(QUERY)) {
      query.setString(1, projection);
      query.setInt(2, generation);
      query.setString(3, projection);
      query.setInt(4, generation);
      try (ResultSet row = query.executeQuery()) {
        if (!row.next()) {
          throw new IllegalStateException(
              "There is no rebuild %d of %s".formatted(generation, projection));
        }
        return new RebuildRow(
            row.getString(1),
            row.getLong(2),
            row.getLong(3),
            row.getLong(4),
            row.getLong(5),
            row.getTimestamp(6).toInstant(),
            Optional.ofNullable(row.getTimestamp(7)).map(Timestamp::toInstant));
      }
    }
  }

  boolean isReplaying() {
    return phase.equals(REPLAY);
  }

  boolean isDraining() {
    return phase.equals(DRAIN);
  }

  boolean isDone() {
    return phase.equals(DONE);
  }

  /** From 0 to 1. */
  double progress() {
    return toReplay == 0 ? 0 : (double) replayed / toReplay;
  }

  /** From when this was read until then. */
  double secondsTo(Instant then) {
    return Duration.between(at, then).toMillis() / 1000.0;
  }
}
