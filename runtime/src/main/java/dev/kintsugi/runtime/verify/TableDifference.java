package dev.kintsugi.runtime.verify;

import java.util.List;

/**
 * What differs in one table of a read model.
 *
 * @param table the table
 * @param exists whether it is there; one that the projection's script makes and that is missing is
 *     a difference
 * @param rows how many rows it has
 * @param missing rows that the journal says should be there, and are not there as they should be
 * @param surplus rows that are there, and should not be as they are
 * @param conclusive whether such a row is wrong for certain; if not, {@code notCompared} says what
 *     else may have written it
 * @param notCompared what of it could not be compared, and why, in sentences
 * @param examples some of the rows that differ, by key
 */
public record TableDifference(
    String table,
    boolean exists,
    long rows,
    long missing,
    long surplus,
    boolean conclusive,
    List<String> notCompared,
    List<RowDifference> examples) {

  public TableDifference {
    notCompared = List.copyOf(notCompared);
    examples = List.copyOf(examples);
  }

  /** Whether nothing that was compared differs. */
  public boolean isNone() {
    return exists && missing == 0 && surplus == 0;
  }

  /** Whether it is not what the journal says, for certain. */
  public boolean isDifferent() {
    return !isNone() && conclusive;
  }
}
