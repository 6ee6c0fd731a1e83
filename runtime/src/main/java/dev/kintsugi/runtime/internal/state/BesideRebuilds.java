package dev.kintsugi.runtime.internal.state;

import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Rebuild;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a row of {@code kintsugi_rebuild} whose generation is built beside the one that
 * serves (DESIGN 7), besides what becomes of each ({@link Rebuilds}): every change is a
 * compare-and-set on where it stood, in the caller's transaction; a method that returns false says
 * that another owner was here first.
 */
public final class BesideRebuilds {

  private static final String REQUEST =
      """
      INSERT INTO kintsugi_rebuild (projection, generation, requested_by, reason, phase, beside, version,
        from_projection, from_generation, from_version)
      VALUES (?, ?, ?, ?, 'fence', TRUE, ?, ?, ?, ?)
      """;

  private static final String END_REPLAY =
      """
      UPDATE kintsugi_rebuild SET phase = 'follow', checkpoint = replay_to
      WHERE projection = ? AND generation = ? AND phase = 'replay' AND beside AND checkpoint = ?
      """;

  private static final String CATCH_UP =
      """
      UPDATE kintsugi_rebuild SET phase = 'catch_up', fence = NULL, fence_at = NULL
      WHERE projection = ? AND generation = ? AND phase = 'follow'
      """;

  private static final String REPLAY_REST =
      """
      UPDATE kintsugi_rebuild
      SET phase = 'replay', fence = NULL, fence_at = NULL, checkpoint = ?, replay_to = ?
      WHERE projection = ? AND generation = ? AND phase = 'catch_up'
      """;

  private static final String PROVEN =
      """
      UPDATE kintsugi_rebuild SET phase = 'compare', fence = NULL, fence_at = NULL
      WHERE projection = ? AND generation = ? AND phase = 'settle' AND beside
      """;

  private static final String COMPARED =
      """
      UPDATE kintsugi_rebuild
      SET phase = 'swap', fence = NULL, fence_at = NULL, comparison = ?::jsonb,
        compared_at = clock_timestamp(), held_for = ?
      WHERE projection = ? AND generation = ? AND phase = 'compare'
      """;

  private static final String COMPARISON =
      "SELECT comparison FROM kintsugi_rebuild WHERE projection = ? AND generation = ?";

  private static final String APPROVE =
      """
      UPDATE kintsugi_rebuild SET approved_at = clock_timestamp(), approved_by = ?
      WHERE projection = ? AND generation = ? AND phase = 'swap' AND held_for IS NOT NULL
        AND approved_at IS NULL
      """;

  private static final String HOLD =
      """
      UPDATE kintsugi_rebuild SET held_for = ?, approved_at = NULL, approved_by = NULL
      WHERE projection = ? AND generation = ? AND phase = 'swap'
      """;

  private static final String SWAPPED =
      """
      UPDATE kintsugi_rebuild
      SET phase = 'done', swapped_at = clock_timestamp(), undone_at = NULL, kept_until = NULL,
        ended_at = COALESCE(ended_at, clock_timestamp()), last_error = NULL, blocked_at = NULL
      WHERE projection = ? AND generation = ? AND phase = 'swap'
      """;

  private static final String KEEP =
      """
      UPDATE kintsugi_rebuild SET kept_until = clock_timestamp() + ? * INTERVAL '1 millisecond'
      WHERE projection = ? AND generation = ?
      """;

  private static final String SWAP_BACK =
      """
      UPDATE kintsugi_rebuild SET phase = 'swap', fence = NULL, fence_at = NULL, held_for = NULL
      WHERE projection = ? AND generation = ? AND phase = 'done' AND kept_until IS NOT NULL
      """;

  private static final String UNDONE =
      """
      UPDATE kintsugi_rebuild SET undone_at = clock_timestamp()
      WHERE projection = ? AND generation = ?
      """;

  private static final String UNDONE_VERSION =
      """
      SELECT undone_at IS NOT NULL FROM kintsugi_rebuild
      WHERE projection = ? AND version = ? ORDER BY generation DESC LIMIT 1
      """;

  private static final String DISCARD =
      """
      UPDATE kintsugi_rebuild
      SET stopped_at = clock_timestamp(), stopped_by = ?, last_error = ?
      WHERE projection = ? AND generation = ? AND phase <> 'done' AND beside AND stopped_by IS NULL
      """;

  private BesideRebuilds() {}

