package dev.kintsugi.runtime.kinds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.projections.internal.bulk.ColumnType;
import dev.kintsugi.runtime.testing.TestServer;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What a column's type takes in Java, PostgreSQL stores; what it would not store is refused before.
 */
class RowValuesTest {

  private static final String URL = TestServer.createDatabase();
  private static final Connection connection = connect();

  private static Connection connect() {
    try {
      return DriverManager.getConnection(URL);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @BeforeAll
  static void inAnyZone() throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute("SET TIME ZONE 'UTC'");
    }
  }

  @AfterAll
  static void drop() throws SQLException {
    connection.close();
    TestServer.dropDatabase(URL);
  }

  /** The value as PostgreSQL stores it. */
  private static String stored(String text, ColumnType type) throws SQLException {
    try (PreparedStatement cast =
        connection.prepareStatement("SELECT (?::text::" + type.sql() + ")::text")) {
      cast.setString(1, text);
      try (ResultSet row = cast.executeQuery()) {
        row.next();
        return row.getString(1);
      }
    }
  }

  private static void taken(ColumnType type, Object value, String stored) throws SQLException {
    assertThat(stored(ColumnType.sent(type.canonical(value)), type)).isEqualTo(stored);
  }

  private static void refused(ColumnType type, Object value) {
    assertThat(isTaken(type, value)).as("%s %s", type, value).isFalse();
  }

