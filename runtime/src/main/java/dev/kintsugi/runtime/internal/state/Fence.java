package dev.kintsugi.runtime.internal.state;

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
 * <p>A fence is a transaction id of its own. Ids are handed out in order, and every writer takes
 * its id before it reads a status; so every writer that read a status before a change has an id
 * below a fence taken after that change. The fence has passed when all transactions with an id
 * below it have ended. It waits for those that had begun, never for new ones, and blocks nobody.
 *
 * <p>A snapshot's xmax would be no fence: it is one past the last <em>completed</em> id, and a
 * writer with a higher id may be running that read the older status.
 *
 * @param xid the fence's transaction id
 */
public record Fence(long xid) {

  private static final String TAKE = "SELECT pg_current_xact_id()::text";

  /** In this order: an id that has passed is not ahead. */
  private static final String LOOK =
      """
      SELECT CASE WHEN pg_snapshot_xmin(s.now) > s.fence THEN 'PASSED'
        WHEN pg_snapshot_xmax(s.now) <= s.fence THEN 'OF_ANOTHER_CLUSTER' ELSE 'AWAITED' END
      FROM (SELECT pg_current_snapshot() AS now, ?::text::xid8 AS fence) s
      """;

  private static final String HOLDERS =
      """
      SELECT 'pid ' || pid, COALESCE(application_name, ''), COALESCE(usename, ''),
        COALESCE(datname, ''), COALESCE(state, ''), COALESCE(xact_start, backend_start),
        COALESCE(query_start, backend_start)
      FROM pg_stat_activity
      WHERE backend_xid IS NOT NULL
        AND ((? - backend_xid::text::bigint) & 4294967295) BETWEEN 1 AND 2147483647
      UNION ALL
      SELECT 'prepared transaction ' || gid, '', owner::text, database::text, 'prepared', prepared,
        prepared
      FROM pg_prepared_xacts
      WHERE ((? - transaction::text::bigint) & 4294967295) BETWEEN 1 AND 2147483647
      ORDER BY 6
      """;

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
    /** Every transaction that had an id below the fence's has ended. */
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

  /** Looks at it, in one snapshot. The connection's transaction must have taken no id. */
  public Look look(Connection connection) throws SQLException {
    try (PreparedStatement look = connection.prepareStatement(LOOK)) {
      look.setString(1, Long.toString(xid));
      try (ResultSet row = look.executeQuery()) {
        row.next();
        return Look.valueOf(row.getString(1));
      }
    }
  }

  /**
   * Whether every transaction that had an id below this one has ended. The connection's transaction
   * must have taken no id.
   */
  public boolean hasPassed(Connection connection) throws SQLException {
    return look(connection) == Look.PASSED;
  }

  /** Whom it waits for, the oldest first; in the whole server, as far as this user may see. */
  public List<FenceHolder> holders(Connection connection) throws SQLException {
    long low = xid & 0xFFFF_FFFFL;
    try (PreparedStatement query = connection.prepareStatement(HOLDERS)) {
      query.setLong(1, low);
      query.setLong(2, low);
      List<FenceHolder> holders = new ArrayList<>();
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          holders.add(
              new FenceHolder(
                  row.getString(1),
                  row.getString(2),
                  row.getString(3),
                  row.getString(4),
                  row.getString(5),
                  row.getTimestamp(6).toInstant(),
                  row.getTimestamp(7).toInstant()));
        }
      }
      return holders;
    }
  }
}
