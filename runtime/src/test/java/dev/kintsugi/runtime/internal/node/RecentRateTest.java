package dev.kintsugi.runtime.internal.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RecentRateTest {

  private static final long SECOND = 1_000_000_000L;

  private final AtomicLong clock = new AtomicLong(-17);
  private final RecentRate rate = new RecentRate(clock::get);

  @Test
  void what_happens_steadily_has_its_rate_once_ten_seconds_have_passed() {
    for (int second = 0; second < 30; second++) {
      rate.add(300);
      rate.add(200);
      clock.addAndGet(SECOND);
    }
    assertThat(rate.perSecond()).isEqualTo(500);
  }

  @Test
  void the_second_under_way_does_not_count_yet_and_what_is_long_ago_no_more() {
    rate.add(100);
    assertThat(rate.perSecond()).isZero();
    clock.addAndGet(SECOND);
    assertThat(rate.perSecond()).isEqualTo(10);
    clock.addAndGet(9 * SECOND);
    assertThat(rate.perSecond()).isEqualTo(10);
    clock.addAndGet(SECOND);
    assertThat(rate.perSecond()).isZero();
  }

  @Test
  void after_a_long_rest_it_begins_anew() {
    rate.add(100);
    clock.addAndGet(1_000_000 * SECOND);
    rate.add(50);
    clock.addAndGet(SECOND);
    assertThat(rate.perSecond()).isEqualTo(5);
  }
}
