package dev.kintsugi.examples.bench.failures;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SkipSizesTest {

  private static final long MIB = 1 << 20;

  @Test
  void with_nothing_open_they_are_small_up_to_a_mebibyte() {
    assertThat(new SkipSizes(0, MIB / 2, MIB / 2, 50 * MIB).areSmall()).isTrue();
    assertThat(new SkipSizes(0, MIB / 2, MIB / 2 + 1, 0).areSmall()).isFalse();
  }

  @Test
  void what_is_open_takes_its_place() {
    assertThat(new SkipSizes(10_000, 4 * MIB, 2 * MIB, 0).areSmall()).isTrue();
    assertThat(new SkipSizes(1_000, 4 * MIB, 2 * MIB, 0).areSmall()).isFalse();
  }
}
