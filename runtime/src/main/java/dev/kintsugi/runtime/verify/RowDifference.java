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
public record RowDifference(String key, Optional<String> expected, Optional<String> actual) {}
