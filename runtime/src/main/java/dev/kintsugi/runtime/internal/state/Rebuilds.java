package dev.kintsugi.runtime.internal.state;

import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.status.Rebuild;
import dev.kintsugi.runtime.status.Status;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The rows of {@code kintsugi_rebuild}. Every change is a compare-and-set on where the rebuild
 * stood, in the caller's transaction; a method that returns false says that another owner was here
 * first.
 */
public final class Rebuilds {

  private static final String COLUMNS =
      """
      projection, generation, requested_by, reason, phase, fence::text, replay_to, checkpoint,
      events_to_replay, events_deleted, replayed, drained, last_error, requested_at, fence_at,
      replay_at, drain_at, settle_at, stopped_at, stopped_by, ended_at, max_rate,
      blocked_at, from_projection, from_generation, from_version, takes_over, follows,
      beside, version, compared_at, held_for, approved_at, approved_by, swapped_at, undone_at, kept_until,
      clock_timestamp()
      """;

  private static final String FIND =
      "SELECT " + COLUMNS + " FROM kintsugi_rebuild WHERE projection = ? AND generation = ?";

  private static final String LOCK = FIND + " FOR NO KEY UPDATE";

  private static final String HISTORY =
      "SELECT "
          + COLUMNS
          + " FROM kintsugi_rebuild WHERE projection = ? ORDER BY generation DESC LIMIT ?";

  private static final String NEWEST =
      "SELECT "
          + COLUMNS
          + """
           FROM kintsugi_rebuild
          WHERE EXISTS (SELECT FROM kintsugi_projection p
            WHERE p.projection = kintsugi_rebuild.projection AND p.generation = kintsugi_rebuild.generation)
          """;

  private static final String EACH = NEWEST + " ORDER BY projection, generation";

  private static final String NEWEST_OF_ONE =
      NEWEST + " AND projection = ? ORDER BY generation DESC LIMIT 1 FOR NO KEY UPDATE";

  private static final String NEXT =
      "SELECT COALESCE(max(generation), 0) + 1 FROM kintsugi_rebuild WHERE projection = ?";

  private static final String REQUEST =
      """
      INSERT INTO kintsugi_rebuild (projection, generation, requested_by, reason, phase, follows,
        from_projection, from_generation, from_version)
      VALUES (?, ?, ?, ?, 'fence', ?, ?, ?, ?)
      """;

  private static final String RETURN =
      """
      UPDATE kintsugi_rebuild
      SET phase = 'takeover', takes_over = TRUE, stopped_at = clock_timestamp(), stopped_by = ?,
        replay_to = 0, checkpoint = 0, last_error = NULL, blocked_at = NULL
      WHERE projection = ? AND generation = ? AND phase = 'fence' AND from_generation IS NOT NULL
        AND stopped_at IS NULL
      """;

  private static final String END_TAKEOVER =
      """
      UPDATE kintsugi_rebuild
      SET phase = 'drain', fence = NULL, fence_at = NULL, drain_at = clock_timestamp()
      WHERE projection = ? AND generation = ? AND phase = 'takeover'
      """;

  private static final String SET_FENCE =
      """
      UPDATE kintsugi_rebuild SET fence = ?::text::xid8, fence_at = clock_timestamp()
      WHERE projection = ? AND generation = ? AND phase = ? AND fence IS NULL
      """;

  private static final String FORGET_FENCE =
      """
      UPDATE kintsugi_rebuild SET fence = NULL, fence_at = NULL
      WHERE projection = ? AND generation = ? AND fence = ?::text::xid8
      """;

  private static final String BEGIN_REPLAY =
      """
      UPDATE kintsugi_rebuild
      SET phase = 'replay', fence = NULL, fence_at = NULL, replay_to = ?, checkpoint = 0,
        replay_at = clock_timestamp()
      WHERE projection = ? AND generation = ? AND phase = 'fence'
      """;

  private static final String SET_SIZE =
      """
      UPDATE kintsugi_rebuild SET events_to_replay = ?, events_deleted = ?
      WHERE projection = ? AND generation = ? AND phase = 'fence' AND events_to_replay IS NULL
      """;

