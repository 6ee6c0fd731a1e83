package dev.kintsugi.examples.cluster.orders;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class LineTest {

  @Test
  void lines_are_summed_up_by_quantity_and_price() {
    assertThat(Line.total(List.of(new Line("cup", 2, 450), new Line("glue", 1, 99))))
        .isEqualTo(999);
  }

  @Test
  void the_largest_line_has_a_total() {
    assertThat(Line.total(List.of(new Line("gold", 10_000, 1_000_000_000))))
        .isEqualTo(10_000_000_000_000L);
  }

  @Test
  void a_line_that_can_not_be_is_refused() {
    assertThatThrownBy(() -> new Line(" ", 1, 1)).hasMessage("a line needs an item");
    assertThatThrownBy(() -> new Line("cup", 0, 1)).hasMessageContaining("from 1 to 10000, not 0");
    assertThatThrownBy(() -> new Line("cup", 1, -1))
        .hasMessageContaining("from 0 to 1000000000, not -1");
  }
}
