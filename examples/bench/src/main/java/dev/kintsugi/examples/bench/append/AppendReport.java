package dev.kintsugi.examples.bench.append;

import dev.kintsugi.examples.bench.append.Case.Work;
import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.stats.Median;
import dev.kintsugi.examples.common.TextTable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The figures of all runs, their medians, and what these are beside the targets. */
final class AppendReport {

  private final Collection<Comparison> comparisons;
  private final Map<Case, List<Load.Done>> runs = new LinkedHashMap<>();

  AppendReport(Collection<Comparison> comparisons) {
    this.comparisons = comparisons;
  }

  void add(Case what, Load.Done done) {
    runs.computeIfAbsent(what, first -> new ArrayList<>()).add(done);
  }

  /** For people; every case must have run. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add("Events a second, each run and the median");
    lines.addAll(perSecond().lines());
    if (runs.keySet().stream().anyMatch(what -> what.work() == Work.PERSIST)) {
      lines.add("");
      lines.add("Milliseconds from persist() to its handler, medians of the runs");
      lines.addAll(latencies().lines());
    }
    lines.add("");
    lines.add("Medians side by side");
    lines.addAll(ratios().lines());
    return lines;
  }

  private TextTable perSecond() {
    int count = runs.values().stream().mapToInt(List::size).max().orElse(0);
    TextTable table =
        new TextTable(
            Stream.of(
                    Stream.of("plugin", "load"),
                    IntStream.rangeClosed(1, count).mapToObj(i -> "run " + i),
                    Stream.of("median"))
                .flatMap(cells -> cells)
                .toArray(String[]::new));
    runs.forEach(
        (what, done) ->
            table.row(
                Stream.of(
                        Stream.of(what.plugin(), what.load()),
                        done.stream().map(run -> (Object) Math.round(run.perSecond())),
                        Stream.of(Math.round(median(what))))
                    .flatMap(cells -> cells)
                    .toArray()));
    return table;
  }

  private TextTable latencies() {
    TextTable table = new TextTable("plugin", "load", "p50", "p99", "longest");
    runs.forEach(
        (what, done) -> {
          if (what.work() == Work.PERSIST) {
            table.row(
                what.plugin(),
                what.load(),
                millis(done, run -> run.latencies().percentile(0.5)),
                millis(done, run -> run.latencies().percentile(0.99)),
                millis(done, run -> run.latencies().max()));
          }
        });
    return table;
  }

  private static Double millis(List<Load.Done> runs, Function<Load.Done, Duration> latency) {
    return Median.of(runs.stream().map(run -> latency.apply(run).toNanos() / 1e6).toList());
  }

  private TextTable ratios() {
    TextTable table = new TextTable("stock", "median", "kintsugi", "median", "ratio", "target", "");
    for (Comparison comparison : comparisons) {
      double stock = median(comparison.stock());
      double ours = median(comparison.ours());
      double ratio = ours / stock;
      table.row(
          comparison.stock().load(),
          Math.round(stock),
          comparison.ours().load(),
          Math.round(ours),
          ratio,
          comparison.target(),
          comparison.target().verdict(ratio));
    }
    return table;
  }

  private double median(Case what) {
    return Median.of(
        runs.getOrDefault(what, List.of()).stream().map(Load.Done::perSecond).toList());
  }
}
