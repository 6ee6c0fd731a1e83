package dev.kintsugi.projections.rows;

import dev.kintsugi.projections.internal.bulk.ColumnType;
import dev.kintsugi.projections.rows.RowTable.ValueColumn;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What gathered changes come to for one key. */
final class PendingRow {

  private final RowTable table;
  private final List<String> key;

  /** In the places of the table's columns; null for one that no change names. */
  private final @Nullable Object[] values;

  /** What was added to counters before the row was deleted for the first time. */
  private @Nullable Object @Nullable [] addedBefore;

  private boolean deleted;
  private boolean upserted;
  private @Nullable ValueColumn tooLarge;

  PendingRow(RowTable table, List<String> key) {
    this.table = table;
    this.key = key;
    this.values = new Object[table.valueColumns().size()];
  }

  void delete() {
    if (upserted) {
      checkSums();
      if (!deleted) {
        addedBefore = values.clone();
      }
    }
    deleted = true;
    upserted = false;
    Arrays.fill(values, null);
  }

  /**
   * Combines what it was told with more.
   *
   * @return how many characters it is longer
   */
  long upsert(@Nullable Object[] said) {
    upserted = true;
    long longer = 0;
    for (int i = 0; i < said.length; i++) {
      Object later = said[i];
      if (later != null) {
        Object earlier = values[i];
        values[i] =
            earlier == null ? later : table.valueColumns().get(i).combine().of(earlier, later);
        longer += later instanceof String text && earlier == null ? text.length() : 0;
      }
    }
    return longer;
  }

  List<String> key() {
    return key;
  }

  boolean isDeleted() {
    return deleted;
  }

  boolean isUpserted() {
    return upserted;
  }

  /** Which columns it names, as bits. */
  long named() {
    return RowChanges.Change.named(values);
  }

  /** What is sent for an upsert: the key's columns, then the columns that it names. */
  @Nullable String[] texts() {
    return RowChanges.Change.texts(key, values);
  }

  /** The increments of a column, as a sum; null if there are none. */
  @Nullable Sum sum(int place) {
    return sum(values, place);
  }

  /** As {@link #sum}, before the row was deleted for the first time. */
  @Nullable Sum sumBefore(int place) {
    return addedBefore == null ? null : sum(addedBefore, place);
  }

  private @Nullable Sum sum(@Nullable Object[] of, int place) {
    Object increments = of[place];
    boolean isSum = table.valueColumns().get(place).combine() == Combine.SUM;
    return isSum && increments != null ? Sum.of(increments) : null;
  }

  /** Whether a counter is added to before it is deleted. */
  boolean isAddedToBefore() {
    for (int place = 0; place < values.length; place++) {
      if (sumBefore(place) != null) {
        return true;
      }
    }
    return false;
  }

  /** Whether a counter was beyond both its beginning and its end. */
  boolean hasWandered() {
    for (Object value : values) {
      if (value instanceof Sum sum && sum.wandered()) {
        return true;
      }
    }
    return false;
  }

  /**
   * Fails if a counter, from 0, can't have been all that it was. From another number it might; the
   * events one by one tell.
   *
   * @throws IllegalStateException with the table, the row and the column
   */
  void checkWritable() {
    if (upserted) {
      checkSums();
    }
    if (tooLarge != null) {
      throw new IllegalStateException(
          "what several events add to column '%s' of %s, row %s, is out of the range of type %s; they have to be applied one by one"
              .formatted(tooLarge.column().name(), table, key, tooLarge.column().type().sql()));
    }
  }

  private void checkSums() {
    for (int place = 0; place < values.length; place++) {
      Object value = values[place];
      ValueColumn column = table.valueColumns().get(place);
      if (value != null
          && column.combine() == Combine.SUM
          && !fits(column.column().type(), value)) {
        tooLarge = column;
      }
    }
  }

  private static boolean fits(ColumnType type, Object increments) {
    return increments instanceof Sum sum
        ? type.holds(sum.highest()) && type.holds(sum.lowest())
        : type.holds((Number) increments);
  }
}
