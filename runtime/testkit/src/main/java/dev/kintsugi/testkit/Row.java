package dev.kintsugi.testkit;

import java.math.BigDecimal;
import java.sql.Array;
import java.sql.Date;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Time;
import java.sql.Timestamp;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PGobject;

/**
 * The values of a row, in the order of the query's columns. Numbers are equal by value, whatever
 * their class: {@code row(2)} is what a BIGINT of 2 gives. TIMESTAMPTZ is an {@link
 * java.time.Instant}, TIMESTAMP a {@link LocalDateTime}, DATE a {@link java.time.LocalDate}, an
 * array a {@link List}; JSON and types of PostgreSQL's own are the text that it shows, BYTEA is
 * {@code byte[]}.
 */
public record Row(List<@Nullable Object> values) {

  public Row {
    List<@Nullable Object> comparable = new ArrayList<>(values.size());
    values.forEach(value -> comparable.add(comparable(value)));
    values = Collections.unmodifiableList(comparable);
  }

  /** A row of these values. */
  public static Row row(@Nullable Object... values) {
    return new Row(Arrays.asList(values));
  }

  /** The row that a result stands at. */
  static Row at(ResultSet row) throws SQLException {
    ResultSetMetaData columns = row.getMetaData();
    List<@Nullable Object> values = new ArrayList<>();
    for (int i = 1; i <= columns.getColumnCount(); i++) {
      values.add(
          switch (columns.getColumnTypeName(i)) {
            case "timestamp" -> row.getObject(i, LocalDateTime.class);
            case "timestamptz" -> row.getObject(i, OffsetDateTime.class);
            default -> fetched(row.getObject(i));
          });
    }
    return new Row(values);
  }

  /** What belongs to the connection becomes a value of its own. */
  private static @Nullable Object fetched(@Nullable Object value) throws SQLException {
    if (value instanceof Array array) {
      return array.getArray();
    }
    return value instanceof PGobject object ? object.getValue() : value;
  }

  private static @Nullable Object comparable(@Nullable Object value) {
    if (value instanceof Number number) {
      return comparable(number);
    } else if (value instanceof OffsetDateTime time) {
      return time.toInstant();
    } else if (value instanceof Timestamp timestamp) {
      return timestamp.toInstant();
    } else if (value instanceof Date date) {
      return date.toLocalDate();
    } else if (value instanceof Time time) {
      return time.toLocalTime();
    } else if (value instanceof byte[] bytes) {
      return "\\x" + HexFormat.of().formatHex(bytes);
    } else if (value instanceof Object[] array) {
      return comparable(Arrays.asList(array));
    } else if (value instanceof List<?> list) {
      List<@Nullable Object> elements = new ArrayList<>(list.size());
      list.forEach(element -> elements.add(comparable(element)));
      return Collections.unmodifiableList(elements);
    }
    return value;
  }

  private static Object comparable(Number number) {
    boolean isFloating = number instanceof Double || number instanceof Float;
    return isFloating && !Double.isFinite(number.doubleValue())
        ? number.doubleValue()
        : new BigDecimal(number.toString()).stripTrailingZeros();
  }

  @Override
  public String toString() {
    return values.stream().map(Row::forPeople).collect(Collectors.joining(", ", "(", ")"));
  }

  private static String forPeople(@Nullable Object value) {
    if (value instanceof BigDecimal number) {
      return number.toPlainString();
    }
    return value instanceof String text ? '"' + text + '"' : String.valueOf(value);
  }
}
