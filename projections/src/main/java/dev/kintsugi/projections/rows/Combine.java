package dev.kintsugi.projections.rows;

import dev.kintsugi.projections.internal.bulk.ColumnType;

/** How a column's new value comes of its old one and of what events say, here and in SQL. */
enum Combine {
  /** The last event's value. */
  SET,
  /** The sum. */
  SUM,
  /** The smallest. */
  LEAST,
  /** The largest. */
  GREATEST;

  /**
   * What events come to for a column, given what those before came to: a value or, for a sum, also
   * a {@link Sum}.
   */
  Object of(Object earlier, Object later) {
    return switch (this) {
      case SET -> later;
      case SUM -> Sum.and(earlier, (Number) later);
      case LEAST -> compare(earlier, later) <= 0 ? earlier : later;
      case GREATEST -> compare(earlier, later) >= 0 ? earlier : later;
    };
  }

  @SuppressWarnings("unchecked") // ColumnType has one class of values for each type
  private static int compare(Object a, Object b) {
    return ((Comparable<Object>) a).compareTo(b);
  }

  /**
   * The same on the server, in an update of {@code t}.
   *
   * @param column quoted
   * @param proposed the alias of the row that has the later value
   */
  String sql(String column, String proposed) {
    String changed =
        switch (this) {
          case SET -> "%2$s.%1$s";
          // A script may make a counter that can be NULL.
          case SUM -> "COALESCE(t.%1$s, 0) + %2$s.%1$s";
          case LEAST -> "least(t.%1$s, %2$s.%1$s)";
          case GREATEST -> "greatest(t.%1$s, %2$s.%1$s)";
        };
    return changed.formatted(column, proposed);
  }

  /** Whether it gives the same in every order of events only for some types, and this is none. */
  boolean refuses(ColumnType type) {
    return switch (this) {
      case SET -> false;
      case SUM -> !type.isExactNumber();
      case LEAST, GREATEST -> !type.hasSameOrder();
    };
  }
}
