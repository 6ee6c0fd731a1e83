package dev.kintsugi.examples.bench.cluster.many;

import dev.kintsugi.examples.bench.stats.Latencies;
import dev.kintsugi.examples.common.TextTable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** The table: few projections beside many, and what each more costs. */
final class ManyReport {

  private static final String UNKNOWN = "-";
  private static final double MIB = 1 << 20;

  private static final List<String> MEANING =
      List.of(
          "Starts count from the first JVM's start. registered: the last node knows its projections."
              + " joined: each node sees all up. hosted: then, each projection by exactly one node; how many"
              + " each node has at that moment is below. proven: each is active, and its build is proven."
              + " even: then, no node hosts more than one more than another. The first start has an empty"
              + " journal and builds all; the second has the same database. The processor time is that until"
              + " proven, and says more than the clock where the machine has other things to do.",
          "idle: nobody writes, nobody looks. Of all nodes together, a second. transactions as"
              + " pg_stat_database counts them; statements as the nodes' drivers log them, BEGIN and COMMIT"
              + " too, in a time of its own (the embedded server has no pg_stat_statements); processor time"
              + " as the operating system has it (1,000 ms/s is one core).",
          "trickle: the same beside appends by one node, of which the cost is part, and which concern the"
              + " first %d projections of each side.".formatted(SmallProjections.A_FEW),
          "memory: the mean of the nodes, heap after a full collection.",
          "append: one event, by one connection, commit included; both clusters are up and take turns.",
          "fail-over: kill -9 of the node that hosts the most, until the others host all, each once.");

  private final Figures few;
  private final Figures many;
  private final TextTable table;

  private ManyReport(Figures few, Figures many) {
    this.few = few;
    this.many = many;
    this.table =
        new TextTable("", "with " + few.projections(), "with " + many.projections(), "each more");
  }

  static List<String> lines(Figures few, Figures many) {
    ManyReport report = new ManyReport(few, many);
    boolean isAgain = few.again().isPresent() && many.again().isPresent();
    report.starts("first start", Figures::first);
    if (isAgain) {
      report.starts("second start", figures -> again(figures).started());
    }
    report.idle("idle", Figures::idle);
    if (few.trickle().isPresent() && many.trickle().isPresent()) {
      report.row("trickle: appends/s", figures -> trickle(figures).appends());
      report.idle("trickle", figures -> trickle(figures).idle());
    }
    report.memory();
    if (isAgain) {
      report.appends();
      report.failOver();
    }
    List<String> lines = new ArrayList<>(report.table.lines());
    lines.add("");
    lines.addAll(MEANING);
    return lines;
  }

  private static Figures.Again again(Figures figures) {
    return figures.again().orElseThrow();
  }

  private static Figures.Trickled trickle(Figures figures) {
    return figures.trickle().orElseThrow();
  }

  private void row(String what, ToDoubleFunction<Figures> figure) {
    double less = figure.applyAsDouble(few);
    double more = figure.applyAsDouble(many);
    table.row(what, text("%,.2f", less), text("%,.2f", more), difference(more - less));
  }

  private String difference(double difference) {
    int more = many.projections() - few.projections();
    return more == 0 ? UNKNOWN : text("%,.4f", difference / more);
  }

  private void rowIfKnown(String what, Function<Figures, OptionalDouble> figure) {
    if (figure.apply(few).isPresent() && figure.apply(many).isPresent()) {
      row(what, figures -> figure.apply(figures).getAsDouble());
    } else {
      table.row(what, UNKNOWN, UNKNOWN, UNKNOWN);
    }
  }

  private static String text(String format, double number) {
    return String.format(Locale.ROOT, format, number);
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1e3;
  }

  private void starts(String which, Function<Figures, ManyCluster.Started> start) {
    row(which + ": registered, s", f -> seconds(start.apply(f).registered()));
    row(which + ": joined, s", f -> seconds(start.apply(f).joined()));
    row(which + ": hosted, s", f -> seconds(start.apply(f).hosted()));
    row(which + ": proven, s", f -> seconds(start.apply(f).proven()));
    row(which + ": even, s", f -> seconds(start.apply(f).even()));
    row(which + ": processor time of the nodes, s", f -> seconds(start.apply(f).nodes()));
    rowIfKnown(
        which + ": processor time of PostgreSQL, s",
        f ->
            start
                .apply(f)
                .server()
                .map(time -> OptionalDouble.of(seconds(time)))
                .orElse(OptionalDouble.empty()));
    table.row(
        which + ": supervisors a node", spread(start.apply(few)), spread(start.apply(many)), "");
  }

  private static String spread(ManyCluster.Started started) {
    return started.spread().stream().map(String::valueOf).collect(Collectors.joining(" / "));
  }

  private void idle(String when, Function<Figures, Idle> idle) {
    row(when + ": transactions/s", f -> idle.apply(f).transactions());
    row(when + ": statements/s", f -> idle.apply(f).statements());
    row(when + ": write-ahead log, bytes/s", f -> idle.apply(f).written());
    row(when + ": processor time of the nodes, ms/s", f -> idle.apply(f).nodes());
    rowIfKnown(when + ": processor time of PostgreSQL, ms/s", f -> idle.apply(f).server());
    rowIfKnown(when + ": between the nodes, bytes/s", f -> idle.apply(f).sent());
    row(when + ": connections held", f -> idle.apply(f).connections());
  }

  private void memory() {
    rowIfKnown(
        "memory: heap, MiB", f -> f.memory().stream().mapToDouble(m -> m.heap() / MIB).average());
    rowIfKnown("memory: resident, MiB", ManyReport::resident);
    rowIfKnown("memory: threads", f -> f.memory().stream().mapToDouble(Memory::threads).average());
  }

  private static OptionalDouble resident(Figures figures) {
    List<OptionalLong> resident = figures.memory().stream().map(Memory::resident).toList();
    return resident.stream().allMatch(OptionalLong::isPresent)
        ? resident.stream().mapToDouble(bytes -> bytes.getAsLong() / MIB).average()
        : OptionalDouble.empty();
  }

  private void appends() {
    row("append that none subscribes to: p50, ms", f -> millis(again(f).passed(), 0.5));
    row("append that none subscribes to: p99, ms", f -> millis(again(f).passed(), 0.99));
    row("append that all subscribe to: p50, ms", f -> millis(again(f).counted(), 0.5));
  }

  private static double millis(Latencies latencies, double share) {
    return latencies.percentile(share).toNanos() / 1e6;
  }

  private void failOver() {
    row("fail-over: hosted again after, s", f -> seconds(again(f).failedOver().hosted()));
    table.row(
        "fail-over: supervisors that were moved",
        again(few).failedOver().projections(),
        again(many).failedOver().projections(),
        "");
  }
}
