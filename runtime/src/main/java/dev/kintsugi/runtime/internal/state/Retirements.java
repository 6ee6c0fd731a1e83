package dev.kintsugi.runtime.internal.state;

import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Retirement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The rows of {@code kintsugi_retirement}. Every change is a compare-and-set, in the caller's
 * transaction.
 */
public final class Retirements {

  private static final String COLUMNS =
      """
      SELECT projection, generation, requested_by, reason, drop_tables, fence::text, last_error,
        requested_at, ended_at, whole, place
      FROM kintsugi_retirement
      """;

  private static final String OPEN = COLUMNS + "WHERE ended_at IS NULL ORDER BY requested_at";

  private static final String NEWEST =
      COLUMNS + "WHERE projection = ? AND whole ORDER BY generation DESC LIMIT 1";

  private static final String LOCK =
      COLUMNS + "WHERE projection = ? AND generation = ? AND ended_at IS NULL FOR UPDATE";

  private static final String REQUEST =
      """
      INSERT INTO kintsugi_retirement (projection, generation, requested_by, reason, drop_tables, whole, place)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      """;

  private static final String DUE =
      """
      SELECT p.projection, p.generation FROM kintsugi_projection p
      JOIN kintsugi_rebuild r USING (projection, generation)
      WHERE NOT p.serving AND r.phase = 'done' AND r.kept_until < clock_timestamp()
      ORDER BY 1, 2
      """;

  private static final String SET_FENCE =
      """
      UPDATE kintsugi_retirement SET fence = ?::text::xid8
      WHERE projection = ? AND generation = ? AND fence IS NULL
      """;

  private static final String FORGET_FENCE =
      """
      UPDATE kintsugi_retirement SET fence = NULL
      WHERE projection = ? AND generation = ? AND fence = ?::text::xid8
      """;

  private static final String FAILED =
      """
      UPDATE kintsugi_retirement SET last_error = ?
      WHERE projection = ? AND generation = ? AND ended_at IS NULL
        AND last_error IS DISTINCT FROM ?
      """;

  private static final String END =
      """
      UPDATE kintsugi_retirement SET ended_at = clock_timestamp(), last_error = NULL
      WHERE projection = ? AND generation = ? AND ended_at IS NULL
      """;

  private Retirements() {}

  /** Those that have not ended, the oldest first. */
  public static List<Retirement> open(Connection connection) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(OPEN)) {
      return read(select);
    }
  }

  /** A generation by its projection and number. */
  public record Due(String projection, int generation) {}

  /** Generations that serve no more, and have been kept for long enough. */
  public static List<Due> due(Connection connection) throws SQLException {
    List<Due> due = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(DUE);
        ResultSet row = select.executeQuery()) {
      while (row.next()) {
        due.add(new Due(row.getString(1), row.getInt(2)));
      }
    }
    return due;
  }

  /** The last one of a projection as a whole. */
  public static Optional<Retirement> newest(Connection connection, String projection)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(NEWEST)) {
      select.setString(1, projection);
      return read(select).stream().findFirst();
    }
  }

  /** One that has not ended, locked: whoever else carries it out waits. */
  public static Optional<Retirement> lock(Connection connection, Retirement seen)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(LOCK)) {
      select.setString(1, seen.projection());
      select.setInt(2, seen.generation());
      return read(select).stream().findFirst();
    }
  }

  /**
   * Notes one that was asked for, in the transaction that takes the row away.
   *
   * @param isWhole whether the whole projection is retired
   */
  public static void request(
      Connection connection,
      Generation last,
      String requestedBy,
      String reason,
      boolean dropsTables,
      boolean isWhole)
      throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement(REQUEST)) {
      insert.setString(1, last.projection());
      insert.setInt(2, last.generation());
      insert.setString(3, requestedBy);
      insert.setString(4, reason);
      insert.setBoolean(5, dropsTables);
      insert.setBoolean(6, isWhole);
      insert.setString(7, last.place());
      insert.executeUpdate();
    }
  }

  /** Stores the fence that it waits for, unless there is one. */
  public static void setFence(Connection connection, Retirement seen, Fence fence)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(SET_FENCE)) {
      update.setString(1, Long.toString(fence.xid()));
      update.setString(2, seen.projection());
      update.setInt(3, seen.generation());
      update.executeUpdate();
    }
  }

  /** Forgets a fence that is another cluster's, so that one of this cluster is taken. */
  public static void forgetFence(Connection connection, Retirement seen, Fence fence)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(FORGET_FENCE)) {
      update.setString(1, seen.projection());
      update.setInt(2, seen.generation());
      update.setString(3, Long.toString(fence.xid()));
      update.executeUpdate();
    }
  }

  /**
   * Notes why a step failed.
   *
   * @return whether that is new
   */
  public static boolean failed(Connection connection, Retirement seen, String error)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(FAILED)) {
      update.setString(1, error);
      update.setString(2, seen.projection());
      update.setInt(3, seen.generation());
      update.setString(4, error);
      return update.executeUpdate() == 1;
    }
  }

  /** Notes its end. */
  public static void end(Connection connection, Retirement seen) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(END)) {
      update.setString(1, seen.projection());
      update.setInt(2, seen.generation());
      update.executeUpdate();
    }
  }

  private static List<Retirement> read(PreparedStatement select) throws SQLException {
    List<Retirement> retirements = new ArrayList<>();
    try (ResultSet row = select.executeQuery()) {
      while (row.next()) {
        String fence = row.getString(6);
        Timestamp ended = row.getTimestamp(9);
        retirements.add(
            new Retirement(
                row.getString(1),
                row.getInt(2),
                row.getString(3),
                row.getString(4),
                row.getBoolean(5),
                fence == null ? null : Long.valueOf(fence),
                row.getString(7),
                row.getTimestamp(8).toInstant(),
                ended == null ? null : ended.toInstant(),
                row.getBoolean(10),
                row.getString(11)));
      }
    }
    return retirements;
  }
}
