package dev.kintsugi.examples.bench.size;

import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.stats.Median;
import dev.kintsugi.examples.bench.stats.Target;
import dev.kintsugi.examples.common.TextTable;
import java.util.ArrayList;
import java.util.List;

/** Each round's appends in the empty and in the filled database, and their medians. */
final class SizeReport {

  private static final Target TARGET = new Target.AtLeast(0.9);

  private final List<Load.Done> empty = new ArrayList<>();
  private final List<Load.Done> filled = new ArrayList<>();

  void add(Load.Done inEmpty, Load.Done inFilled) {
    empty.add(inEmpty);
    filled.add(inFilled);
  }

  /** For people; there must have been a round. */
  List<String> lines() {
    TextTable table =
        new TextTable("round", "empty, events/s", "filled, events/s", "ratio", "target", "");
    for (int i = 0; i < empty.size(); i++) {
      double inEmpty = empty.get(i).perSecond();
      double inFilled = filled.get(i).perSecond();
      table.row(
          "%d".formatted(i + 1),
          Math.round(inEmpty),
          Math.round(inFilled),
          inFilled / inEmpty,
          "",
          "");
    }
    double inEmpty = median(empty);
    double inFilled = median(filled);
    double ratio = inFilled / inEmpty;
    table.row(
        "median", Math.round(inEmpty), Math.round(inFilled), ratio, TARGET, TARGET.verdict(ratio));
    List<String> lines = new ArrayList<>(table.lines());
    lines.add("");
    lines.add("Milliseconds from persist() to its handler, medians of the rounds");
    TextTable latencies = new TextTable("", "p50", "p99");
    latencies.row("empty", millis(empty, 0.5), millis(empty, 0.99));
    latencies.row("filled", millis(filled, 0.5), millis(filled, 0.99));
    lines.addAll(latencies.lines());
    return lines;
  }

  private static double median(List<Load.Done> runs) {
    return Median.of(runs.stream().map(Load.Done::perSecond).toList());
  }

  private static Double millis(List<Load.Done> runs, double share) {
    return Median.of(
        runs.stream().map(run -> run.latencies().percentile(share).toNanos() / 1e6).toList());
  }
}
