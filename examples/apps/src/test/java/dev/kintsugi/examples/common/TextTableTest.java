package dev.kintsugi.examples.common;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TextTableTest {

  @Test
  void text_stands_to_the_left_and_numbers_to_the_right() {
    assertThat(
            new TextTable("name", "events", "note")
                .row("files", 20_000L, "x")
                .row("directories", 7, "longer")
                .lines())
        .containsExactly(
            "name         events  note", "files        20,000  x", "directories       7  longer");
  }

  @Test
  void a_double_has_two_decimals() {
    assertThat(new TextTable("ratio").row(1.5).row(1234.567).lines())
        .containsExactly("   ratio", "    1.50", "1,234.57");
  }

  @Test
  void a_row_with_a_cell_too_few_is_refused() {
    assertThatThrownBy(() -> new TextTable("a", "b").row(1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a row of 1 cells for 2 columns");
  }
}
