package dev.kintsugi.examples.bench.failures;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.stats.Latencies;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class FailingReportTest {

  private static HistoryRun.Outcome outcome(long p99Millis) {
    Load.Done load =
        new Load.Done(
            1, Duration.ofSeconds(1), Latencies.ofNanos(Duration.ofMillis(p99Millis).toNanos()));
    return new HistoryRun.Outcome(load, 0, 0, 0, Duration.ZERO);
  }

  private static FailingReport report(long without, long with) {
    FailingReport report = new FailingReport();
    report.add(outcome(without), outcome(with));
    return report;
  }

  @Test
  void a_quarter_more_is_met() {
    assertThat(report(100, 125).lines())
        .anySatisfy(line -> assertThat(line).matches("p99 +100.00 +125.00 +1.25 +<= 1.25 +met"));
  }

  @Test
  void more_than_that_is_missed() {
    assertThat(report(100, 126).lines())
        .anySatisfy(line -> assertThat(line).matches("p99 +100.00 +126.00 +1.26 +<= 1.25 +MISSED"));
  }

  @Test
  void one_bad_run_of_three_does_not_count() {
    FailingReport report = report(100, 110);
    report.add(outcome(100), outcome(900));
    report.add(outcome(100), outcome(105));

    assertThat(report.lines())
        .anySatisfy(line -> assertThat(line).matches("p99 +100.00 +110.00 +1.10 +<= 1.25 +met"));
  }
}
