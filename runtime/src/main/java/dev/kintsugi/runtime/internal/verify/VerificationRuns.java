package dev.kintsugi.runtime.internal.verify;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.kintsugi.projections.internal.text.StorableText;
import dev.kintsugi.runtime.operations.StopAnswer;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.verify.TableDifference;
import dev.kintsugi.runtime.verify.Verification;
import dev.kintsugi.runtime.verify.VerificationRun;
import dev.kintsugi.runtime.verify.VerificationState;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The rows of {@code kintsugi_verification}, in the caller's transaction. Every change is a
 * compare-and-set: a row that has ended stays as it is.
 *
 * <p>Whoever carries one out has an advisory lock of it, of a session: from before the row is
 * committed until after its end is. So a row that is open, and that nobody has the lock of, is one
 * whose node has ended, or was cut off; whoever looks at it next notes that.
 */
public final class VerificationRuns {

  private static final String OPEN = "state IN ('waiting', 'running')";

  /** Of this installation: there may be others in other schemas of the database. */
  private static final String LOCK_CLASS =
      "hashtext('kintsugi.verification ' || 'kintsugi_verification'::regclass::oid)";

  private static final String BEGIN =
      """
      INSERT INTO kintsugi_verification (projection, generation, requested_by, reason, node)
      VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (projection) WHERE %s DO NOTHING RETURNING id
      """
          .formatted(OPEN);

  private static final String LOCK = "SELECT pg_advisory_lock(" + LOCK_CLASS + ", ?)";
  private static final String UNLOCK = "SELECT pg_advisory_unlock(" + LOCK_CLASS + ", ?)";

  /** If the end of one is committed meanwhile, the condition is looked at anew. */
  private static final String ABANDON_LOST =
      """
      UPDATE kintsugi_verification SET state = 'abandoned', ended_at = clock_timestamp(),
        detail = 'node ' || node || ' ended before it, or lost its connection to the database'
      WHERE projection = ? AND %1$s
        AND CASE WHEN %1$s THEN pg_try_advisory_xact_lock(%2$s, id) ELSE FALSE END
      """
          .formatted(OPEN, LOCK_CLASS);

  private static final String START =
      """
      UPDATE kintsugi_verification
      SET state = 'running', started_at = clock_timestamp(), generation = ?, up_to = ?
      WHERE id = ? AND state = 'waiting'
      """;

  private static final String GO_ON =
      """
      UPDATE kintsugi_verification SET checkpoint = ?, events = ?, open = ?, discarded = ?
      WHERE id = ? AND state = 'running'
      """;

  private static final String END =
      """
      UPDATE kintsugi_verification SET state = ?, ended_at = clock_timestamp(), checkpoint = ?,
        events = ?, open = ?, discarded = ?, tables = ?::jsonb
      WHERE id = ? AND state = 'running'
      """;

  private static final String END_WITHOUT_RESULT =
      """
      UPDATE kintsugi_verification SET state = ?, ended_at = clock_timestamp(), detail = ?
      WHERE projection = ? AND id = ? AND %s
      """
          .formatted(OPEN);

  private static final String SELECT =
      """
      SELECT id, projection, generation, requested_by, reason, node, state, up_to, checkpoint, events,
        open, discarded, detail, %s, requested_at, started_at, ended_at, statement_timestamp()
      FROM kintsugi_verification WHERE projection = ?
      """;

  private static final String FIND = SELECT.formatted("tables") + "AND id = ?";

  private static final String HISTORY =
      SELECT.formatted(
              "(SELECT jsonb_agg(t - 'examples' ORDER BY n)"
                  + " FROM jsonb_array_elements(tables) WITH ORDINALITY AS e (t, n))")
          + "ORDER BY id DESC LIMIT ?";

  private VerificationRuns() {}

  /** A verification of a projection, if there is one of this number, with all that is kept. */
  public static Optional<VerificationRun> find(Connection connection, String projection, int id)
      throws SQLException {
    abandonLost(connection, projection);
    return read(connection, FIND, projection, id).stream().findFirst();
  }

  /** The newest verifications of a projection, the newest first, without examples of rows. */
  public static List<VerificationRun> history(Connection connection, String projection, int limit)
      throws SQLException {
    abandonLost(connection, projection);
    return read(connection, HISTORY, projection, limit);
  }

  /** Stops one that is open, whichever node carries it out. */
  public static StopAnswer stop(
      Connection connection, String projection, int id, String requestedBy, String reason)
      throws SQLException {
    Optional<VerificationRun> found = find(connection, projection, id);
    if (found.isEmpty()) {
      return new StopAnswer.NotThere(projection, id);
    }
    String why = "stopped by %s: %s".formatted(requestedBy, reason);
    return endWithoutResult(connection, projection, id, VerificationState.STOPPED, why)
        ? new StopAnswer.Stopped(projection, id)
        : new StopAnswer.HadEnded(find(connection, projection, id).orElseThrow());
  }

