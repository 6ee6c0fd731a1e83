package dev.kintsugi.projections.bulk;

import java.util.ArrayList;
import java.util.List;

/**
 * A table that the runtime writes to by itself, as its definition declares it. What the script made
 * is held against this when a projection starts.
 *
 * @param name checked
 * @param key the columns of the primary key
 * @param set columns that hold the last value; may be NULL
 * @param summed columns that are added to
 * @param extreme columns that hold the smallest or the largest value
 */
public record DeclaredTable(
    String name, List<Column> key, List<Column> set, List<Column> summed, List<Column> extreme) {

  public DeclaredTable {
    key = List.copyOf(key);
    set = List.copyOf(set);
    summed = List.copyOf(summed);
    extreme = List.copyOf(extreme);
  }

  /** All columns that are not of the key. */
  public List<Column> values() {
    List<Column> values = new ArrayList<>(set);
    values.addAll(summed);
    values.addAll(extreme);
    return values;
  }
}
