package dev.kintsugi.runtime.status;

import java.util.List;
import org.apache.pekko.annotation.ApiMayChange;

/**
 * How a generation that was built beside differs from the one that served then: of all rows, as one
 * snapshot had them.
 *
 * @param tables by name
 */
@ApiMayChange
public record Comparison(List<TableChange> tables) {

  public Comparison {
    tables = List.copyOf(tables);
  }

  /** Whether both are the same in every row. */
  public boolean isSame() {
    return tables.stream().allMatch(TableChange::isSame);
  }
}
