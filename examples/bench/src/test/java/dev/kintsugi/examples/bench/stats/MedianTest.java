package dev.kintsugi.examples.bench.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class MedianTest {

  @Test
  void the_median_is_in_the_middle_in_whatever_order_they_come() {
    assertThat(Median.of(List.of(9, 1, 4))).isEqualTo(4);
    assertThat(Median.of(List.of(9.0, 1.0, 4.0, 5.0))).isEqualTo(4.5);
    assertThat(Median.of(List.of(3L))).isEqualTo(3);
  }

  @Test
  void no_figures_have_none() {
    assertThatThrownBy(() -> Median.of(List.of())).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void a_target_is_met_at_its_bound_and_missed_beyond_it() {
    Target atLeast = new Target.AtLeast(1.5);
    Target atMost = new Target.AtMost(1.25);

    assertThat(atLeast.verdict(1.5)).isEqualTo("met");
    assertThat(atLeast.verdict(1.49)).isEqualTo("MISSED");
    assertThat(atMost.verdict(1.25)).isEqualTo("met");
    assertThat(atMost.verdict(1.26)).isEqualTo("MISSED");
    assertThat(atLeast).hasToString(">= 1.50");
    assertThat(atMost).hasToString("<= 1.25");
  }
}
