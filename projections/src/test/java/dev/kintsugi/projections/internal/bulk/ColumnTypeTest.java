package dev.kintsugi.projections.internal.bulk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ColumnTypeTest {

  @ParameterizedTest
  @EnumSource(ColumnType.class)
  void each_type_is_found_by_postgresqls_name(ColumnType type) {
    assertThat(ColumnType.named(type.sql())).isEqualTo(type);
  }

  @Test
  void an_unknown_type_is_refused_with_those_that_there_are() {
    assertThatThrownBy(() -> ColumnType.named("int; DROP TABLE files"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'int; DROP TABLE files' is no type for a column")
        .hasMessageContaining("double precision");
  }

  @Test
  void values_are_taken_in_their_usual_classes() {
    assertThat(ColumnType.TEXT.canonical(TimeUnit.DAYS)).isEqualTo("DAYS");
    assertThat(ColumnType.BIGINT.canonical((short) 7)).isEqualTo(7L);
    assertThat(ColumnType.NUMERIC.canonical(7)).isEqualTo(new BigDecimal("7"));
    assertThat(ColumnType.DATE.canonical(LocalDate.of(2026, 1, 2))).hasToString("2026-01-02");
    assertThat(ColumnType.TIMESTAMPTZ.canonical(OffsetDateTime.parse("2026-01-02T03:04:05+01:00")))
        .isEqualTo(Instant.parse("2026-01-02T02:04:05Z"));
  }

  @Test
  void a_time_is_cut_to_what_postgresql_stores_so_that_equal_keys_are_equal_texts() {
    assertThat(ColumnType.TIMESTAMPTZ.canonical(Instant.parse("2026-01-02T03:04:05.123456789Z")))
        .hasToString("2026-01-02T03:04:05.123456Z");
  }

  @Test
  void a_value_of_another_class_is_refused_by_name() {
    assertThatThrownBy(() -> ColumnType.BIGINT.canonical("7"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a column of type bigint takes no java.lang.String");
    assertThatThrownBy(() -> ColumnType.BIGINT.canonical(7.5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a column of type bigint takes no java.lang.Double");
  }

  @Test
  void a_text_with_a_nul_is_refused() {
    assertThatThrownBy(() -> ColumnType.TEXT.canonical("a\0b"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("NUL");
  }

  @Test
  void a_text_is_what_it_was_when_it_was_given() {
    StringBuilder text = new StringBuilder("a");
    Comparable<?> given = ColumnType.TEXT.canonical(text);
    text.append("b");

    assertThat(given).isEqualTo("a");
    assertThat(ColumnType.TEXT.canonical(WithBody.SECOND)).isEqualTo("second");
  }

  private enum WithBody {
    SECOND {
      @Override
      public String toString() {
        return "second";
      }
    }
  }

  @Test
  void a_value_beyond_its_type_is_refused_with_the_type() {
    assertThatThrownBy(() -> ColumnType.SMALLINT.canonical(32_768))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("32768 is out of the range of type smallint");
    assertThatThrownBy(() -> ColumnType.REAL.canonical(1e300))
        .hasMessage("1.0E300 is out of the range of PostgreSQL's type real");
    assertThatThrownBy(() -> ColumnType.DATE.canonical(LocalDate.MAX))
        .hasMessageContaining("out of the range of PostgreSQL's type date");
    assertThatThrownBy(() -> ColumnType.JSONB.canonical("{\"a\":1"))
        .hasMessageContaining("the text is no JSON that PostgreSQL stores");
  }
}