  /** Notes one that builds a new generation beside the one that serves. */
  public static void request(
      Connection connection,
      int generation,
      int version,
      String requestedBy,
      String reason,
      Generation serving)
      throws SQLException {
    try (PreparedStatement request = connection.prepareStatement(REQUEST)) {
      request.setString(1, serving.projection());
      request.setInt(2, generation);
      request.setString(3, requestedBy);
      request.setString(4, reason);
      request.setInt(5, version);
      request.setString(6, serving.projection());
      request.setInt(7, serving.generation());
      request.setInt(8, serving.version());
      request.executeUpdate();
    }
  }

  /** From replay to follow, of one beside: in the transaction that makes its cursor. */
  public static boolean endReplay(Connection connection, Rebuild rebuild) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(END_REPLAY)) {
      update.setString(1, rebuild.projection());
      update.setInt(2, rebuild.generation());
      update.setLong(3, rebuild.checkpoint());
      return update.executeUpdate() == 1;
    }
  }

  /** From follow to catch_up, in the transaction that has writers record. */
  public static boolean catchUp(Connection connection, Rebuild rebuild) throws SQLException {
    return Rebuilds.update(connection, CATCH_UP, rebuild);
  }

  /** From catch_up to replay, from where the cursor stood to the bound R. */
  public static boolean replayRest(
      Connection connection, Rebuild rebuild, long checkpoint, long replayTo) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(REPLAY_REST)) {
      update.setLong(1, checkpoint);
      update.setLong(2, replayTo);
      update.setString(3, rebuild.projection());
      update.setInt(4, rebuild.generation());
      return update.executeUpdate() == 1;
    }
  }

  /** From settle to compare: nothing is missing of one beside. */
  public static boolean proven(Connection connection, Rebuild rebuild) throws SQLException {
    return Rebuilds.update(connection, PROVEN, rebuild);
  }

  /**
   * From compare to swap.
   *
   * @param comparison as JSON
   * @param heldFor why somebody has to approve; null if nobody has to
   */
  public static boolean compared(
      Connection connection, Rebuild rebuild, String comparison, @Nullable String heldFor)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(COMPARED)) {
      update.setString(1, comparison);
      update.setString(2, heldFor);
      update.setString(3, rebuild.projection());
      update.setInt(4, rebuild.generation());
      return update.executeUpdate() == 1;
    }
  }

  /** How one that was built beside differs from the one that served then, as JSON. */
  public static Optional<String> comparison(
      Connection connection, String projection, int generation) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(COMPARISON)) {
      select.setString(1, projection);
      select.setInt(2, generation);
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? Optional.ofNullable(row.getString(1)) : Optional.empty();
      }
    }
  }

  /** Notes that somebody approves that one serves, which is held for that. */
  public static boolean approve(Connection connection, Rebuild rebuild, String approvedBy)
      throws SQLException {
    return Rebuilds.updateBy(connection, APPROVE, rebuild, approvedBy);
  }

  /** Has the swap wait until somebody approves, whoever has approved before. */
  public static void hold(Connection connection, Rebuild rebuild, String heldFor)
      throws SQLException {
    Rebuilds.updateBy(connection, HOLD, rebuild, heldFor);
  }

  /** From swap to done: in the transaction in which it begins to serve. */
  public static boolean swapped(Connection connection, Rebuild rebuild) throws SQLException {
    return Rebuilds.update(connection, SWAPPED, rebuild);
  }

  /** Notes until when one is kept that serves no more. */
  public static void keep(
      Connection connection, String projection, int generation, Duration keptFor)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(KEEP)) {
      update.setLong(1, keptFor.toMillis());
      update.setString(2, projection);
      update.setInt(3, generation);
      update.executeUpdate();
    }
  }

  /** From done to swap, of one that is kept: it is to serve again. */
  public static boolean swapBack(Connection connection, Rebuild rebuild) throws SQLException {
    return Rebuilds.update(connection, SWAP_BACK, rebuild);
  }

  /** Notes that somebody had another one serve again. */
  public static void undone(Connection connection, String projection, int generation)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(UNDONE)) {
      update.setString(1, projection);
      update.setInt(2, generation);
      update.executeUpdate();
    }
  }

  /** Whether the last generation by a version was built beside, served, and that was undone. */
  public static boolean isUndone(Connection connection, String projection, int version)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(UNDONE_VERSION)) {
      select.setString(1, projection);
      select.setInt(2, version);
      try (ResultSet row = select.executeQuery()) {
        return row.next() && row.getBoolean(1);
      }
    }
  }

  /** Gives up one that is built beside: in the transaction that takes its row away. */
  public static boolean discard(
      Connection connection, Rebuild rebuild, String stoppedBy, String reason) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(DISCARD)) {
      update.setString(1, stoppedBy);
      update.setString(2, reason);
      update.setString(3, rebuild.projection());
      update.setInt(4, rebuild.generation());
      return update.executeUpdate() == 1;
    }
  }
}
