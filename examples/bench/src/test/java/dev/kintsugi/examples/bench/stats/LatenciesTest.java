package dev.kintsugi.examples.bench.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class LatenciesTest {

  @Test
  void a_percentile_is_the_least_that_so_many_do_not_exceed() {
    Latencies hundred =
        Latencies.ofNanos(LongStream.rangeClosed(1, 100).map(n -> 101 - n).toArray());

    assertThat(hundred.percentile(0.5)).isEqualTo(Duration.ofNanos(50));
    assertThat(hundred.percentile(0.99)).isEqualTo(Duration.ofNanos(99));
    assertThat(hundred.percentile(0.991)).isEqualTo(Duration.ofNanos(100));
    assertThat(hundred.percentile(0.001)).isEqualTo(Duration.ofNanos(1));
    assertThat(hundred.max()).isEqualTo(Duration.ofNanos(100));
  }

  @Test
  void of_few_the_highest_percentiles_are_the_longest() {
    Latencies three = Latencies.ofNanos(7, 5, 9);

    assertThat(three.percentile(0.5)).isEqualTo(Duration.ofNanos(7));
    assertThat(three.percentile(0.99)).isEqualTo(three.max()).isEqualTo(Duration.ofNanos(9));
  }

  @Test
  void without_any_all_are_zero() {
    assertThat(Latencies.ofNanos().percentile(0.99)).isZero();
  }

  @Test
  void a_share_that_is_no_share_is_refused() {
    assertThatThrownBy(() -> Latencies.ofNanos(1).percentile(99))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("99.0");
  }

  @Test
  void a_log_keeps_every_latency_however_many_there_are() {
    LatencyLog log = new LatencyLog();
    LongStream.rangeClosed(1, 5_000).forEach(log::add);

    assertThat(log.soFar().count()).isEqualTo(5_000);
    assertThat(log.soFar().percentile(0.5)).isEqualTo(Duration.ofNanos(2_500));
    assertThat(log.soFar().max()).isEqualTo(Duration.ofNanos(5_000));
  }
}
