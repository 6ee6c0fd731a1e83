package dev.kintsugi.projections.rows;

import dev.kintsugi.projections.bulk.Column;
import dev.kintsugi.projections.bulk.RowSet;
import dev.kintsugi.projections.rows.RowTable.ValueColumn;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What gathered changes come to in one table: for each key, one row. It is written with one
 * statement for each set of columns that rows name, and one for all deletions.
 */
final class PendingRows {

  /** Locks are always taken in this order, so that transactions don't deadlock on rows. */
  private static final Comparator<List<String>> IN_KEY_ORDER =
      (a, b) -> {
        for (int i = 0; i < a.size(); i++) {
          int order = a.get(i).compareTo(b.get(i));
          if (order != 0) {
            return order;
          }
        }
        return 0;
      };

  private static final int BYTES_A_ROW = 200;
  private static final int BYTES_A_VALUE = 40;

  private final RowTable table;
  private final RowSet keys;
  private final Map<Long, Upsert> upserts = new HashMap<>();
  private final Map<List<String>, Pending> rows = new HashMap<>();
  private long bytes;

  PendingRows(RowTable table) {
    this.table = table;
    this.keys = new RowSet(table.name(), table.keyColumns());
  }

  private static final class Pending {
    private final @Nullable Object[] values;
    private boolean deleted;
    private boolean upserted;

    Pending(int columns) {
      values = new Object[columns];
    }
  }

  /** Adds a change to those before it. Never throws: half of an event can't be taken back. */
  void add(RowChanges.Change change) {
    Pending row = rows.get(change.key());
    if (row == null) {
      row = new Pending(table.valueColumns().size());
      rows.put(change.key(), row);
      bytes += BYTES_A_ROW + (long) BYTES_A_VALUE * row.values.length;
      for (String part : change.key()) {
        bytes += part.length();
      }
    }
    if (change.isDelete()) {
      row.deleted = true;
      row.upserted = false;
      Arrays.fill(row.values, null);
    } else {
      row.upserted = true;
      combine(row.values, change.values());
    }
  }

  private void combine(@Nullable Object[] values, @Nullable Object[] said) {
    for (int i = 0; i < said.length; i++) {
      Object later = said[i];
      if (later != null) {
        Object earlier = values[i];
        values[i] =
            earlier == null ? later : table.valueColumns().get(i).combine().of(earlier, later);
        bytes += later instanceof String text && earlier == null ? text.length() : 0;
      }
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
   */
  void write(Connection connection, boolean isEmpty, boolean isShared)
      throws SQLException, IOException {
    List<@Nullable String[]> deleted = new ArrayList<>();
    Map<Long, List<@Nullable String[]>> upserted = new TreeMap<>();
    List<@Nullable String[]> all = new ArrayList<>();
    for (List<String> key : rows.keySet().stream().sorted(IN_KEY_ORDER).toList()) {
      Pending row = Objects.requireNonNull(rows.get(key));
      if (row.deleted) {
        deleted.add(key.toArray(String[]::new));
      }
      if (row.upserted) {
        long named = RowChanges.Change.named(row.values);
        upserted
            .computeIfAbsent(named, shape -> new ArrayList<>())
            .add(RowChanges.Change.texts(key, row.values));
      }
      all.add(key.toArray(String[]::new));
    }
    boolean severalStatements = upserted.size() + (deleted.isEmpty() ? 0 : 1) > 1;
    if (isShared && severalStatements) {
      lock(connection, all);
    }
    if (!deleted.isEmpty() && !isEmpty) {
      keys.delete(connection, deleted);
    }
    for (Map.Entry<Long, List<@Nullable String[]>> sameColumns : upserted.entrySet()) {
      Upsert upsert = upserts.computeIfAbsent(sameColumns.getKey(), this::upsertOf);
      if (isEmpty) {
        upsert.set().copy(connection, sameColumns.getValue(), row -> row);
      } else {
        upsert.set().insert(connection, upsert.sql(), sameColumns.getValue());
      }
    }
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

  /** Rows that name the same columns, and the statement that writes them. */
  private record Upsert(RowSet set, String sql) {}

  private Upsert upsertOf(long named) {
    List<Column> columns = new ArrayList<>(table.keyColumns());
    List<String> changes = new ArrayList<>();
    for (ValueColumn value : table.valueColumns(named)) {
      columns.add(value.column());
      changes.add(value.assignment("excluded"));
    }
    RowSet set = new RowSet(table.name(), columns);
    String sql =
        "INSERT INTO %s AS t (%s) SELECT %s FROM %s ON CONFLICT (%s) DO %s"
            .formatted(
                set.table(),
                set.columns(),
                set.columns(),
                set.asTable(),
                keys.columns(),
                changes.isEmpty() ? "NOTHING" : "UPDATE SET " + String.join(", ", changes));
    return new Upsert(set, sql);
  }
}
