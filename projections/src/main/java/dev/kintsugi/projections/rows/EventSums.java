package dev.kintsugi.projections.rows;

import dev.kintsugi.projections.internal.bulk.Column;
import dev.kintsugi.projections.rows.RowTable.ValueColumn;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What one event adds to a counter has to fit the counter's column, also where it says it in
 * several changes of the row. Otherwise it would depend on the events beside it whether the sum
 * that is written fits.
 */
final class EventSums {

  private EventSums() {}

  /**
   * Looks at the changes of one event.
   *
   * @throws IllegalArgumentException if a sum of them is too large for its column
   */
  static void check(List<RowChanges.Change> changes) {
    int count = changes.size();
    if (count < 2) {
      return;
    }
    for (RowChanges.Change change : changes) {
      if (isLarge(change, count)) {
        checkEach(changes);
        return;
      }
    }
  }

  /** Whether so many increments as large as one of the change's may be too large together. */
  private static boolean isLarge(RowChanges.Change change, int count) {
    @Nullable Object[] values = change.values();
    for (int i = 0; i < values.length; i++) {
      ValueColumn column = change.table().valueColumns().get(i);
      if (column.combine() == Combine.SUM
          && values[i] != null
          && isLarge(column, values[i], count)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isLarge(ValueColumn column, Object value, int count) {
    if (value instanceof Long number) {
      return number > Long.MAX_VALUE / count
          || number < Long.MIN_VALUE / count
          || !column.column().type().holds(number * count);
    }
    return !column.column().type().holds(((BigDecimal) value).multiply(BigDecimal.valueOf(count)));
  }

  private static void checkEach(List<RowChanges.Change> changes) {
    Map<List<Object>, @Nullable Object[]> sums = new HashMap<>();
    for (RowChanges.Change change : changes) {
      List<Object> row = List.of(change.table(), change.key());
      if (change.isDelete()) {
        sums.remove(row);
      } else {
        @Nullable Object[] before = sums.get(row);
        sums.put(row, before == null ? change.values() : added(change, before));
      }
    }
  }

  private static @Nullable Object[] added(RowChanges.Change change, @Nullable Object[] before) {
    @Nullable Object[] sums = change.values().clone();
    for (int i = 0; i < sums.length; i++) {
      ValueColumn column = change.table().valueColumns().get(i);
      if (column.combine() == Combine.SUM && before[i] != null) {
        Number earlier = (Number) Objects.requireNonNull(before[i]);
        sums[i] =
            sums[i] == null
                ? earlier
                : checked(change.table(), column.column(), Sum.add(earlier, (Number) sums[i]));
      }
    }
    return sums;
  }

  /** A sum that one event adds to a column, if it fits. */
  static Number checked(RowTable table, Column column, Number sum) {
    if (!column.type().holds(sum)) {
      throw new IllegalArgumentException(
          "column '%s' of %s: what the event adds, %s, is out of the range of type %s"
              .formatted(column.name(), table, sum, column.type().sql()));
    }
    return sum;
  }
}
