package dev.kintsugi.projections.rows;

import dev.kintsugi.projections.internal.bulk.Column;
import dev.kintsugi.projections.internal.bulk.ColumnType;
import dev.kintsugi.projections.internal.text.StorableText;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Takes down what one event changes, in the order in which it is said. Nothing is written before
 * the mapper has returned.
 */
public final class RowChanges {

  private final Set<RowTable> tables;
  private final List<Change> changes = new ArrayList<>();

  RowChanges(Set<RowTable> tables) {
    this.tables = tables;
  }

  /** Makes the row of this key if there is none, and changes it by what the row is then told. */
  public Row upsert(RowTable table, Object... key) {
    Change change = new Change(declared(table), keyOf(table, key), false);
    changes.add(change);
    return new Row(change);
  }

  /** Deletes the row of this key, if there is one. */
  public void delete(RowTable table, Object... key) {
    changes.add(new Change(declared(table), keyOf(table, key), true));
  }

  private RowTable declared(RowTable table) {
    if (!tables.contains(table)) {
      throw new IllegalArgumentException(
          table + " is not among the tables that were given to rows(…): " + tables);
    }
    return table;
  }

  private static List<String> keyOf(RowTable table, Object[] values) {
    List<Column> columns = table.keyColumns();
    if (values.length != columns.size()) {
      throw new IllegalArgumentException(
          "the key of %s has %d columns, and %d values were given: %s"
              .formatted(table, columns.size(), values.length, Arrays.toString(values)));
    }
    String[] key = new String[values.length];
    for (int i = 0; i < key.length; i++) {
      Column column = columns.get(i);
      Object value = values[i];
      if (value == null) {
        throw new IllegalArgumentException(
            "the key of %s is null in column '%s'".formatted(table, column.name()));
      }
      key[i] = ColumnType.sent(valueOf(table, column, value));
    }
    List<String> texts = List.of(key);
    StorableText.keyFault(texts)
        .ifPresent(
            fault -> {
              throw new IllegalArgumentException(
                  "the key of %s that begins with '%s' can't be stored: %s"
                      .formatted(table, StorableText.shortened(texts.get(0), 100), fault));
            });
    return texts;
  }

  private static Comparable<?> valueOf(RowTable table, Column column, Object value) {
    try {
      return column.type().canonical(value);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "column '%s' of %s: %s".formatted(column.name(), table, e.getMessage()), e);
    }
  }

  List<Change> taken() {
    return changes;
  }

  /** One change of one row. Values are in the places of the table's columns. */
  static final class Change {

    /** What a column is set to if it is set to null. A place that holds null was not named. */
    static final Object SQL_NULL = "NULL".toCharArray();

    private final RowTable table;
    private final List<String> key;
    private final boolean isDelete;
    private final @Nullable Object[] values;

    Change(RowTable table, List<String> key, boolean isDelete) {
      this.table = table;
      this.key = key;
      this.isDelete = isDelete;
      this.values = new Object[isDelete ? 0 : table.valueColumns().size()];
    }

    RowTable table() {
      return table;
    }

    List<String> key() {
      return key;
    }

    boolean isDelete() {
      return isDelete;
    }

    @Nullable Object[] values() {
      return values;
    }

    /** Which columns it names, as bits. */
    long named() {
      return named(values);
    }

    static long named(@Nullable Object[] values) {
      long named = 0;
      for (int i = 0; i < values.length; i++) {
        if (values[i] != null) {
          named |= 1L << i;
        }
      }
      return named;
    }

    private static String sent(Object value) {
      return ColumnType.sent(value instanceof Sum sum ? sum.total() : value);
    }

    /** What is sent: the key's columns, then the columns that it names. */
    @Nullable String[] texts() {
      return texts(key, values);
    }

    static @Nullable String[] texts(List<String> key, @Nullable Object[] values) {
      List<@Nullable String> texts = new ArrayList<>(key);
      for (Object value : values) {
        if (value != null) {
          texts.add(value == SQL_NULL ? null : sent(value));
        }
      }
      return texts.toArray(String[]::new);
    }

    void say(String column, Combine combine, @Nullable Object value) {
      int place = table.place(column, combine);
      if (value == null && combine != Combine.SET) {
        throw new IllegalArgumentException(
            "column '%s' of %s can't be changed by null".formatted(column, table));
      }
      Object said =
          value == null
              ? SQL_NULL
              : valueOf(table, table.valueColumns().get(place).column(), value);
      Object before = values[place];
      values[place] = before == null ? said : twice(place, combine, before, said);
    }

    private Object twice(int place, Combine combine, Object before, Object said) {
      return combine == Combine.SUM
          ? EventSums.checked(
              table,
              table.valueColumns().get(place).column(),
              Sum.add((Number) before, (Number) said))
          : combine.of(before, said);
    }
  }

  /** A row that an event makes or changes. */
  public static final class Row {
    private final Change change;

    private Row(Change change) {
      this.change = change;
    }

    /** Sets a {@link RowTable#column}. */
    public Row set(String column, @Nullable Object value) {
      change.say(column, Combine.SET, value);
      return this;
    }

    /** Adds to a {@link RowTable#counter}; a negative number subtracts. */
    public Row increment(String column, long by) {
      change.say(column, Combine.SUM, by);
      return this;
    }

    /** Adds to a {@link RowTable#counter} of type numeric. */
    public Row increment(String column, BigDecimal by) {
      change.say(column, Combine.SUM, by);
      return this;
    }

    /** Lowers a {@link RowTable#least} to the value, if that is smaller. */
    public Row least(String column, Object value) {
      change.say(column, Combine.LEAST, value);
      return this;
    }

    /** Raises a {@link RowTable#greatest} to the value, if that is larger. */
    public Row greatest(String column, Object value) {
      change.say(column, Combine.GREATEST, value);
      return this;
    }
  }
}