  /**
   * Notes of one that is open that its node is gone. To be called in another session than that of
   * this node's locks, which would be given its own once more.
   */
  static void abandonLost(Connection connection, String projection) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(ABANDON_LOST)) {
      update.setString(1, projection);
      update.executeUpdate();
    }
  }

  /**
   * Puts one on record, as waiting; empty if one of this projection is open. Its lock is this
   * session's then, until it is unlocked, also if the transaction is rolled back.
   */
  static Optional<Integer> begin(
      Connection connection, Generation generation, String requestedBy, String reason, String node)
      throws SQLException {
    int id;
    try (PreparedStatement insert = connection.prepareStatement(BEGIN)) {
      insert.setString(1, generation.projection());
      insert.setInt(2, generation.generation());
      insert.setString(3, requestedBy);
      insert.setString(4, reason);
      insert.setString(5, node);
      try (ResultSet row = insert.executeQuery()) {
        if (!row.next()) {
          return Optional.empty();
        }
        id = row.getInt(1);
      }
    }
    lock(connection, LOCK, id);
    return Optional.of(id);
  }

  static void unlock(Connection connection, int id) throws SQLException {
    lock(connection, UNLOCK, id);
  }

  private static void lock(Connection connection, String statement, int id) throws SQLException {
    try (PreparedStatement lock = connection.prepareStatement(statement)) {
      lock.setInt(1, id);
      lock.execute();
    }
  }

  /** Its turn has come; false if it is not waiting any more. */
  static boolean start(Connection connection, int id, Generation generation, long upTo)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(START)) {
      update.setInt(1, generation.generation());
      update.setLong(2, upTo);
      update.setInt(3, id);
      return update.executeUpdate() == 1;
    }
  }

  /** How far it is; false if it is not running any more. */
  static boolean goOn(Connection connection, int id, VerificationListener.Progress progress)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(GO_ON)) {
      update.setLong(1, progress.checkpoint());
      update.setLong(2, progress.events());
      update.setLong(3, progress.open());
      update.setLong(4, progress.discarded());
      update.setInt(5, id);
      return update.executeUpdate() == 1;
    }
  }

  /** Its result; false if it is not running any more. */
  static boolean end(Connection connection, int id, Verification result)
      throws SQLException, JsonProcessingException {
    try (PreparedStatement update = connection.prepareStatement(END)) {
      update.setString(1, result.result().inTable());
      update.setLong(2, result.upTo());
      update.setLong(3, result.events());
      update.setLong(4, result.open());
      update.setLong(5, result.discarded());
      update.setString(6, TableReports.write(result.tables()));
      update.setInt(7, id);
      return update.executeUpdate() == 1;
    }
  }

  /** Ends it without a result, and says why; false if it has ended. */
  static boolean endWithoutResult(
      Connection connection, String projection, int id, VerificationState state, String why)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(END_WITHOUT_RESULT)) {
      update.setString(1, state.inTable());
      update.setString(2, TableReports.cut(StorableText.repaired(why)));
      update.setString(3, projection);
      update.setInt(4, id);
      return update.executeUpdate() == 1;
    }
  }

  private static List<VerificationRun> read(
      Connection connection, String statement, String projection, int number) throws SQLException {
    List<VerificationRun> runs = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(statement)) {
      select.setString(1, projection);
      select.setInt(2, number);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          runs.add(read(row));
        }
      }
    }
    return runs;
  }

  private static VerificationRun read(ResultSet row) throws SQLException {
    return new VerificationRun(
        row.getInt(1),
        row.getString(2),
        row.getInt(3),
        row.getString(4),
        row.getString(5),
        row.getString(6),
        VerificationState.ofTable(row.getString(7)),
        row.getObject(8, Long.class),
        row.getLong(9),
        row.getLong(10),
        row.getLong(11),
        row.getLong(12),
        row.getString(13),
        tables(row.getString(14)),
        row.getTimestamp(15).toInstant(),
        instant(row, 16),
        instant(row, 17),
        row.getTimestamp(18).toInstant());
  }

  private static List<TableDifference> tables(@Nullable String json) throws SQLException {
    try {
      return json == null ? List.of() : TableReports.read(json);
    } catch (JsonProcessingException e) {
      throw new SQLException("kintsugi_verification.tables is not what was written there", e);
    }
  }

  private static @Nullable Instant instant(ResultSet row, int column) throws SQLException {
    OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
    return time == null ? null : time.toInstant();
  }
}
