package dev.kintsugi.examples.bench.endurance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.status.Rebuild;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class EnduranceReportTest {

  private final EnduranceReport report = new EnduranceReport();

  /** A rebuild may take all of an interval; then nobody waits after it. */
  @Test
  void waits_of_nobody_count_for_nothing() {
    report.add(interval(waits(60_000, 9), waits(0, 0)));
    report.add(interval(waits(30_000, 9), waits(30_000, 4)));
    report.add(interval(waits(30_000, 9), waits(30_000, 6)));
    report.add(interval(waits(60_000, 9), waits(0, 0)));

    assertThat(report.lines())
        .anyMatch(line -> line.matches("p99 ms +4\\.00 +6\\.00 +1\\.50"))
        .noneMatch(line -> line.matches("p99 ms.* 0\\.00.*"));
  }

  @Test
  void a_figure_that_no_interval_has_is_left_blank() {
    report.add(interval(waits(60_000, 9), waits(0, 0)));
    report.add(interval(waits(60_000, 9), waits(0, 0)));

    assertThat(report.lines()).anyMatch(line -> line.equals("p99 ms"));
  }

  private static Waits waits(long events, long p99) {
    Duration millis = Duration.ofMillis(p99);
    return new Waits(events, Duration.ofSeconds(30), millis, millis, millis);
  }

  private static Interval interval(Waits rebuilding, Waits afterwards) {
    return new Interval(
        rebuilding, afterwards, proven(), 1 << 20, new ServerSample(1, 1, 1, 1, 1, 1, 0, 1));
  }

  private static Rebuild proven() {
    Instant then = Instant.EPOCH;
    return new Rebuild(
        "p",
        2,
        "somebody",
        "why",
        Phase.DONE,
        null,
        1,
        1,
        1L,
        0L,
        1,
        0,
        null,
        then,
        then,
        then,
        then,
        then,
        null,
        null,
        then,
        null,
        null,
        null,
        false,
        false,
        false,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        then);
  }
}
