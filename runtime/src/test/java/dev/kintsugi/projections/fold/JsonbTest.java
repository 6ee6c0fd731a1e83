package dev.kintsugi.projections.fold;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.runtime.testing.TestServer;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The normalizer beside PostgreSQL itself. */
class JsonbTest {

  private static final String[] KEYS = {
    "", "a", "b", "B", "aa", "ab", "é", "z", "😀", "\\uffff", "\\ue000", "key", "a\\\"b", "a\\n",
    "日本"
  };
  private static final String[] SCALARS = {
    "0",
    "-0",
    "-0.0",
    "0.0",
    "0e5",
    "0e-5",
    "-0E+3",
    "1",
    "-1",
    "1E+2",
    "1e2",
    "1.50",
    "1.5e3",
    "1.50e1",
    "1e-7",
    "1.10E-3",
    "123456789012345678901234567890",
    "0.1234567890123456789",
    "1e300",
    "1e-300",
    "9007199254740993",
    "true",
    "false",
    "null",
    "\"\"",
    "\"é\"",
    "\"😀\"",
    "\"\\ud83d\\ude00\"",
    "\"a\\/b\"",
    "\"\\t\\n\\\\\"",
    "\"NaN\"",
    "[]",
    "{}"
  };

  private final String url = TestServer.createDatabase();
  private Connection connection;

  @BeforeEach
  void open() throws SQLException {
    connection = DriverManager.getConnection(url);
  }

  @AfterEach
  void close() throws SQLException {
    connection.close();
    TestServer.dropDatabase(url);
  }

  private String stored(String json) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement("SELECT ?::jsonb::text")) {
      statement.setString(1, json);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getString(1);
      }
    }
  }

  /** Without the white space that PostgreSQL prints. (There is none like it in the texts.) */
  private static List<String> words(String json) {
    return List.of(json.replace(": ", ":").replace(", ", ",").split("(?<=[,:{}\\[\\]])", -1));
  }

  @Test
  void a_scalar_is_as_postgresql_prints_it() throws Exception {
    for (String scalar : SCALARS) {
      assertThat(words(Jsonb.normalized(scalar))).as(scalar).isEqualTo(words(stored(scalar)));
    }
  }

  @Test
  void whatever_json_there_is_keys_texts_and_numbers_come_as_from_postgresql() throws Exception {
    long seed = System.nanoTime();
    RandomGenerator random = new java.util.Random(seed);
    for (int i = 0; i < 500; i++) {
      String json = json(random, 4);
      String normalized = Jsonb.normalized(json);
      assertThat(words(normalized)).as("seed %d: %s", seed, json).isEqualTo(words(stored(json)));
      assertThat(Jsonb.normalized(normalized)).isEqualTo(normalized);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1e131071", "-1.5e131071", "1e-16383"})
  void the_longest_numbers_are_taken(String number) throws Exception {
    assertThat(Jsonb.normalized(number)).isEqualTo(stored(number));
  }

  private static String json(RandomGenerator random, int depth) {
    int size = random.nextInt(6);
    StringBuilder text = new StringBuilder();
    switch (depth == 0 ? 0 : random.nextInt(3)) {
      case 0 -> text.append(SCALARS[random.nextInt(SCALARS.length)]);
      case 1 -> {
        for (int i = 0; i < size; i++) {
          text.append(i == 0 ? "" : ",").append(json(random, depth - 1));
        }
        text.insert(0, "[").append("]");
      }
      default -> {
        for (int i = 0; i < size; i++) {
          text.append(i == 0 ? "" : " , ")
              .append('"')
              .append(KEYS[random.nextInt(KEYS.length)])
              .append("\" : ")
              .append(json(random, depth - 1));
        }
        text.insert(0, "{").append("}");
      }
    }
    return text.toString();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"\\u0000\"",
        "{\"a\": {\"\\u0000\": 1}}",
        "[1, \"\\ud83d\"]",
        "\"\\ude00\"",
        "\"\\ude00\\ud83d\"",
        "1e131072",
        "-1e200000",
        "1e-16384",
        "1e99999999999",
        "NaN",
        "{\"a\": }",
        "[1",
        "1 2",
        ""
      })
  void what_postgresql_refuses_is_refused(String json) {
    assertThatThrownBy(() -> stored(json)).isInstanceOf(SQLException.class);
    assertThatThrownBy(() -> Jsonb.normalized(json))
        .isInstanceOfAny(IllegalArgumentException.class, IOException.class);
  }

  @Test
  void a_refusal_says_where() {
    assertThatThrownBy(() -> Jsonb.normalized("{\"names\": [\"a\", \"b\\ud83d\"]}"))
        .hasMessageContaining("the text at '/names/1' can't be stored")
        .hasMessageContaining("half of a surrogate pair");
    assertThatThrownBy(() -> Jsonb.normalized("{\"n\": 1e200000}"))
        .hasMessageContaining("the number at '/n' can't be stored");
  }
}
