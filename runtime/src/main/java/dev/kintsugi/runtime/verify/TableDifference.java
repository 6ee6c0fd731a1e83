package dev.kintsugi.runtime.verify;

import java.util.List;

/**
 * What differs in one table of a read model.
 *
 * @param table the table
 * @param rows how many rows it has
 * @param missing rows that the journal says should be there, and are not there as they should be
 * @param surplus rows that are there, and should not be as they are
 * @param ignored columns that were not compared: the database fills them, with numbers or times
 * @param examples some of them, the first by key
 */
public record TableDifference(
    String table,
    long rows,
    long missing,
    long surplus,
    List<String> ignored,
    List<RowDifference> examples) {

  public TableDifference {
    ignored = List.copyOf(ignored);
    examples = List.copyOf(examples);
  }

  /** Whether nothing differs. */
  public boolean isNone() {
    return missing == 0 && surplus == 0;
  }
}
