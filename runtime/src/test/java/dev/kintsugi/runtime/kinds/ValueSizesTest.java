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
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How many bytes a value is taken to have in an index, and how many the database gives it. */
class ValueSizesTest {

  private final String url = TestServer.createDatabase();

  @AfterEach
  void close() {
    TestServer.dropDatabase(url);
  }

  /** Otherwise an event could be accepted whose entry is too long. */
  @Test
  void no_value_takes_more_than_it_is_taken_for() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    try (Connection connection = DriverManager.getConnection(url);
        PreparedStatement sizes =
            connection.prepareStatement(
                "SELECT pg_column_size(?::text::jsonb), pg_column_size(?::text::numeric)")) {
      for (int i = 0; i < 300; i++) {
        String json = json(random, 4);
        BigDecimal number = number(random);
        sizes.setString(1, json);
        sizes.setString(2, number.toString());
        try (ResultSet row = sizes.executeQuery()) {
          row.next();
          int lengthOfLength = 4;
          assertThat(ColumnType.JSONB.bytes(json))
              .as("seed %d, %s", seed, json)
              .isGreaterThanOrEqualTo(row.getInt(1) - lengthOfLength);
          assertThat(ColumnType.NUMERIC.bytes(number))
              .as("seed %d, %s", seed, number)
              .isGreaterThanOrEqualTo(row.getInt(2) - lengthOfLength);
        }
      }
    }
  }

  private static String json(Random random, int depth) {
    int parts = random.nextInt(6);
    return switch (random.nextInt(depth == 0 ? 4 : 7)) {
      case 0 -> "\"" + "ä€😀x".repeat(parts) + "\"";
      case 1 -> String.valueOf(number(random));
      case 2 -> "true";
      case 3 -> "null";
      case 4 -> random.ints(parts, 0, 9).boxed().toList().toString();
      case 5 ->
          Stream.generate(() -> json(random, depth - 1))
              .limit(parts)
              .collect(Collectors.joining(", ", "[", "]"));
      default ->
          Stream.generate(() -> "\"" + random.nextInt() + "\": " + json(random, depth - 1))
              .limit(parts)
              .collect(Collectors.joining(", ", "{", "}"));
    };
  }

  private static BigDecimal number(Random random) {
    return new BigDecimal(
            new BigInteger(random.nextInt(1, 2000), random), random.nextInt(900) - 300)
        .multiply(BigDecimal.valueOf(random.nextInt(3) - 1));
  }
}
