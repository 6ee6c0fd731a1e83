package dev.kintsugi.runtime.verify;

import java.util.Optional;

/**
 * A row that differs. Where the two rows are the same as JSON and differ nevertheless (a JSON null
 * and an SQL one, say), the second is the text that the database makes of the row.
 *
 * @param key its primary key, as JSON; the whole row if the table has none
 * @param expected the row that the journal says, as JSON; empty if it says none
 * @param actual the row that is there, as JSON; empty if there is none
 */
public record RowDifference(String key, Optional<String> expected, Optional<String> actual) {

  /** The same key, with the row of the other side. */
  RowDifference with(String row, boolean isExpected, String exactly) {
    Optional<String> side =
        Optional.of(
            (isExpected ? actual : expected).filter(row::equals).isPresent() ? exactly : row);
    return isExpected
        ? new RowDifference(key, side, actual)
        : new RowDifference(key, expected, side);
  }
}