  private static final String ADVANCE =
      """
      UPDATE kintsugi_rebuild
      SET checkpoint = ?, replayed = replayed + ?
      WHERE projection = ? AND generation = ? AND phase = 'replay' AND checkpoint = ?
      """;

  private static final String END_REPLAY =
      """
      UPDATE kintsugi_rebuild
      SET phase = 'drain', checkpoint = replay_to, drain_at = clock_timestamp()
      WHERE projection = ? AND generation = ? AND phase = 'replay' AND checkpoint = ?
      """;

  private static final String END_REPLAY_TO_FOLLOW =
      """
      UPDATE kintsugi_rebuild
      SET phase = 'settle', checkpoint = replay_to, drain_at = clock_timestamp(),
        settle_at = clock_timestamp()
      WHERE projection = ? AND generation = ? AND phase = 'replay' AND checkpoint = ?
      """;

  private static final String END_TAKEOVER_TO_FOLLOW =
      """
      UPDATE kintsugi_rebuild
      SET phase = 'settle', fence = NULL, fence_at = NULL, drain_at = clock_timestamp(),
        settle_at = clock_timestamp()
      WHERE projection = ? AND generation = ? AND phase = 'takeover'
      """;

  private static final String BEGIN_TO_CATCH_UP =
      """
      UPDATE kintsugi_rebuild
      SET phase = 'replay', fence = NULL, fence_at = NULL, checkpoint = ?, replay_to = ?,
        replay_at = clock_timestamp()
      WHERE projection = ? AND generation = ? AND phase = 'takeover'
      """;

  private static final String BOUND =
      """
      UPDATE kintsugi_rebuild SET fence = NULL, fence_at = NULL, replay_to = ?
      WHERE projection = ? AND generation = ? AND phase = 'replay' AND replay_to = 0
      """;

  private static final String CAUGHT_UP =
      """
      UPDATE kintsugi_rebuild
      SET phase = 'settle', checkpoint = replay_to, drain_at = clock_timestamp(),
        settle_at = clock_timestamp()
      WHERE projection = ? AND generation = ? AND phase = 'replay' AND follows AND takes_over
      """;

  private static final String BEGIN_SETTLING =
      """
      UPDATE kintsugi_rebuild
      SET phase = 'settle', fence = NULL, fence_at = NULL, settle_at = clock_timestamp()
      WHERE projection = ? AND generation = ? AND phase = 'drain'
      """;

  private static final String END =
      """
      UPDATE kintsugi_rebuild SET phase = 'done', ended_at = clock_timestamp()
      WHERE projection = ? AND generation = ? AND phase = 'settle'
      """;

  private static final String ADD_DRAINED =
      """
      UPDATE kintsugi_rebuild SET drained = drained + ?
      WHERE projection = ? AND generation = ? AND phase IN ('drain', 'settle')
      """;

  private static final String SET_MAX_RATE =
      """
      UPDATE kintsugi_rebuild r SET max_rate = ?
      FROM kintsugi_projection p
      WHERE r.projection = ? AND p.projection = r.projection AND p.generation = r.generation
        AND r.phase <> 'done'
      """;

  private static final String STOP =
      """
      UPDATE kintsugi_rebuild SET stopped_at = clock_timestamp(), last_error = ?
      WHERE projection = ? AND generation = ? AND phase = 'replay' AND checkpoint = ?
      """;

  private static final String GIVE_UP =
      """
      UPDATE kintsugi_rebuild
      SET stopped_at = clock_timestamp(), stopped_by = ?, takes_over = FALSE
      WHERE projection = ? AND generation = ?
        AND CASE WHEN takes_over THEN phase = 'settle'
          ELSE phase IN ('fence', 'replay', 'drain', 'settle') AND stopped_by IS NULL END
      """;

  private static final String RESUME =
      """
      UPDATE kintsugi_rebuild SET stopped_at = NULL, last_error = NULL
      WHERE projection = ? AND generation = ? AND stopped_at IS NOT NULL AND stopped_by IS NULL
      """;

  private static final String SUPERSEDE =
      """
      UPDATE kintsugi_rebuild
      SET stopped_at = clock_timestamp(), last_error = 'superseded by generation ' || ?,
        takes_over = FALSE
      WHERE projection = ? AND generation < ? AND phase <> 'done'
        AND (stopped_at IS NULL OR takes_over)
        AND NOT EXISTS (SELECT FROM kintsugi_projection p
          WHERE p.projection = kintsugi_rebuild.projection AND p.generation = kintsugi_rebuild.generation)
      """;

