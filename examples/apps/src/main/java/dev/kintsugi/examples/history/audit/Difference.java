package dev.kintsugi.examples.history.audit;

/**
 * Something in a read model that is not as the oracle says.
 *
 * @param column the column that differs, or {@link #WHOLE_ROW}
 */
public record Difference(String table, String key, String column, String expected, String actual) {

  static final String WHOLE_ROW = "(row)";
  static final String NO_ROW = "no row";
}
