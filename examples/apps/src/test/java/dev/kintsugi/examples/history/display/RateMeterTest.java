package dev.kintsugi.examples.history.display;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class RateMeterTest {

  private final RateMeter meter = new RateMeter();

  @Test
  void the_first_look_has_no_rate() {
    assertThat(rate(0, 500)).isZero();
  }

  @Test
  void the_rate_is_that_of_the_last_moments_and_not_of_all_time() {
    assertThat(rate(0, 0)).isZero();
    assertThat(rate(1_000, 100)).isEqualTo(100);
    assertThat(rate(2_000, 1_100)).isEqualTo(1_000);
    assertThat(rate(2_500, 1_100)).isEqualTo(1_000 / 1.5);
  }

  @Test
  void a_count_that_begins_anew_is_measured_anew() {
    assertThat(rate(0, 1_000)).isZero();
    assertThat(rate(500, 10)).isZero();
    assertThat(rate(1_000, 60)).isEqualTo(100);
  }

  private double rate(long millis, long count) {
    return meter.rate(Duration.ofMillis(millis), count);
  }
}
