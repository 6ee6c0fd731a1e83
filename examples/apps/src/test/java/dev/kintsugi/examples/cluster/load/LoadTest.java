package dev.kintsugi.examples.cluster.load;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LoadTest {

  @Test
  void the_rate_is_come_to_evenly_and_kept() {
    assertThat(Load.due(0, 100)).isZero();
    assertThat(Load.due(7.5, 100)).isEqualTo(187);
    assertThat(Load.due(15, 100)).isEqualTo(750);
    assertThat(Load.due(16, 100)).isEqualTo(850);
    assertThat(Load.due(115, 100)).isEqualTo(10_750);
  }
}
