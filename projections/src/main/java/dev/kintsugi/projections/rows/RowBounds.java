package dev.kintsugi.projections.rows;

import dev.kintsugi.projections.internal.bulk.Column;
import dev.kintsugi.projections.internal.bulk.IndexBound;
import dev.kintsugi.projections.internal.text.StorableText;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Holds changes of rows against what the indexes of their tables take. */
final class RowBounds {

  private final Map<RowTable, List<IndexBound>> bounds = new HashMap<>();

  RowBounds(List<RowTable> tables, List<IndexBound> all) {
    for (IndexBound bound : all) {
      tables.stream()
          .filter(table -> table.name().equals(bound.table()))
          .forEach(table -> bounds.computeIfAbsent(table, t -> new ArrayList<>()).add(bound));
    }
  }

  /**
   * Looks at each of some changes.
   *
   * @throws IllegalArgumentException if one sets a value that an index does not take
   */
  void check(List<RowChanges.Change> changes) {
    if (bounds.isEmpty()) {
      return;
    }
    for (RowChanges.Change change : changes) {
      if (!change.isDelete()) {
        for (IndexBound bound : bounds.getOrDefault(change.table(), List.of())) {
          bound.check(column -> bytesOfKey(change, column), column -> bytesOfValue(change, column));
        }
      }
    }
  }

  private static long bytesOfKey(RowChanges.Change change, Column column) {
    return StorableText.bytes(change.key().get(change.table().keyColumns().indexOf(column)));
  }

  private static long bytesOfValue(RowChanges.Change change, Column column) {
    Object value = change.values()[change.table().placeOf(column)];
    return value == null || value == RowChanges.Change.SQL_NULL ? 0 : column.type().bytes(value);
  }
}
