package dev.kintsugi.projections.internal.bulk;

import static java.util.stream.Collectors.joining;

import java.util.List;
import java.util.function.ToLongFunction;

/**
 * How long the values of a row may be in an index of its table. An entry of PostgreSQL's btree
 * indexes is at most a third of a page. A longer one fits if it compresses well, which only the
 * server can tell, and of rows that a later event replaces before they are written the server knows
 * nothing. So each event's values are held against the bound, whatever becomes of them.
 *
 * <p>An event may set some columns of a row and leave others as they are. So the columns beside the
 * key have equal shares in what the key leaves.
 *
 * @param table the declared table
 * @param index its index, as SQL names it
 * @param key the columns of the table's key that are in the index and differ in size
 * @param values the other columns of that kind
 * @param longest how many bytes all of them may have together
 */
public record IndexBound(
    String table, String index, List<Column> key, List<Column> values, int longest) {

  public IndexBound {
    key = List.copyOf(key);
    values = List.copyOf(values);
  }

  /** What a script makes in place of an index on a long text. */
  private static final String REMEDY =
      "PostgreSQL's btree indexes take no longer entries, unless they compress well. Let the projection shorten the value; or have a script of yours index a digest or the beginning of it, as (md5(%1$s)) or (left(%1$s, 500)), by which the table is written in the order of events; or declare no index on it";

  /**
   * Holds a row's values against the bound.
   *
   * @param ofKey how many bytes the text of a key's column has
   * @param ofValue how many bytes the value of a column beside the key has; 0 if there is none
   * @throws IllegalArgumentException if one is too long, with the column, its size, and what to do
   */
  public void check(ToLongFunction<Column> ofKey, ToLongFunction<Column> ofValue) {
    long left = longest;
    for (Column column : key) {
      left -= ofKey.applyAsLong(column);
    }
    if (values.isEmpty() && left < 0) {
      throw tooLong(key, longest - left, longest);
    }
    for (Column column : values) {
      long bytes = ofValue.applyAsLong(column);
      if (bytes > 0 && bytes * values.size() > left) {
        throw tooLong(List.of(column), bytes, Math.max(left, 0) / values.size());
      }
    }
  }

  private IllegalArgumentException tooLong(List<Column> columns, long bytes, long most) {
    return new IllegalArgumentException(
        "column %s of table '%s' has %,d bytes, and may have %,d in the index %s%s. %s"
            .formatted(
                columns.stream()
                    .map(column -> "'" + column.name() + "'")
                    .collect(joining(" with ")),
                table,
                bytes,
                most,
                index,
                values.size() > 1
                    ? ", which has %d columns of such types".formatted(values.size())
                    : "",
                REMEDY.formatted(columns.get(0).quoted())));
  }
}
