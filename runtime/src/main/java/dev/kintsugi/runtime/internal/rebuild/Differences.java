package dev.kintsugi.runtime.internal.rebuild;

import dev.kintsugi.runtime.status.TableChange;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What differs that need not have, in words. */
final class Differences {

  private Differences() {}

  /** Of a table, beyond the columns that may differ. */
  static List<String> beyond(TableChange table, Set<String> mayDiffer) {
    List<String> others = new ArrayList<>();
    String name = table.table();
    if (table.isOnlyOlder()) {
      others.add("table %s is no more".formatted(name));
    }
    if (table.isOnlyNewer()) {
      others.add("table %s is new".formatted(name));
    }
    if (table.onlyOlder() > 0 && !table.isOnlyOlder()) {
      others.add("%d rows of table %s are no more".formatted(table.onlyOlder(), name));
    }
    if (table.onlyNewer() > 0 && !table.isOnlyNewer()) {
      others.add("%d rows of table %s are new".formatted(table.onlyNewer(), name));
    }
    table
        .differingByColumn()
        .forEach(
            (column, rows) -> {
              if (!mayDiffer.contains(column)) {
                others.add(
                    "column %s differs in %d rows of table %s".formatted(column, rows, name));
              }
            });
    for (String column : table.columnsOnlyOlder()) {
      if (!mayDiffer.contains(column)) {
        others.add("column %s of table %s is no more".formatted(column, name));
      }
    }
    for (String column : table.columnsOnlyNewer()) {
      if (!mayDiffer.contains(column)) {
        others.add("column %s of table %s is new".formatted(column, name));
      }
    }
    return others;
  }
}
