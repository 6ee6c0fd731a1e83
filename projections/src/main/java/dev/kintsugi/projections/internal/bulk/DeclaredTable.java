package dev.kintsugi.projections.internal.bulk;

import java.util.ArrayList;
import java.util.List;

/**
 * A table that the runtime writes to by itself, as its definition declares it. What the script made
 * is held against this when a projection starts.
 *
 * @param name checked
 * @param key the columns of the primary key
 * @param always columns that each write of a row fills, never with NULL
 * @param set columns that hold the last value; may be NULL
 * @param summed columns that are added to
 * @param extreme columns that hold the smallest or the largest value
 */
public record DeclaredTable(
    String name,
    List<Column> key,
    List<Column> always,
    List<Column> set,
    List<Column> summed,
    List<Column> extreme) {

  public DeclaredTable {
    key = List.copyOf(key);
    always = List.copyOf(always);
    set = List.copyOf(set);
    summed = List.copyOf(summed);
    extreme = List.copyOf(extreme);
  }

  /** All columns that are not of the key. */
  public List<Column> values() {
    List<Column> values = new ArrayList<>(always);
    values.addAll(set);
    values.addAll(summed);
    values.addAll(extreme);
    return values;
  }

  /** All columns. */
  public List<Column> columns() {
    List<Column> columns = new ArrayList<>(key);
    columns.addAll(values());
    return columns;
  }
}
