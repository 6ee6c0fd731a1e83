package dev.kintsugi.runtime.internal.state;

import dev.kintsugi.runtime.internal.jdbc.ServerVersion;
import dev.kintsugi.runtime.internal.locks.Transactions;
import dev.kintsugi.runtime.status.FenceHolder;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The point after which no transaction can still act on an older status (DESIGN 4).
 *
 * <p>A fence is a transaction id of its own. Ids are handed out in order, and whoever acts on a
 * status takes his id before he reads it; so each transaction that read a status before a change
 * has an id below a fence taken after that change. Also, it has a lock on {@code
 * kintsugi_projection}, which it took before the snapshot that it read by, and keeps until it ends.
 *
 * <p>So a fence has passed when no open transaction has both: an id below it, and such a lock. By
 * ids alone is looked first, as that costs next to nothing: where no transaction has an id below
 * it, it has passed. Else the locks say who of those matters: a forgotten transaction, one in
 * another database, a prepared one that never read a status hold nothing up. Nor does a report that
 * only reads the table, which has no id. A fence waits for those that had begun, never for new
 * ones, and blocks nobody.
 *
 * <p>Nothing needs to be remembered from one look to the next, as nobody gets an id below a fence
 * any more once it is taken. So any owner may look, on any node, and the server may restart in
 * between: a prepared transaction has both locks again before anybody is let in.
 *
 * <p>Two things follow for whoever touches a read model. He has to read the status in that very
 * transaction, after he took his id: else he is none of those that a fence waits for. And where he
 * read it behind a savepoint that he goes back to, the lock is gone: so nothing that he decided by
 * it may outlive the savepoint.
 *
 * <p>A snapshot's xmax would be no fence: it is one past the last <em>completed</em> id, and a
 * writer with a higher id may be running that read the older status.
 *
 * @param xid the fence's transaction id
 */
public record Fence(long xid) {

  private static final String TAKE = "SELECT pg_current_xact_id()::text";

  /**
   * Whom a fence waits for. All locks are looked at once: those of the fast path, then the others;
   * as a lock only ever moves from the first to the second, none is missed. Ids are compared as the
   * server does, by their low 32 bits and modulo 2^32.
   */
  private static final String AWAITED =
      """
      FROM pg_locks l
      WHERE l.granted AND CASE l.locktype
        WHEN 'transactionid' THEN l.mode = 'ExclusiveLock'
          AND ((s.low - l.transactionid::text::bigint) & 4294967295) BETWEEN 1 AND 2147483647
        WHEN 'relation' THEN l.relation = 'kintsugi_projection'::regclass
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        ELSE FALSE END
      GROUP BY l.virtualtransaction
      HAVING bool_or(l.locktype = 'transactionid')
      """;

  private static final String AND_HOLDS_THE_TABLE = " AND bool_or(l.locktype = 'relation')";

  /** In this order: an id that has passed is not ahead, and locks are looked at only if need be. */
  private static final String LOOK =
      """
      SELECT CASE WHEN pg_snapshot_xmin(s.now) > s.fence THEN 'PASSED'
        WHEN pg_snapshot_xmax(s.now) <= s.fence THEN 'OF_ANOTHER_CLUSTER'
        WHEN EXISTS (SELECT 1 %s) THEN 'AWAITED' ELSE 'PASSED' END
      FROM (SELECT pg_current_snapshot() AS now, ?::text::xid8 AS fence, ?::bigint AS low) s
      """;

  private static final String TRANSACTIONS =
      "SELECT a.name FROM (SELECT ?::bigint AS low) s, LATERAL (SELECT l.virtualtransaction AS name %s) a";

  /** The fence of a row; null if none was taken. */
  public static @Nullable Fence of(@Nullable Long xid) {
    return xid == null ? null : new Fence(xid);
  }

  /**
   * Takes a fence. The connection must be in no transaction; this begins and commits one that does
   * nothing else.
   */
  public static Fence take(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(TAKE)) {
      row.next();
      Fence fence = new Fence(Long.parseLong(row.getString(1)));
      connection.commit();
      return fence;
    }
  }

  /** What a look at a fence can find. */
  public enum Look {
    /** Every transaction that may act on an older status has ended. */
    PASSED,

    /** One of them runs. */
    AWAITED,

    /**
     * This cluster has not handed out the fence's id yet, although whoever took it has committed.
     * So it came with a dump, or by replication of rows; it would be waited for until this cluster
     * has come to that id, and is to be taken anew.
     */
    OF_ANOTHER_CLUSTER
  }

  /** Looks at it. The connection's transaction must have taken no id. */
  public Look look(Connection connection) throws SQLException {
    try (PreparedStatement look = connection.prepareStatement(onThisServer(LOOK, connection))) {
      look.setString(1, Long.toString(xid));
      look.setLong(2, low());
      try (ResultSet row = look.executeQuery()) {
        row.next();
        return Look.valueOf(row.getString(1));
      }
    }
  }

  /** Whether it has passed. The connection's transaction must have taken no id. */
  public boolean hasPassed(Connection connection) throws SQLException {
    return look(connection) == Look.PASSED;
  }

  /** Whom it waits for now, the oldest first; nobody once it has passed. */
  public List<FenceHolder> holders(Connection connection) throws SQLException {
    List<String> transactions = new ArrayList<>();
    try (PreparedStatement query =
        connection.prepareStatement(onThisServer(TRANSACTIONS, connection))) {
      query.setLong(1, low());
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          transactions.add(row.getString(1));
        }
      }
    }
    return Transactions.describe(connection, transactions);
  }

  /**
   * Where the locks of a transaction get another name one by one while it is prepared, it could be
   * seen with one of them only: there its id alone counts.
   */
  private static String onThisServer(String statement, Connection connection) throws SQLException {
    return statement.formatted(
        ServerVersion.of(connection).keepsNamesOfPrepared()
            ? AWAITED + AND_HOLDS_THE_TABLE
            : AWAITED);
  }

  private long low() {
    return xid & 0xFFFF_FFFFL;
  }
}
