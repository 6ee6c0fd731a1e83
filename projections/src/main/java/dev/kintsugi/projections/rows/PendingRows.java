package dev.kintsugi.projections.rows;

import dev.kintsugi.projections.internal.bulk.RowSet;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What gathered changes come to in one table: for each key, one row. It is written with one
 * statement for each set of columns that rows name, and one for all deletions.
 */
final class PendingRows {

  /** Locks are always taken in this order, so that transactions don't deadlock on rows. */
  private static final Comparator<PendingRow> IN_KEY_ORDER =
      (a, b) -> {
        for (int i = 0; i < a.key().size(); i++) {
          int order = a.key().get(i).compareTo(b.key().get(i));
          if (order != 0) {
            return order;
          }
        }
        return 0;
      };

  private static final long ALL_COLUMNS = -1;

  private static final int BYTES_A_ROW = 200;
  private static final int BYTES_A_VALUE = 40;

  private final @Nullable String place;
  private final RowTable table;
  private final RowSet keys;
  private final Map<Long, RowStatements> statements = new HashMap<>();
  private final Map<List<String>, PendingRow> rows = new HashMap<>();
  private long bytes;

  PendingRows(@Nullable String place, RowTable table) {
    this.place = place;
    this.table = table;
    this.keys = new RowSet(place, table.name(), table.keyColumns());
  }

  /** Adds a change to those before it. Never throws: half of an event can't be taken back. */
  void add(RowChanges.Change change) {
    PendingRow row = rows.get(change.key());
    if (row == null) {
      row = new PendingRow(table, change.key());
      rows.put(change.key(), row);
      bytes += BYTES_A_ROW + (long) BYTES_A_VALUE * table.valueColumns().size();
      for (String part : change.key()) {
        bytes += part.length();
      }
    }
    if (change.isDelete()) {
      row.delete();
    } else {
      bytes += row.upsert(change.values());
    }
  }

  long bytes() {
    return bytes;
  }

  void clear() {
    rows.clear();
    bytes = 0;
  }

  /**
   * Writes all rows in the connection's transaction.
   *
   * @param isEmpty whether the table is, so that rows can be copied into it
   * @param isShared whether others may write to it meanwhile
   * @throws IllegalStateException if only events one by one can tell what each comes to
   */
  void write(Connection connection, boolean isEmpty, boolean isShared)
      throws SQLException, IOException {
    List<PendingRow> all = rows.values().stream().sorted(IN_KEY_ORDER).toList();
    List<PendingRow> deleted = new ArrayList<>();
    List<PendingRow> addedToAndDeleted = new ArrayList<>();
    Map<Long, List<PendingRow>> upserted = new TreeMap<>();
    for (PendingRow row : all) {
      row.checkWritable();
      if (row.isDeleted() && !isEmpty) {
        (row.isAddedToBefore() ? addedToAndDeleted : deleted).add(row);
      }
      if (row.isUpserted()) {
        upserted.computeIfAbsent(row.named(), named -> new ArrayList<>()).add(row);
      }
    }
    int count =
        upserted.size() + (deleted.isEmpty() ? 0 : 1) + (addedToAndDeleted.isEmpty() ? 0 : 1);
    if (isShared && count > 1) {
      lock(connection, keysOf(all));
    }
    if (!deleted.isEmpty()) {
      keys.delete(connection, keysOf(deleted));
    }
    if (!addedToAndDeleted.isEmpty()) {
      statementsFor(ALL_COLUMNS).deleteAddedTo(connection, addedToAndDeleted);
    }
    for (Map.Entry<Long, List<PendingRow>> sameColumns : upserted.entrySet()) {
      RowStatements write = statementsFor(sameColumns.getKey());
      if (isEmpty) {
        write.copy(connection, sameColumns.getValue());
      } else {
        write.upsert(connection, sameColumns.getValue());
      }
    }
  }

  private RowStatements statementsFor(long named) {
    return statements.computeIfAbsent(named, columns -> new RowStatements(place, table, columns));
  }

  private static List<@Nullable String[]> keysOf(List<PendingRow> rows) {
    List<@Nullable String[]> keys = new ArrayList<>();
    rows.forEach(row -> keys.add(row.key().toArray(String[]::new)));
    return keys;
  }

  /** Several statements take locks in an order of their own each; so all are taken before. */
  private void lock(Connection connection, List<@Nullable String[]> all) throws SQLException {
    keys.query(
        connection,
        "SELECT 1 FROM %s CROSS JOIN LATERAL (SELECT 1 FROM %s AS t WHERE %s FOR UPDATE) AS locked"
            .formatted(keys.asTable(), keys.table(), keys.isSame("t")),
        all,
        row -> {});
  }
}
