package dev.kintsugi.testkit;

import static dev.kintsugi.testkit.Row.row;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.testkit.FileEvent.Deleted;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class RowTest {

  @Test
  void numbers_are_equal_by_value() {
    assertThat(row(2, 2.5f)).isEqualTo(row(2L, new BigDecimal("2.50"))).isNotEqualTo(row(3, 2.5));
    assertThat(row(Double.NaN)).isEqualTo(row(Float.NaN));
    assertThat(row(100, "a", null)).hasToString("(100, \"a\", null)");
  }

  @Test
  void what_a_query_gives_is_compared_with_values_of_java() {
    UUID id = UUID.randomUUID();
    try (ProjectionTestKit kit = ProjectionTestKit.start()) {
      kit.scenario(Files.counting())
          .when("File|a", new Deleted("a"))
          .then(
              """
              SELECT 1::smallint, 2, 3::bigint, 1.50, 0.5::real, 0.25::float8, TRUE, NULL, 'text',
                ARRAY['a', 'b'], ARRAY[[1, 2], [3, 4]], '{"b": 1,   "a": 2}'::jsonb, '\\x0aff'::bytea, '%s'::uuid
              """
                  .formatted(id))
          .hasRows(
              row(
                  1,
                  2,
                  3,
                  1.5,
                  0.5,
                  0.25,
                  true,
                  null,
                  "text",
                  List.of("a", "b"),
                  List.of(List.of(1, 2), List.of(3, 4)),
                  "{\"a\": 2, \"b\": 1}",
                  new byte[] {0x0a, (byte) 0xff},
                  id))
          .then(
              """
              SELECT DATE '2026-03-01', TIME '12:30', TIMESTAMP '2026-03-01 12:30:00.000001',
                TIMESTAMPTZ '2026-03-01 12:30:00+02'
              """)
          .hasRows(
              row(
                  LocalDate.of(2026, 3, 1),
                  LocalTime.of(12, 30),
                  LocalDateTime.of(2026, 3, 1, 12, 30, 0, 1_000),
                  Instant.parse("2026-03-01T10:30:00Z")));
    }
  }
}
