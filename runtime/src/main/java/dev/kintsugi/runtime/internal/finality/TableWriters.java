package dev.kintsugi.runtime.internal.finality;

import dev.kintsugi.runtime.internal.event.NumberedTable;
import dev.kintsugi.runtime.internal.event.OrderingSequence;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Set;

/**
 * Which transactions may have drawn a number of a table's sequence, of those that are open. Whoever
 * inserts locks the table before he draws one, until he ends. So does whoever draws one by itself,
 * to insert it later: he locks the sequence.
 *
 * <p>So a number that had been drawn before this is looked at belongs to one of them, or to a
 * transaction that has ended: whose row is visible to all later snapshots, or never will be.
 */
final class TableWriters {

  /**
   * Whoever inserts, updates or draws takes a lock in this mode, whatever else he has locked the
   * table in. Of a partitioned table it is taken on the root before it is known which partition a
   * row goes to; on a partition alone by a statement that names that one. No snapshot has a part in
   * this: locks are seen as they are. (Our own session may have looked at the sequence.)
   */
  private static final String WRITERS =
      """
      WITH RECURSIVE written AS (
        SELECT to_regclass(?)::oid AS oid
        UNION ALL
        SELECT i.inhrelid FROM pg_inherits i JOIN written w ON i.inhparent = w.oid)
      SELECT DISTINCT l.virtualtransaction FROM pg_locks l
      WHERE l.locktype = 'relation' AND l.mode = 'RowExclusiveLock' AND l.granted
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND l.relation IN (SELECT oid FROM written UNION ALL (%s))
        AND l.pid IS DISTINCT FROM pg_backend_pid()
      """
          .formatted(OrderingSequence.OID);

  private TableWriters() {}

  /** Their virtual transactions. */
  static Set<String> open(Connection connection, NumberedTable table) throws SQLException {
    Set<String> writers = new HashSet<>();
    try (PreparedStatement select = connection.prepareStatement(WRITERS)) {
      select.setString(1, table.table());
      select.setString(2, table.table());
      select.setString(3, table.column());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          writers.add(row.getString(1));
        }
      }
    }
    return Set.copyOf(writers);
  }
}