  private static final String TAKE_OVER =
      """
      INSERT INTO kintsugi_rebuild (projection, generation, requested_by, reason, phase, takes_over,
        replay_to, checkpoint, from_projection, from_generation, from_version, follows)
      VALUES (?, ?, ?, ?, 'takeover', TRUE, 0, 0, ?, ?, ?, ?)
      """;

  private static final String RETIRE =
      """
      UPDATE kintsugi_rebuild
      SET stopped_at = clock_timestamp(), last_error = 'the projection was retired',
        takes_over = FALSE
      WHERE projection = ? AND phase <> 'done' AND (stopped_at IS NULL OR takes_over)
      """;

  private static final String BLOCKED =
      """
      UPDATE kintsugi_rebuild
      SET last_error = ?, blocked_at = COALESCE(blocked_at, clock_timestamp())
      WHERE projection = ? AND generation = ? AND phase <> 'done'
        AND (stopped_at IS NULL OR takes_over)
      """;

  private static final String NOT_BLOCKED =
      """
      UPDATE kintsugi_rebuild SET last_error = NULL, blocked_at = NULL
      WHERE projection = ? AND generation = ? AND blocked_at IS NOT NULL
      """;

  private Rebuilds() {}

  /** The rebuild that made, or is making, a generation. */
  public static Optional<Rebuild> find(Connection connection, String projection, int generation)
      throws SQLException {
    return findBy(connection, FIND, projection, generation);
  }

  /** The same, locked: whoever else owns the rebuild waits until this transaction has ended. */
  public static Optional<Rebuild> lock(Connection connection, String projection, int generation)
      throws SQLException {
    return findBy(connection, LOCK, projection, generation);
  }

  private static Optional<Rebuild> findBy(
      Connection connection, String sql, String projection, int generation) throws SQLException {
    try (PreparedStatement find = connection.prepareStatement(sql)) {
      find.setString(1, projection);
      find.setInt(2, generation);
      try (ResultSet row = find.executeQuery()) {
        return row.next() ? Optional.of(read(row)) : Optional.empty();
      }
    }
  }

  /**
   * Whether open records of a generation may be archived, as applied or given up: not before its
   * replay has ended, as an archived record no longer keeps its event out of the replay (DESIGN 6).
   *
   * @param generation as it was read in this transaction, which took its id before that
   */
  public static boolean hasReplayEnded(Connection connection, Generation generation)
      throws SQLException {
    return switch (generation.status()) {
      case ACTIVE -> true;
      case REBUILDING ->
          find(connection, generation.projection(), generation.generation())
              .filter(rebuild -> rebuild.phase() == Phase.DRAIN)
              .isPresent();
      case FOLLOWING ->
          find(connection, generation.projection(), generation.generation())
              .filter(rebuild -> rebuild.isInUse() || rebuild.phase() == Phase.FOLLOW)
              .isPresent();
    };
  }

  /**
   * The rebuild that made, or is making, each projection's newest generation, by the projections'
   * names.
   */
  public static Map<String, Rebuild> newest(Connection connection) throws SQLException {
    Map<String, Rebuild> newest = new HashMap<>();
    each(connection).forEach(rebuild -> newest.put(rebuild.projection(), rebuild));
    return newest;
  }

