package dev.kintsugi.runtime.internal.locks;

import dev.kintsugi.runtime.status.FenceHolder;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Open transactions by the name that {@code pg_locks} has for them, their <em>virtual
 * transaction</em> ("3/4711"). Each has one, also before it has an id.
 *
 * <p>A transaction keeps its name when it is prepared; on the first minor releases of PostgreSQL 13
 * and 14 it gets another one then. A prepared one that the server has had to recover, after a
 * restart or a fail-over, also has another name than before. Both begin with {@code -1/}.
 */
public final class Transactions {

  private static final String RENAMED = "-1/";

  /**
   * A session holds the lock of its virtual transaction, a prepared one that of its id. What this
   * user may not see is null, or empty.
   */
  private static final String DESCRIBE =
      """
      WITH open AS (
        SELECT virtualtransaction, max(pid) AS pid, array_agg(transactionid::text) AS ids
        FROM pg_locks
        WHERE virtualtransaction = ANY (?) AND granted AND mode = 'ExclusiveLock'
          AND locktype IN ('virtualxid', 'transactionid')
        GROUP BY virtualtransaction)
      SELECT 'pid ' || a.pid, COALESCE(a.application_name, ''), COALESCE(a.usename, ''),
        COALESCE(a.datname, ''), COALESCE(a.state, ''), COALESCE(a.xact_start, a.backend_start),
        COALESCE(a.query_start, a.backend_start)
      FROM open JOIN pg_stat_activity a ON a.pid = open.pid
      UNION ALL
      SELECT 'prepared transaction ' || p.gid, '', p.owner::text, p.database::text, 'prepared',
        p.prepared, p.prepared
      FROM open JOIN pg_prepared_xacts p ON p.transaction::text = ANY (open.ids)
      WHERE open.pid IS NULL
      ORDER BY 6 NULLS LAST, 1
      """;

  private Transactions() {}

  /**
   * Which of the open ones may be among some that were seen before: those of the same name, and
   * those that may have got another one since.
   *
   * @param open all that are open now, of those that matter
   */
  public static Set<String> stillOpen(Set<String> seen, Set<String> open) {
    return open.stream()
        .filter(name -> seen.contains(name) || name.startsWith(RENAMED))
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Who they are, the oldest first; those that have ended meanwhile are left out. */
  public static List<FenceHolder> describe(Connection connection, Collection<String> transactions)
      throws SQLException {
    if (transactions.isEmpty()) {
      return List.of();
    }
    try (PreparedStatement query = connection.prepareStatement(DESCRIBE)) {
      query.setArray(1, connection.createArrayOf("text", transactions.toArray()));
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
                  instant(row.getTimestamp(6)),
                  instant(row.getTimestamp(7))));
        }
      }
      return holders;
    }
  }

  private static @Nullable Instant instant(@Nullable Timestamp time) {
    return time == null ? null : time.toInstant();
  }
}
