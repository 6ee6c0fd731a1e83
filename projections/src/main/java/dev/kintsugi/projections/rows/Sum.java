package dev.kintsugi.projections.rows;

import java.math.BigDecimal;

/**
 * What increments of one counter come to that don't all have the same sign. On its way to the total
 * the counter passes through others, and each of them has to fit its column, as if the increments
 * were written one by one.
 *
 * @param total of all increments
 * @param highest of 0 and of the totals on the way
 * @param lowest of 0 and of the totals on the way
 */
record Sum(Number total, Number highest, Number lowest) {

  /** Increments that all have the same sign, or some of each, as a sum. */
  static Sum of(Object increments) {
    return increments instanceof Sum sum
        ? sum
        : new Sum(
            (Number) increments, higher(0L, (Number) increments), lower(0L, (Number) increments));
  }

  /**
   * Adds an increment to those before it.
   *
   * @param earlier a number, if these all had the same sign, or a sum
   * @return a number, if all have, or a sum
   */
  static Object and(Object earlier, Number later) {
    if (earlier instanceof Number first && sign(first) * sign(later) >= 0) {
      return add(first, later);
    }
    Sum before = of(earlier);
    Number total = add(before.total, later);
    return new Sum(total, higher(before.highest, total), lower(before.lowest, total));
  }

  /** Whether it was beyond both its beginning and its end. */
  boolean wandered() {
    return compare(highest, higher(0L, total)) > 0 || compare(lowest, lower(0L, total)) < 0;
  }

  /** From the total up to the highest. */
  BigDecimal above() {
    return decimal(highest).subtract(decimal(total));
  }

  /** From the total down to the lowest; not above 0. */
  BigDecimal below() {
    return decimal(lowest).subtract(decimal(total));
  }

  /** The exact sum: a Long, unless it is too large for one or there are decimals in it. */
  static Number add(Number a, Number b) {
    if (a instanceof Long && b instanceof Long) {
      long sum = a.longValue() + b.longValue();
      boolean overflows = ((a.longValue() ^ sum) & (b.longValue() ^ sum)) < 0;
      if (!overflows) {
        return sum;
      }
    }
    return decimal(a).add(decimal(b));
  }

  private static BigDecimal decimal(Number number) {
    return number instanceof BigDecimal decimal ? decimal : BigDecimal.valueOf(number.longValue());
  }

  private static int sign(Number number) {
    return number instanceof BigDecimal decimal
        ? decimal.signum()
        : Long.signum(number.longValue());
  }

  private static Number higher(Number a, Number b) {
    return compare(a, b) >= 0 ? a : b;
  }

  private static Number lower(Number a, Number b) {
    return compare(a, b) <= 0 ? a : b;
  }

  private static int compare(Number a, Number b) {
    return a instanceof Long && b instanceof Long
        ? Long.compare(a.longValue(), b.longValue())
        : decimal(a).compareTo(decimal(b));
  }
}
