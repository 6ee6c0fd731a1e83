package dev.kintsugi.runtime.internal.jdbc;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Collection;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Binds a statement's parameters, one after the other; a column of many rows as one array.
 *
 * <p>Arrays are made with their own element types: the driver sends those in binary, and an {@code
 * Object[]} as text, which both sides pay for with every element. In text a byte is two characters.
 */
public final class Parameters {

  private final PreparedStatement statement;
  private int bound;

  public Parameters(PreparedStatement statement) {
    this.statement = statement;
  }

  public Parameters text(@Nullable String value) throws SQLException {
    statement.setString(++bound, value);
    return this;
  }

  public Parameters integer(int value) throws SQLException {
    statement.setInt(++bound, value);
    return this;
  }

  public Parameters bigint(long value) throws SQLException {
    statement.setLong(++bound, value);
    return this;
  }

  /** As {@code text[]}. */
  public <T> Parameters texts(Collection<T> rows, Function<T, @Nullable String> column)
      throws SQLException {
    String[] values = new String[rows.size()];
    int i = 0;
    for (T row : rows) {
      values[i++] = column.apply(row);
    }
    return array("text", values);
  }

  /** As {@code int8[]}. */
  public <T> Parameters longs(Collection<T> rows, Function<T, Long> column) throws SQLException {
    Long[] values = new Long[rows.size()];
    int i = 0;
    for (T row : rows) {
      values[i++] = column.apply(row);
    }
    return array("int8", values);
  }

  /** As {@code int4[]}. */
  public <T> Parameters integers(Collection<T> rows, Function<T, @Nullable Integer> column)
      throws SQLException {
    Integer[] values = new Integer[rows.size()];
    int i = 0;
    for (T row : rows) {
      values[i++] = column.apply(row);
    }
    return array("int4", values);
  }

  /** As {@code bytea[]}. */
  public <T> Parameters bytes(Collection<T> rows, Function<T, byte @Nullable []> column)
      throws SQLException {
    byte[][] values = new byte[rows.size()][];
    int i = 0;
    for (T row : rows) {
      values[i++] = column.apply(row);
    }
    return array("bytea", values);
  }

  private Parameters array(String type, @Nullable Object[] values) throws SQLException {
    statement.setArray(++bound, statement.getConnection().createArrayOf(type, values));
    return this;
  }
}
