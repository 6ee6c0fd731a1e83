package dev.kintsugi.projections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BackoffTest {

  @ParameterizedTest
  @CsvSource({"1, 100", "2, 200", "3, 400", "4, 800", "5, 1000", "6, 1000", "1000, 1000"})
  void the_pause_doubles_from_the_shortest_to_the_longest(int attempts, long millis) {
    Backoff backoff = Backoff.between(Duration.ofMillis(100), Duration.ofSeconds(1));

    assertThat(backoff.after(attempts)).isEqualTo(Duration.ofMillis(millis));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
  void fewer_attempts_than_one_count_as_one(int attempts) {
    Backoff backoff = Backoff.between(Duration.ofMillis(100), Duration.ofSeconds(1));

    assertThat(backoff.after(attempts)).isEqualTo(Duration.ofMillis(100));
  }

  @Test
  void the_pause_never_overflows_and_never_shrinks() {
    Backoff long_ = Backoff.between(Duration.ofDays(1), Duration.ofDays(100_000));
    Backoff fine = Backoff.between(Duration.ofNanos(1), Duration.ofDays(100_000));

    for (Backoff each : new Backoff[] {long_, fine}) {
      Duration last = Duration.ZERO;
      for (int attempts = 1; attempts < 100; attempts++) {
        Duration pause = each.after(attempts);
        assertThat(pause).isBetween(last, each.longest()).isPositive();
        last = pause;
      }
    }
    assertThat(long_.after(Integer.MAX_VALUE)).isEqualTo(Duration.ofDays(100_000));
  }

  @Test
  void one_pause_for_all_attempts_is_possible() {
    Backoff hourly = Backoff.constant(Duration.ofHours(1));

    assertThat(hourly.after(1)).isEqualTo(Duration.ofHours(1));
    assertThat(hourly.after(9)).isEqualTo(Duration.ofHours(1));
  }

  @Test
  void pauses_that_make_no_sense_are_refused_by_name() {
    Duration hour = Duration.ofHours(1);
    assertThatThrownBy(() -> Backoff.between(Duration.ZERO, hour))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the shortest pause must be positive, is PT0S");
    assertThatThrownBy(() -> Backoff.between(hour, Duration.ofMinutes(1)))
        .hasMessage("the longest pause (PT1M) cannot be shorter than the shortest (PT1H)");
  }
}
