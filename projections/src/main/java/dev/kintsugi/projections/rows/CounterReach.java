package dev.kintsugi.projections.rows;

import dev.kintsugi.projections.internal.bulk.ColumnType;
import java.math.BigDecimal;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;

/**
 * Between what numbers the counters of a group's rows are after an upsert. If even the highest of
 * them and the longest way down of any event's row is in the range of the type, none was out of it;
 * so nobody has to know which number is whose.
 */
final class CounterReach {

  private final List<ColumnType> types;
  private final long[] highest;
  private final long[] lowest;
  private boolean isKnown;

  /** Of counters that have these types; nothing is known of those that are no whole numbers. */
  CounterReach(List<ColumnType> types) {
    this.types = types;
    this.highest = new long[types.size()];
    this.lowest = new long[types.size()];
    this.isKnown = !types.contains(ColumnType.NUMERIC);
    Arrays.fill(highest, Long.MIN_VALUE);
    Arrays.fill(lowest, Long.MAX_VALUE);
  }

  /** Takes what the counters of a row have come to, in their order. */
  void sawRow(ResultSet row) throws SQLException {
    for (int i = 0; i < types.size() && isKnown; i++) {
      long counter = row.getLong(i + 1);
      isKnown = !row.wasNull();
      highest[i] = Math.max(highest[i], counter);
      lowest[i] = Math.min(lowest[i], counter);
    }
  }

  /**
   * Whether none of the rows' counters can have been out of range on its way.
   *
   * @param places of the counters in the table
   */
  boolean covers(List<PendingRow> wandered, List<Integer> places) {
    return isKnown
        && wandered.stream()
            .allMatch(
                row -> {
                  for (int i = 0; i < places.size(); i++) {
                    Sum sum = row.sum(places.get(i));
                    if (sum != null && !covers(i, sum)) {
                      return false;
                    }
                  }
                  return true;
                });
  }

  private boolean covers(int i, Sum sum) {
    return isInRange(i, highest[i], sum.above()) && isInRange(i, lowest[i], sum.below());
  }

  private boolean isInRange(int i, long counter, BigDecimal way) {
    BigDecimal reached = BigDecimal.valueOf(counter).add(way);
    return reached.unscaledValue().bitLength() < Long.SIZE
        && types.get(i).holds(reached.longValueExact());
  }
}
