package dev.kintsugi.runtime.internal.rebuild;

import dev.kintsugi.runtime.internal.jdbc.Database;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Transactions that hold a snapshot which may be older than the proof of a generation: when it
 * serves they would see its tables without the rows that they can't see yet. A swap waits for them,
 * as CREATE INDEX CONCURRENTLY does, for so long as its setting says. They are looked up once, and
 * those that begin later are not waited for. Not thread-safe.
 */
final class OlderSnapshots {

  private static final Logger log = LoggerFactory.getLogger(OlderSnapshots.class);

  /**
   * Transactions by their virtual ids, which every user sees. A vacuum, and one that looks from
   * another database, read no table of ours.
   */
  private static final String HOLDING =
      """
      SELECT l.virtualtransaction,
        'pid ' || a.pid || COALESCE(' (' || nullif(a.application_name, '') || ')', '')
      FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid AND l.locktype = 'virtualxid' AND l.granted
      WHERE a.datname = current_database() AND a.backend_xmin IS NOT NULL AND a.pid <> pg_backend_pid()
        AND a.backend_type IS DISTINCT FROM 'autovacuum worker'
      """;

  private final Database database;
  private final Duration patience;

  /**
   * Those that were there when the generation was proven, and may be still; null if none looked.
   */
  private @Nullable Map<String, String> awaited;

  private long since;

  OlderSnapshots(Database database, Duration patience) {
    this.database = database;
    this.patience = patience;
  }

  /**
   * Whom a swap has to wait for, in words; empty if for nobody, or for too long already.
   *
   * @throws Exception if the database is at fault
   */
  Optional<String> inTheWay() throws Exception {
    Map<String, String> now = database.inTransaction(OlderSnapshots::holding);
    Map<String, String> left = awaited;
    if (left == null) {
      left = new HashMap<>(now);
      awaited = left;
      since = System.nanoTime();
    }
    left.keySet().retainAll(now.keySet());
    if (left.isEmpty()) {
      return Optional.empty();
    }
    String who = String.join(", ", left.values());
    if (System.nanoTime() - since > patience.toNanos()) {
      log.warn(
          "The swap goes on beside transactions whose snapshots are older than it, after {}: where they"
              + " read the new read model, they don't see its latest rows. They are {}",
          patience,
          who);
      left.clear();
      return Optional.empty();
    }
    return Optional.of("transactions whose snapshots are older than its proof: " + who);
  }

  /** The next swap looks anew. */
  void forget() {
    awaited = null;
  }

  private static Map<String, String> holding(Connection connection) throws SQLException {
    Map<String, String> holding = new HashMap<>();
    try (PreparedStatement select = connection.prepareStatement(HOLDING);
        ResultSet row = select.executeQuery()) {
      while (row.next()) {
        holding.put(row.getString(1), row.getString(2));
      }
    }
    return holding;
  }
}