  private static boolean isTaken(ColumnType type, Object value) {
    try {
      type.canonical(value);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** Whether the text is stored; both have to say the same of it. */
  private static void agreed(ColumnType type, Object value, String text) {
    boolean isStored;
    try {
      isStored = stored(text, type) != null;
    } catch (SQLException e) {
      isStored = false;
    }
    assertThat(isTaken(type, value)).as("%s of %.60s", type, text).isEqualTo(isStored);
  }

  @Test
  void whole_numbers_end_where_the_types_do() throws Exception {
    for (long n :
        List.of(32767L, 32768L, -32768L, -32769L, 2147483647L, 2147483648L, -2147483649L)) {
      for (ColumnType type : List.of(ColumnType.SMALLINT, ColumnType.INTEGER, ColumnType.BIGINT)) {
        agreed(type, n, Long.toString(n));
      }
    }
  }

  @Test
  void decimals_end_where_numeric_does() {
    for (String text :
        List.of(
            "1e131071",
            "1e131072",
            "-9e131071",
            "12e131071",
            "1e-16383",
            "1e-16384",
            "0e5",
            "0e200000",
            "0.00",
            "123.456e-16380",
            "123.456e-16381")) {
      agreed(ColumnType.NUMERIC, new BigDecimal(text), text);
    }
    refused(ColumnType.NUMERIC, new BigDecimal(BigInteger.ONE, Integer.MIN_VALUE));
    refused(ColumnType.NUMERIC, new BigDecimal(BigInteger.ONE, Integer.MAX_VALUE));
  }

  @Test
  void floating_numbers_end_where_the_types_do() throws Exception {
    for (double n :
        List.of(
            0.0,
            1e-45,
            1e-46,
            -1e-60,
            3.4028235e38,
            3.5e38,
            -3.5e38,
            1e300,
            Double.MIN_VALUE,
            Double.MAX_VALUE,
            Double.NaN,
            Double.POSITIVE_INFINITY,
            0.1)) {
      agreed(ColumnType.REAL, n, Double.toString(n));
      agreed(ColumnType.DOUBLE_PRECISION, n, Double.toString(n));
    }
    taken(ColumnType.REAL, 0.1, "0.1");
    taken(ColumnType.DOUBLE_PRECISION, 0.1f, "0.1");
    taken(ColumnType.REAL, 16777217.0, "1.6777216e+07");
  }

  @Test
  void dates_and_times_of_all_years_come_back_and_end_where_the_types_do() throws Exception {
    taken(ColumnType.DATE, LocalDate.of(10_000, 1, 2), "10000-01-02");
    taken(ColumnType.DATE, LocalDate.of(33, 4, 3), "0033-04-03");
    taken(ColumnType.DATE, LocalDate.of(0, 3, 1), "0001-03-01 BC");
    taken(ColumnType.DATE, LocalDate.of(-43, 3, 15), "0044-03-15 BC");
    taken(ColumnType.DATE, LocalDate.of(5_874_897, 12, 31), "5874897-12-31");
    taken(ColumnType.DATE, LocalDate.of(-4713, 11, 24), "4714-11-24 BC");
    refused(ColumnType.DATE, LocalDate.of(5_874_898, 1, 1));
    refused(ColumnType.DATE, LocalDate.of(-4713, 11, 23));
    refused(ColumnType.DATE, LocalDate.MAX);
    LocalDateTime late = LocalDateTime.of(294_276, 12, 31, 23, 59, 59, 999_999_999);
    taken(ColumnType.TIMESTAMP, late, "294276-12-31 23:59:59.999999");
    taken(ColumnType.TIMESTAMP, LocalDateTime.of(-43, 3, 15, 10, 0), "0044-03-15 10:00:00 BC");
    refused(ColumnType.TIMESTAMP, late.plusNanos(1));
    refused(ColumnType.TIMESTAMP, LocalDateTime.MIN);
    taken(
        ColumnType.TIMESTAMPTZ,
        Instant.parse("+294276-12-31T23:59:59.999999Z"),
        "294276-12-31 23:59:59.999999+00");
    taken(
        ColumnType.TIMESTAMPTZ,
        Instant.parse("-4713-11-24T00:00:00Z"),
        "4714-11-24 00:00:00+00 BC");
    taken(
        ColumnType.TIMESTAMPTZ,
        Instant.parse("0000-02-29T12:00:00.5Z"),
        "0001-02-29 12:00:00.5+00 BC");
    refused(ColumnType.TIMESTAMPTZ, Instant.parse("-4713-11-23T23:59:59Z"));
    refused(ColumnType.TIMESTAMPTZ, Instant.MAX);
  }

  @Test
  void json_is_what_postgresql_takes_for_it() {
    for (String json :
        List.of(
            "{}",
            "[]",
            "1",
            "\"a\"",
            "null",
            "true",
            "",
            " ",
            "nul",
            "NaN",
            "01",
            "1.",
            ".5",
            "+1",
            "-0",
            "1 2",
            "{} {}",
            "[1,]",
            "{\"a\":1,}",
            "{\"a\"}",
            "{a:1}",
            "{'a':1}",
            "[1",
            "]",
            "\"\\u0000\"",
            "{\"\\u0000\":1}",
            "\"\\ud83d\"",
            "\"\\ud83d\\ude00\"",
            "\"\\ude00\"",
            "\"\\ud83dx\"",
            "\"\\x\"",
            "\"a\tb\"",
            "\"a\\tb\"",
            " {\"a\" :\n[1,\r\t2] } ",
            "[[[]]]",
            "{\"a\":1,\"a\":2}",
            "1e131071",
            "[1e131072]",
            "1e-16384",
            "1e99999999999",
            "-1.5E+3",
            "// a\n1",
            "[1] x",
            "\"\u007f\"",
            "{\"a\":{\"b\":[true,false,null]}}",
            "\u00a01",
            "\f1")) {
      agreed(ColumnType.JSONB, json, json);
    }
    refused(ColumnType.JSONB, "[\"a\0b\"]");
    refused(ColumnType.JSONB, "\"" + (char) 0xD83D + "\"");
    agreed(
        ColumnType.JSONB, "[".repeat(1000) + "]".repeat(1000), "[".repeat(1000) + "]".repeat(1000));
    refused(ColumnType.JSONB, "[".repeat(100_000) + "]".repeat(100_000));
  }
}
