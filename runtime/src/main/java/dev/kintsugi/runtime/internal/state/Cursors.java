package dev.kintsugi.runtime.internal.state;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The rows of {@code kintsugi_cursor}: up to which ordering a generation that follows has come.
 * What was applied up to there, or has a record, was committed with it. In the caller's
 * transaction.
 */
public final class Cursors {

  private static final String FIND =
      "SELECT position FROM kintsugi_cursor WHERE projection = ? AND generation = ?";

  private static final String PUT =
      "INSERT INTO kintsugi_cursor (projection, generation, position) VALUES (?, ?, ?)";

  private static final String MOVE =
      """
      UPDATE kintsugi_cursor SET position = ?, moved_at = clock_timestamp()
      WHERE projection = ? AND generation = ? AND position = ?
      """;

  private static final String MOVE_UNFLUSHED = "SET LOCAL synchronous_commit = off; " + MOVE;

  /**
   * A cursor that somebody else has locked is being moved by them, or taken away: it is left alone.
   * So nobody waits here with others' cursors locked.
   */
  private static final String MOVE_ALL =
      """
      WITH due AS (
        SELECT c.projection, c.generation, m.target FROM kintsugi_cursor c
        JOIN unnest(?::text[], ?::int[], ?::bigint[], ?::bigint[])
            AS m (projection, generation, seen, target)
          ON c.projection = m.projection AND c.generation = m.generation AND c.position = m.seen
        FOR UPDATE OF c SKIP LOCKED)
      UPDATE kintsugi_cursor c SET position = due.target, moved_at = clock_timestamp()
      FROM due WHERE c.projection = due.projection AND c.generation = due.generation
      RETURNING c.projection, c.generation
      """;

  private static final String REMOVE =
      "DELETE FROM kintsugi_cursor WHERE projection = ? AND generation = ?";

  private static final String REMOVE_OLDER =
      """
      DELETE FROM kintsugi_cursor c WHERE projection = ? AND generation < ?
        AND NOT EXISTS (SELECT FROM kintsugi_projection p
          WHERE p.projection = c.projection AND p.generation = c.generation)
      """;

  private Cursors() {}

  /** Where a generation stands; empty if it does not follow, or not yet. */
  public static OptionalLong find(Connection connection, String projection, int generation)
      throws SQLException {
    try (PreparedStatement find = connection.prepareStatement(FIND)) {
      find.setString(1, projection);
      find.setInt(2, generation);
      try (ResultSet row = find.executeQuery()) {
        return row.next() ? OptionalLong.of(row.getLong(1)) : OptionalLong.empty();
      }
    }
  }

  /** Has a generation follow from behind a position, and forgets where older ones stood. */
  public static void put(Connection connection, String projection, int generation, long position)
      throws SQLException {
    removeOlder(connection, projection, generation);
    try (PreparedStatement put = connection.prepareStatement(PUT)) {
      put.setString(1, projection);
      put.setInt(2, generation);
      put.setLong(3, position);
      put.executeUpdate();
    }
  }

  /**
   * Moves a cursor on; until this transaction ends, whoever else wants to waits.
   *
   * @param from where it was seen
   * @return whether it was there; if not, another follower has moved it
   */
  public static boolean move(
      Connection connection, String projection, int generation, long from, long to)
      throws SQLException {
    try (PreparedStatement move = connection.prepareStatement(MOVE)) {
      setMove(move, projection, generation, from, to);
      return move.executeUpdate() == 1;
    }
  }

  /**
   * The same, for a transaction whose COMMIT need not wait for the server's disk. A crash of the
   * server may take back the last of these, the cursor and all that came with it: then it is behind
   * again, and goes on from there. (What was committed before it is kept, the events among it; so a
   * cursor is never beyond these.)
   */
  public static boolean moveUnflushed(
      Connection connection, String projection, int generation, long from, long to)
      throws SQLException {
    try (PreparedStatement move = connection.prepareStatement(MOVE_UNFLUSHED)) {
      setMove(move, projection, generation, from, to);
      move.execute();
      move.getMoreResults();
      return move.getUpdateCount() == 1;
    }
  }

  private static void setMove(
      PreparedStatement move, String projection, int generation, long from, long to)
      throws SQLException {
    move.setLong(1, to);
    move.setString(2, projection);
    move.setInt(3, generation);
    move.setLong(4, from);
  }

  /** Whose cursor it is. */
  public record Of(String projection, int generation) {}

  /**
   * A move of a cursor.
   *
   * @param from where it was seen
   */
  public record Move(Of cursor, long from, long to) {}

  /**
   * Moves cursors on, in one statement, and waits for nobody.
   *
   * @return those that were where they were seen, and free; of the others another follower has
   *     moved it, or is about to
   */
  public static Set<Of> moveAll(Connection connection, List<Move> moves) throws SQLException {
    if (moves.isEmpty()) {
      return Set.of();
    }
    try (PreparedStatement move = connection.prepareStatement(MOVE_ALL)) {
      List<Of> cursors = moves.stream().map(Move::cursor).toList();
      move.setArray(1, array(connection, "text", cursors.stream().map(Of::projection)));
      move.setArray(2, array(connection, "int4", cursors.stream().map(Of::generation)));
      move.setArray(3, array(connection, "int8", moves.stream().map(Move::from)));
      move.setArray(4, array(connection, "int8", moves.stream().map(Move::to)));
      Set<Of> moved = new HashSet<>();
      try (ResultSet row = move.executeQuery()) {
        while (row.next()) {
          moved.add(new Of(row.getString(1), row.getInt(2)));
        }
      }
      return moved;
    }
  }

  private static Array array(Connection connection, String type, Stream<?> values)
      throws SQLException {
    return connection.createArrayOf(type, values.toArray());
  }

  /** Forgets where a generation stood. */
  public static void remove(Connection connection, String projection, int generation)
      throws SQLException {
    try (PreparedStatement remove = connection.prepareStatement(REMOVE)) {
      remove.setString(1, projection);
      remove.setInt(2, generation);
      remove.executeUpdate();
    }
  }

  /** Forgets where generations before one stood that are no more. */
  public static void removeOlder(Connection connection, String projection, int generation)
      throws SQLException {
    try (PreparedStatement remove = connection.prepareStatement(REMOVE_OLDER)) {
      remove.setString(1, projection);
      remove.setInt(2, generation);
      remove.executeUpdate();
    }
  }
}
