package dev.kintsugi.examples.history.display;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TerminalWidthTest {

  @Test
  void the_width_is_the_second_of_two_numbers() {
    assertThat(TerminalWidth.columns("24 132")).isEqualTo(132);
  }

  @Test
  void a_terminal_that_does_not_know_its_width_has_the_usual_one() {
    assertThat(TerminalWidth.columns("0 0")).isEqualTo(80);
    assertThat(TerminalWidth.columns("stty: no terminal")).isEqualTo(80);
  }
}