  /** The rebuilds that made, or are making, the generations that are not retired. */
  public static List<Rebuild> each(Connection connection) throws SQLException {
    List<Rebuild> each = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(EACH);
        ResultSet row = select.executeQuery()) {
      while (row.next()) {
        each.add(read(row));
      }
    }
    return each;
  }

  /** The one that made, or is making, a projection's newest generation, locked. */
  public static Optional<Rebuild> lockNewest(Connection connection, String projection)
      throws SQLException {
    try (PreparedStatement find = connection.prepareStatement(NEWEST_OF_ONE)) {
      find.setString(1, projection);
      try (ResultSet row = find.executeQuery()) {
        return row.next() ? Optional.of(read(row)) : Optional.empty();
      }
    }
  }

  /** The number of a projection's next generation: none is ever used again. */
  public static int next(Connection connection, String projection) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(NEXT)) {
      select.setString(1, projection);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getInt(1);
      }
    }
  }

  /** The rebuilds of a projection, the newest first. */
  public static List<Rebuild> history(Connection connection, String projection, int limit)
      throws SQLException {
    try (PreparedStatement history = connection.prepareStatement(HISTORY)) {
      history.setString(1, projection);
      history.setInt(2, limit);
      List<Rebuild> rebuilds = new ArrayList<>();
      try (ResultSet row = history.executeQuery()) {
        while (row.next()) {
          rebuilds.add(read(row));
        }
      }
      return rebuilds;
    }
  }

  /**
   * Notes a rebuild that was asked for; its generation is new.
   *
   * @param follows whether it follows the journal once it is built
   * @param from the generation that it replaces, if it can be stopped with nothing lost while that
   *     one's read model is there
   */
  public static void request(
      Connection connection,
      String projection,
      int generation,
      String requestedBy,
      String reason,
      boolean follows,
      Optional<Generation> from)
      throws SQLException {
    try (PreparedStatement request = connection.prepareStatement(REQUEST)) {
      request.setString(1, projection);
      request.setInt(2, generation);
      request.setString(3, requestedBy);
      request.setString(4, reason);
      request.setBoolean(5, follows);
      request.setString(6, from.map(Generation::projection).orElse(null));
      request.setObject(7, from.map(Generation::generation).orElse(null), Types.INTEGER);
      request.setObject(8, from.map(Generation::version).orElse(null), Types.INTEGER);
      request.executeUpdate();
    }
  }

  /**
   * Notes one that takes a read model over as it is; its generation is new.
   *
   * @param follows whether it follows the journal from then on
   */
  public static void takeOver(
      Connection connection,
      String projection,
      int generation,
      String requestedBy,
      String reason,
      Generation from,
      boolean follows)
      throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement(TAKE_OVER)) {
      insert.setString(1, projection);
      insert.setInt(2, generation);
      insert.setString(3, requestedBy);
      insert.setString(4, reason);
      insert.setString(5, from.projection());
      insert.setInt(6, from.generation());
      insert.setInt(7, from.version());
      insert.setBoolean(8, follows);
      insert.executeUpdate();
    }
  }

  /**
   * From the phase fence to takeover, for somebody who stops it: it makes the read model that it
   * was to replace its own.
   *
   * @return whether nothing was emptied yet, and there was one that was active
   */
  public static boolean returnToActive(Connection connection, Rebuild rebuild, String stoppedBy)
      throws SQLException {
    return updateBy(connection, RETURN, rebuild, stoppedBy);
  }

  /** From takeover to drain: the records of the older generation are this one's now. */
  public static boolean endTakeover(Connection connection, Rebuild rebuild) throws SQLException {
    return update(connection, END_TAKEOVER, rebuild);
  }

  /** Notes why the next step of a rebuild fails; it is tried again. */
  public static void blocked(Connection connection, String projection, int generation, String cause)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(BLOCKED)) {
      update.setString(1, cause);
      update.setString(2, projection);
      update.setInt(3, generation);
      update.executeUpdate();
    }
  }

  /** Notes that a step of a rebuild has succeeded. */
  public static void notBlocked(Connection connection, String projection, int generation)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(NOT_BLOCKED)) {
      update.setString(1, projection);
      update.setInt(2, generation);
      update.executeUpdate();
    }
  }

  /** Stores the fence that the rebuild's phase waits for. */
  public static boolean setFence(Connection connection, Rebuild rebuild, Fence fence)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(SET_FENCE)) {
      update.setString(1, Long.toString(fence.xid()));
      update.setString(2, rebuild.projection());
      update.setInt(3, rebuild.generation());
      update.setString(4, rebuild.phase().inTable());
      return update.executeUpdate() == 1;
    }
  }

  /** Forgets a fence that is another cluster's, so that the phase takes one of this cluster. */
  public static boolean forgetFence(Connection connection, Rebuild rebuild, Fence fence)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(FORGET_FENCE)) {
      update.setString(1, rebuild.projection());
      update.setInt(2, rebuild.generation());
      update.setString(3, Long.toString(fence.xid()));
      return update.executeUpdate() == 1;
    }
  }

  /** From the phase fence to replay, with the bound R. */
  public static boolean beginReplay(Connection connection, Rebuild rebuild, long replayTo)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(BEGIN_REPLAY)) {
      update.setLong(1, replayTo);
      update.setString(2, rebuild.projection());
      update.setInt(3, rebuild.generation());
      return update.executeUpdate() == 1;
    }
  }

  /** Stores how much there is to replay, and how much can't be. */
  public static boolean setSize(
      Connection connection, Rebuild rebuild, long eventsToReplay, long eventsDeleted)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(SET_SIZE)) {
      update.setLong(1, eventsToReplay);
      update.setLong(2, eventsDeleted);
      update.setString(3, rebuild.projection());
      update.setInt(4, rebuild.generation());
      return update.executeUpdate() == 1;
    }
  }

  /** Moves the checkpoint of the replay, from where {@code rebuild} saw it. */
  public static boolean advance(
      Connection connection, Rebuild rebuild, long checkpoint, int replayed) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(ADVANCE)) {
      update.setLong(1, checkpoint);
      update.setInt(2, replayed);
      update.setString(3, rebuild.projection());
      update.setInt(4, rebuild.generation());
      update.setLong(5, rebuild.checkpoint());
      return update.executeUpdate() == 1;
    }
  }

  /** From replay to drain: there is no further event up to R. */
  public static boolean endReplay(Connection connection, Rebuild rebuild) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(END_REPLAY)) {
      update.setString(1, rebuild.projection());
      update.setInt(2, rebuild.generation());
      update.setLong(3, rebuild.checkpoint());
      return update.executeUpdate() == 1;
    }
  }

  /**
   * From replay to settle, of one that follows from the bound on: in the transaction that makes its
   * cursor.
   */
  public static boolean endReplayToFollow(Connection connection, Rebuild rebuild)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(END_REPLAY_TO_FOLLOW)) {
      update.setString(1, rebuild.projection());
      update.setInt(2, rebuild.generation());
      update.setLong(3, rebuild.checkpoint());
      return update.executeUpdate() == 1;
    }
  }

  /**
   * From takeover to settle, of one that follows as the older generation did: in the transaction
   * that makes its cursor.
   */
  public static boolean endTakeoverToFollow(Connection connection, Rebuild rebuild)
      throws SQLException {
    return update(connection, END_TAKEOVER_TO_FOLLOW, rebuild);
  }

  /**
   * From takeover to replay, of one that was inline and follows from now on, or the other way
   * round: the older generation's records are this one's, and it has yet to catch up.
   *
   * @param checkpoint all events up to here are applied, or have a record
   * @param replayTo the bound R; 0 if it is not known before another fence has passed
   */
  public static boolean beginToCatchUp(
      Connection connection, Rebuild rebuild, long checkpoint, long replayTo) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(BEGIN_TO_CATCH_UP)) {
      update.setLong(1, checkpoint);
      update.setLong(2, replayTo);
      update.setString(3, rebuild.projection());
      update.setInt(4, rebuild.generation());
      return update.executeUpdate() == 1;
    }
  }

  /** The bound of one that follows from now on: behind it, no event has a record by a writer. */
  public static boolean setBound(Connection connection, Rebuild rebuild, long replayTo)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(BOUND)) {
      update.setLong(1, replayTo);
      update.setString(2, rebuild.projection());
      update.setInt(3, rebuild.generation());
      return update.executeUpdate() == 1;
    }
  }

  /** From replay to settle, of one that follows from now on and has passed its bound. */
  public static boolean caughtUp(Connection connection, Rebuild rebuild) throws SQLException {
    return update(connection, CAUGHT_UP, rebuild);
  }

  /** From drain to settle, in the transaction that makes the generation active. */
  public static boolean beginSettling(Connection connection, Rebuild rebuild) throws SQLException {
    return update(connection, BEGIN_SETTLING, rebuild);
  }

  /** From settle to done. */
  public static boolean end(Connection connection, Rebuild rebuild) throws SQLException {
    return update(connection, END, rebuild);
  }

  static boolean update(Connection connection, String sql, Rebuild rebuild) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(sql)) {
      update.setString(1, rebuild.projection());
      update.setInt(2, rebuild.generation());
      return update.executeUpdate() == 1;
    }
  }

  /** Adds to the count of drained records, if a rebuild of this generation is draining. */
  public static void addDrained(
      Connection connection, String projection, int generation, int drained) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(ADD_DRAINED)) {
      update.setInt(1, drained);
      update.setString(2, projection);
      update.setInt(3, generation);
      update.executeUpdate();
    }
  }

  /**
   * Limits how many events a second the newest rebuild of a projection may replay; 0 lifts it.
   *
   * @return whether there is one that is not done
   */
  public static boolean setMaxRate(Connection connection, String projection, int eventsPerSecond)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(SET_MAX_RATE)) {
      update.setInt(1, eventsPerSecond);
      update.setString(2, projection);
      return update.executeUpdate() == 1;
    }
  }

  /** Notes that the failure policy stopped the replay; the next owner tries again from there. */
  public static boolean stop(Connection connection, Rebuild rebuild, String error)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(STOP)) {
      update.setString(1, error);
      update.setString(2, rebuild.projection());
      update.setInt(3, rebuild.generation());
      update.setLong(4, rebuild.checkpoint());
      return update.executeUpdate() == 1;
    }
  }

  /**
   * Gives a rebuild up: no owner goes on with it. One that takes over can be given up once its read
   * model is in use.
   *
   * @return whether it could still be given up
   */
  public static boolean giveUp(Connection connection, Rebuild rebuild, String stoppedBy)
      throws SQLException {
    return updateBy(connection, GIVE_UP, rebuild, stoppedBy);
  }

  static boolean updateBy(Connection connection, String sql, Rebuild rebuild, String who)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(sql)) {
      update.setString(1, who);
      update.setString(2, rebuild.projection());
      update.setInt(3, rebuild.generation());
      return update.executeUpdate() == 1;
    }
  }

  /** Notes that an owner goes on with a replay that was stopped. */
  public static boolean resume(Connection connection, Rebuild rebuild) throws SQLException {
    return update(connection, RESUME, rebuild);
  }

  /**
   * Ends rebuilds of older generations that are no more and were not done, in the transaction that
   * begins a newer one.
   */
  public static void supersedeOlder(Connection connection, String projection, int generation)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(SUPERSEDE)) {
      update.setInt(1, generation);
      update.setString(2, projection);
      update.setInt(3, generation);
      update.executeUpdate();
    }
  }

  /** Ends those that were not done, in the transaction that takes the projection's row away. */
  public static void retire(Connection connection, String projection) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(RETIRE)) {
      update.setString(1, projection);
      update.executeUpdate();
    }
  }

  private static Rebuild read(ResultSet row) throws SQLException {
    String fence = row.getString(6);
    return new Rebuild(
        row.getString(1),
        row.getInt(2),
        row.getString(3),
        row.getString(4),
        Phase.ofTable(row.getString(5)),
        fence == null ? null : Long.valueOf(fence),
        row.getLong(7),
        row.getLong(8),
        row.getObject(9, Long.class),
        row.getObject(10, Long.class),
        row.getLong(11),
        row.getLong(12),
        row.getString(13),
        row.getTimestamp(14).toInstant(),
        instant(row, 15),
        instant(row, 16),
        instant(row, 17),
        instant(row, 18),
        instant(row, 19),
        row.getString(20),
        instant(row, 21),
        row.getObject(22, Integer.class),
        instant(row, 23),
        from(row),
        row.getBoolean(27),
        row.getBoolean(28),
        row.getBoolean(29),
        row.getObject(30, Integer.class),
        instant(row, 31),
        row.getString(32),
        instant(row, 33),
        row.getString(34),
        instant(row, 35),
        instant(row, 36),
        instant(row, 37),
        row.getTimestamp(38).toInstant());
  }

  private static @Nullable Generation from(ResultSet row) throws SQLException {
    String projection = row.getString(24);
    return projection == null
        ? null
        : new Generation(projection, row.getInt(25), Status.ACTIVE, false, row.getInt(26));
  }

  private static @Nullable Instant instant(ResultSet row, int column) throws SQLException {
    Timestamp timestamp = row.getTimestamp(column);
    return timestamp == null ? null : timestamp.toInstant();
  }
}
