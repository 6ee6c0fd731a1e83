package dev.kintsugi.examples.bench.latency;

import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.stats.Latencies;
import dev.kintsugi.examples.bench.stats.Median;
import dev.kintsugi.examples.bench.stats.Target;
import dev.kintsugi.examples.common.TextTable;
import dev.kintsugi.runtime.status.Rebuild;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Each round's latencies, without a rebuild and with one, and what their medians make. */
final class LatencyReport {

  private static final Target TARGET = new Target.AtMost(1.25);

  private record Round(Load.Done without, Load.Done with, Rebuild rebuild) {}

  private final List<Round> rounds = new ArrayList<>();

  void add(Load.Done without, Load.Done with, Rebuild rebuild) {
    rounds.add(new Round(without, with, rebuild));
  }

  /** For people; there must have been a round. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add("Milliseconds from when an event was due to its handler");
    lines.addAll(perRound().lines());
    lines.add("");
    lines.add("Medians of the rounds, and the longest of all");
    lines.addAll(summary().lines());
    return lines;
  }

  private TextTable perRound() {
    TextTable table =
        new TextTable(
            "round",
            "rebuild",
            "seconds",
            "events",
            "p50",
            "p99",
            "longest",
            "replayed",
            "drained");
    for (int i = 0; i < rounds.size(); i++) {
      Round round = rounds.get(i);
      row(table, i + 1, "no", round.without(), "", "");
      row(table, i + 1, "yes", round.with(), round.rebuild().replayed(), round.rebuild().drained());
    }
    return table;
  }

  private static void row(
      TextTable table, int round, String rebuild, Load.Done done, Object replayed, Object drained) {
    Latencies latencies = done.latencies();
    table.row(
        round,
        rebuild,
        done.took().toNanos() / 1e9,
        done.events(),
        millis(latencies.percentile(0.5)),
        millis(latencies.percentile(0.99)),
        millis(latencies.max()),
        replayed,
        drained);
  }

  private TextTable summary() {
    TextTable table = new TextTable("", "no rebuild", "rebuilding", "ratio", "target", "");
    row(table, "p50", latencies -> latencies.percentile(0.5));
    double without = median(Round::without, latencies -> latencies.percentile(0.99));
    double with = median(Round::with, latencies -> latencies.percentile(0.99));
    table.row("p99", without, with, with / without, TARGET, TARGET.verdict(with / without));
    table.row("longest wait", longest(Round::without), longest(Round::with), "", "", "");
    return table;
  }

  private void row(TextTable table, String name, Function<Latencies, Duration> latency) {
    double without = median(Round::without, latency);
    double with = median(Round::with, latency);
    table.row(name, without, with, with / without, "", "");
  }

  private double median(Function<Round, Load.Done> part, Function<Latencies, Duration> latency) {
    return Median.of(
        rounds.stream()
            .map(round -> millis(latency.apply(part.apply(round).latencies())))
            .toList());
  }

  private double longest(Function<Round, Load.Done> part) {
    return rounds.stream()
        .mapToDouble(round -> millis(part.apply(round).latencies().max()))
        .max()
        .orElse(0);
  }

  private static Double millis(Duration duration) {
    return duration.toNanos() / 1e6;
  }
}
