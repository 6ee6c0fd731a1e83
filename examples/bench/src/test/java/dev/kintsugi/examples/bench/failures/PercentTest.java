package dev.kintsugi.examples.bench.failures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class PercentTest {

  @Test
  void a_percentage_is_a_share() {
    assertThat(new Percent().convert("1")).isEqualTo(0.01);
    assertThat(new Percent().convert("0.5")).isEqualTo(0.005);
    assertThat(new Percent().convert("100")).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "100.1", "1%", "", "many"})
  void what_is_none_is_refused(String text) {
    assertThatThrownBy(() -> new Percent().convert(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessageContaining("'" + text + "'");
  }
}
