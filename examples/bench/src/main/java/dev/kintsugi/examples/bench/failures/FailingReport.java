package dev.kintsugi.examples.bench.failures;

import dev.kintsugi.examples.bench.stats.Latencies;
import dev.kintsugi.examples.bench.stats.Median;
import dev.kintsugi.examples.bench.stats.Target;
import dev.kintsugi.examples.common.TextTable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Each pair of runs, without failures and with, and what their medians make. */
final class FailingReport {

  private static final Target TARGET = new Target.AtMost(1.25);

  private record Pair(HistoryRun.Outcome without, HistoryRun.Outcome with) {}

  private final List<Pair> pairs = new ArrayList<>();

  void add(HistoryRun.Outcome without, HistoryRun.Outcome with) {
    pairs.add(new Pair(without, with));
  }

  /** For people; there must have been a pair. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add("Milliseconds from persist() to its handler; mended: seconds from the repair until");
    lines.add("no record was open");
    lines.addAll(perRun().lines());
    lines.add("");
    lines.add("Medians of the pairs");
    lines.addAll(summary().lines());
    return lines;
  }

  private TextTable perRun() {
    TextTable table =
        new TextTable(
            "pair",
            "failures",
            "seconds",
            "events/s",
            "p50",
            "p99",
            "longest",
            "failed",
            "behind",
            "deadlocks",
            "mended");
    for (int i = 0; i < pairs.size(); i++) {
      row(table, i + 1, "no", pairs.get(i).without());
      row(table, i + 1, "yes", pairs.get(i).with());
    }
    return table;
  }

  private static void row(TextTable table, int pair, String failures, HistoryRun.Outcome run) {
    Latencies latencies = run.load().latencies();
    table.row(
        pair,
        failures,
        run.load().took().toNanos() / 1e9,
        Math.round(run.load().perSecond()),
        millis(run, 0.5),
        millis(run, 0.99),
        latencies.max().toNanos() / 1e6,
        run.failed(),
        run.recorded() - run.failed(),
        run.deadlocks(),
        run.mending().toNanos() / 1e9);
  }

  private TextTable summary() {
    TextTable table = new TextTable("", "no failures", "failures", "ratio", "target", "");
    double p50Without = median(pair -> millis(pair.without(), 0.5));
    double p50With = median(pair -> millis(pair.with(), 0.5));
    table.row("p50", p50Without, p50With, p50With / p50Without, "", "");
    double without = median(pair -> millis(pair.without(), 0.99));
    double with = median(pair -> millis(pair.with(), 0.99));
    table.row("p99", without, with, with / without, TARGET, TARGET.verdict(with / without));
    double rateWithout = median(pair -> pair.without().load().perSecond());
    double rateWith = median(pair -> pair.with().load().perSecond());
    table.row(
        "events/s", Math.round(rateWithout), Math.round(rateWith), rateWith / rateWithout, "", "");
    return table;
  }

  private double median(ToDoubleFunction<Pair> figure) {
    return Median.of(pairs.stream().map(figure::applyAsDouble).toList());
  }

  private static double millis(HistoryRun.Outcome run, double share) {
    return run.load().latencies().percentile(share).toNanos() / 1e6;
  }
}
