package dev.kintsugi.examples.history.audit;

import java.util.List;
import java.util.SortedMap;

/**
 * The rows of a table, as the oracle expects them or as the database has them.
 *
 * @param rows by key; in each the values of the shape's columns, in their order: Boolean, Long,
 *     String or Instant
 */
record Table(Shape shape, SortedMap<String, List<Object>> rows) {}
