package dev.kintsugi.examples.bench.cluster.many;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.examples.bench.stats.Latencies;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ManyReportTest {

  private static final int MIB = 1 << 20;

  private static Figures figures(int projections, OptionalDouble server, OptionalLong resident) {
    ManyCluster.Started started =
        new ManyCluster.Started(
            Duration.ofSeconds(projections),
            Duration.ofSeconds(1),
            Duration.ofSeconds(2),
            Duration.ofSeconds(3),
            Duration.ofSeconds(4),
            List.of(projections, 0, 1),
            Duration.ofSeconds(30),
            Optional.of(Duration.ofSeconds(5)));
    return new Figures(
        projections,
        started,
        new Idle(6, 8, 0, 100, server, OptionalDouble.of(1), 60),
        Optional.of(
            new Figures.Trickled(
                50, new Idle(100 + projections, 300, 0, 200, server, OptionalDouble.of(1), 60))),
        List.of(
            new Memory(20 * MIB, resident, 30),
            new Memory((20L + projections) * MIB, resident, 32)),
        Optional.of(
            new Figures.Again(
                started,
                Latencies.ofNanos(1_000_000),
                Latencies.ofNanos(2_000_000L * projections),
                new ManyCluster.FailedOver(projections / 3, Duration.ofSeconds(25)))));
  }

  private static List<String> report(OptionalDouble server, OptionalLong resident) {
    return ManyReport.lines(figures(3, server, resident), figures(203, server, resident));
  }

  @Test
  void many_are_beside_few_with_what_each_more_costs() {
    assertThat(report(OptionalDouble.of(7), OptionalLong.of(200L * MIB)))
        .anyMatch(line -> line.matches(" +with 3 +with 203 +each more"))
        .anyMatch(line -> line.matches("first start: registered, s +3.00 +203.00 +1.0000"))
        .anyMatch(line -> line.matches("second start: supervisors.* 3 / 0 / 1 +203 / 0 / 1"))
        .anyMatch(line -> line.matches("idle: transactions/s +6.00 +6.00 +0.0000"))
        .anyMatch(line -> line.matches("trickle: appends/s +50.00 +50.00 +0.0000"))
        .anyMatch(line -> line.matches("trickle: transactions/s +103.00 +303.00 +1.0000"))
        .anyMatch(line -> line.matches("memory: heap, MiB +21.50 +121.50 +0.5000"))
        .anyMatch(line -> line.matches("append that all subscribe to: p50, ms +6.00 +406.00 .*"))
        .anyMatch(line -> line.matches("fail-over: supervisors that were moved +1 +67"));
  }

  @Test
  void what_was_not_asked_for_has_no_line() {
    Figures whole = figures(3, OptionalDouble.empty(), OptionalLong.empty());
    Figures idle =
        new Figures(
            3, whole.first(), whole.idle(), Optional.empty(), whole.memory(), Optional.empty());

    assertThat(ManyReport.lines(idle, idle))
        .anyMatch(line -> line.startsWith("idle: transactions/s"))
        .noneMatch(line -> line.startsWith("trickle: transactions/s"))
        .noneMatch(line -> line.startsWith("second start"))
        .noneMatch(line -> line.startsWith("append that"))
        .noneMatch(line -> line.startsWith("fail-over: hosted"));
  }

  @Test
  void what_is_not_known_is_not_made_up() {
    assertThat(report(OptionalDouble.empty(), OptionalLong.empty()))
        .anyMatch(line -> line.matches("idle: processor time of PostgreSQL, ms/s +- +- +-"))
        .anyMatch(line -> line.matches("memory: resident, MiB +- +- +-"));
  }
}
