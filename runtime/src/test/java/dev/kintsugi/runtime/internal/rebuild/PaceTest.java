package dev.kintsugi.runtime.internal.rebuild;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PaceTest {

  private static final long SECOND = 1_000_000_000L;

  private final ReplayPace pace = new ReplayPace();

  @Test
  void a_batch_that_was_faster_than_the_rate_is_followed_by_the_rest_of_its_time() {
    assertThat(pace.restAfter(100, 1000, 0, SECOND / 50)).isEqualTo(Duration.ofMillis(80));
  }

  @Test
  void a_rest_that_took_too_long_is_made_up_for_by_nobody() {
    pace.restAfter(100, 1000, 0, 0);
    assertThat(pace.restAfter(100, 1000, 5 * SECOND, 5 * SECOND + SECOND / 20))
        .isEqualTo(Duration.ofMillis(50));
  }

  @Test
  void batches_that_come_too_early_add_up() {
    pace.restAfter(100, 1000, 0, 0);
    assertThat(pace.restAfter(100, 1000, 0, SECOND / 100)).isEqualTo(Duration.ofMillis(190));
  }

  @Test
  void a_batch_that_was_slower_than_the_rate_is_followed_by_no_rest() {
    assertThat(pace.restAfter(100, 1000, 0, SECOND)).isZero();
  }

  @Test
  void without_a_limit_there_is_no_rest_and_nothing_is_remembered() {
    pace.restAfter(1000, 10, 0, 0);
    assertThat(pace.restAfter(1000, 0, 0, 0)).isZero();
    assertThat(pace.restAfter(1, 10, SECOND, SECOND)).isEqualTo(Duration.ofMillis(100));
  }

  @Test
  void batches_are_so_small_that_a_second_has_ten_of_them() {
    assertThat(ReplayPace.atMost(5000, 0)).isEqualTo(5000);
    assertThat(ReplayPace.atMost(5000, 1000)).isEqualTo(100);
    assertThat(ReplayPace.atMost(50, 1000)).isEqualTo(50);
    assertThat(ReplayPace.atMost(5000, 3)).isEqualTo(1);
  }
}
