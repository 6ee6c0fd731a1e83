package dev.kintsugi.projections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.projections.FailurePolicy.OnAppend;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FailurePolicyTest {

  private static final Duration HOUR = Duration.ofHours(1);

  @Test
  void the_two_policies_differ_in_what_an_append_does_and_in_nothing_else() {
    assertThat(FailurePolicy.reject().onAppend()).isEqualTo(OnAppend.REJECT);
    assertThat(FailurePolicy.skip().onAppend()).isEqualTo(OnAppend.SKIP);
    assertThat(FailurePolicy.reject().maxElapsed()).isEqualTo(FailurePolicy.skip().maxElapsed());
    assertThat(FailurePolicy.reject().minBackoff()).isEqualTo(FailurePolicy.skip().minBackoff());
    assertThat(FailurePolicy.reject().maxBackoff()).isEqualTo(FailurePolicy.skip().maxBackoff());
  }

  @Test
  void retry_keeps_what_an_append_does() {
    FailurePolicy policy = FailurePolicy.skip().retry(HOUR, Duration.ofMillis(1), HOUR);

    assertThat(policy.onAppend()).isEqualTo(OnAppend.SKIP);
    assertThat(policy.maxElapsed()).isEqualTo(HOUR);
  }

  @ParameterizedTest
  @CsvSource({"1, 100", "2, 200", "3, 400", "4, 800", "5, 1000", "6, 1000", "1000, 1000"})
  void the_pause_doubles_from_the_shortest_to_the_longest(int attempts, long millis) {
    FailurePolicy policy =
        FailurePolicy.skip().retry(HOUR, Duration.ofMillis(100), Duration.ofSeconds(1));

    assertThat(policy.backoffAfter(attempts)).isEqualTo(Duration.ofMillis(millis));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
  void fewer_attempts_than_one_count_as_one(int attempts) {
    assertThat(FailurePolicy.skip().backoffAfter(attempts))
        .isEqualTo(FailurePolicy.skip().minBackoff());
  }

  @Test
  void the_pause_never_overflows_and_never_shrinks() {
    FailurePolicy policy =
        FailurePolicy.skip().retry(HOUR, Duration.ofDays(1), Duration.ofDays(100_000));
    FailurePolicy fine =
        FailurePolicy.skip().retry(HOUR, Duration.ofNanos(1), Duration.ofDays(100_000));

    for (FailurePolicy each : new FailurePolicy[] {policy, fine}) {
      Duration last = Duration.ZERO;
      for (int attempts = 1; attempts < 100; attempts++) {
        Duration pause = each.backoffAfter(attempts);
        assertThat(pause).isBetween(last, each.maxBackoff()).isPositive();
        last = pause;
      }
    }
    assertThat(policy.backoffAfter(Integer.MAX_VALUE)).isEqualTo(Duration.ofDays(100_000));
  }

  @Test
  void one_pause_for_all_attempts_is_possible() {
    FailurePolicy policy = FailurePolicy.skip().retry(HOUR, HOUR, HOUR);

    assertThat(policy.backoffAfter(1)).isEqualTo(HOUR);
    assertThat(policy.backoffAfter(9)).isEqualTo(HOUR);
  }

  @Test
  void no_retry_at_all_is_possible() {
    assertThat(FailurePolicy.skip().retry(Duration.ZERO, HOUR, HOUR).maxElapsed()).isZero();
  }

  @Test
  void settings_that_make_no_sense_are_refused_by_name() {
    assertThatThrownBy(() -> FailurePolicy.skip().retry(HOUR.negated(), HOUR, HOUR))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("maxElapsed is negative: PT-1H");
    assertThatThrownBy(() -> FailurePolicy.skip().retry(HOUR, Duration.ZERO, HOUR))
        .hasMessage("minBackoff must be positive, is PT0S");
    assertThatThrownBy(() -> FailurePolicy.skip().retry(HOUR, HOUR, Duration.ofMinutes(1)))
        .hasMessage("maxBackoff (PT1M) cannot be shorter than minBackoff (PT1H)");
  }
}
