package dev.kintsugi.runtime.internal.follow;

import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.internal.event.OrderingSequence;
import dev.kintsugi.runtime.status.Following;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** How far projections that follow have come, as rows say, in the caller's transaction. */
public final class FollowingRows {

  /** The journal's index by ordering tells, in a look or two for each. */
  private static final String READ =
      """
      SELECT c.projection, c.generation, c.position, (SELECT max(%1$s) FROM %2$s),
        (SELECT %3$s FROM %2$s WHERE %1$s > c.position AND NOT %4$s ORDER BY %1$s LIMIT 1),
        (extract(epoch FROM clock_timestamp()) * 1000)::bigint
      FROM kintsugi_cursor c
      JOIN kintsugi_projection p ON p.projection = c.projection AND p.generation = c.generation
        AND p.status = 'following' AND p.serving
      WHERE ?::text IS NULL OR c.projection = ?
      """;

  private FollowingRows() {}

  /** Of all projections that follow and are built, by name. */
  public static Map<String, Following> all(Connection connection, EventJournal journal)
      throws SQLException {
    return read(connection, journal, null);
  }

  /** Of one of them; empty if it does not follow, or is being built. */
  public static Optional<Following> find(
      Connection connection, EventJournal journal, String projection) throws SQLException {
    return Optional.ofNullable(read(connection, journal, projection).get(projection));
  }

  private static Map<String, Following> read(
      Connection connection, EventJournal journal, @Nullable String projection)
      throws SQLException {
    String sql =
        READ.formatted(
            journal.column(EventJournal.Column.ORDERING),
            journal.table(),
            journal.column(EventJournal.Column.WRITE_TIMESTAMP),
            journal.column(EventJournal.Column.DELETED));
    Map<String, Following> found = new HashMap<>();
    OptionalLong last = OptionalLong.empty();
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setString(1, projection);
      select.setString(2, projection);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          long position = row.getLong(3);
          long highest = row.getLong(4);
          if (highest < position && last.isEmpty()) {
            last = OrderingSequence.lastValue(connection, journal.orderings());
          }
          long written = row.getLong(5);
          long age = row.wasNull() ? 0 : Math.max(0, row.getLong(6) - written);
          boolean isBeyond = last.isPresent() && last.getAsLong() < position;
          found.put(
              row.getString(1),
              new Following(
                  position,
                  Math.max(0, highest - position),
                  Duration.ofMillis(age),
                  isBeyond
                      ? Optional.of(
                          beyond(row.getString(1), row.getInt(2), position, last.getAsLong()))
                      : Optional.empty()));
        }
      }
    }
    return found;
  }

  /** What is so, what it means, and what to do. */
  static String beyond(String projection, int generation, long position, long lastOrdering) {
    return "Projection '%1$s', generation %2$d has followed up to ordering %3$d, but the journal has handed out none above %4$d: the database is a copy that lacks the latest, or another one, and the read model may have what the journal has not. Nothing is applied until it is rebuilt: Kintsugi.rebuild(\"%1$s\", reason)"
        .formatted(projection, generation, position, lastOrdering);
  }
}
