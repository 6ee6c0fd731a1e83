package dev.kintsugi.runtime.status;

import java.util.List;
import java.util.Map;
import org.apache.pekko.annotation.ApiMayChange;

/**
 * How a table of a new generation differs from that of the older one.
 *
 * @param isByKey whether rows were told by the table's primary key; if not, there is none that both
 *     have, and the rows were compared as a bag: one that has changed counts as one that only the
 *     older one has, and one that only the newer one has
 * @param equal rows that are the same in all columns that both have
 * @param differing rows of the same key that are not
 * @param onlyOlder rows that only the older one has
 * @param onlyNewer rows that only the newer one has
 * @param differingByColumn in how many of the differing rows each column differs, where any does
 * @param columnsOnlyOlder columns that only the older one has, or has in another type
 * @param columnsOnlyNewer columns that only the newer one has, or has in another type
 * @param isOnlyOlder whether only the older one has the table
 * @param isOnlyNewer whether only the newer one has the table
 * @param examples some of the rows that differ
 */
@ApiMayChange
public record TableChange(
    String table,
    boolean isByKey,
    long equal,
    long differing,
    long onlyOlder,
    long onlyNewer,
    Map<String, Long> differingByColumn,
    List<String> columnsOnlyOlder,
    List<String> columnsOnlyNewer,
    boolean isOnlyOlder,
    boolean isOnlyNewer,
    List<RowChange> examples) {

  public TableChange {
    differingByColumn = Map.copyOf(differingByColumn);
    columnsOnlyOlder = List.copyOf(columnsOnlyOlder);
    columnsOnlyNewer = List.copyOf(columnsOnlyNewer);
    examples = List.copyOf(examples);
  }

  /** Whether the table is the same in every row and column. */
  public boolean isSame() {
    return differing + onlyOlder + onlyNewer == 0
        && columnsOnlyOlder.isEmpty()
        && columnsOnlyNewer.isEmpty()
        && !isOnlyOlder
        && !isOnlyNewer;
  }
}
