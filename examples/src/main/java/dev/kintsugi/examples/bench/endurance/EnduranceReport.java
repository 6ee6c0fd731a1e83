package dev.kintsugi.examples.bench.endurance;

import dev.kintsugi.examples.bench.stats.Median;
import dev.kintsugi.examples.common.TextTable;
import dev.kintsugi.runtime.state.Rebuild;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.ToDoubleFunction;

/** The first intervals and the last ones, and what the medians of both are to each other. */
final class EnduranceReport {

  /** So many at each end. */
  static final int SHOWN = 10;

  private static final double MIB = 1 << 20;

  /** Something that is looked at. */
  private record Figure(String title, ToDoubleFunction<Interval> of) {}

  private static final List<Figure> FIGURES =
      List.of(
          new Figure("events/s", Interval::perSecond),
          new Figure("p50 ms", interval -> millis(interval.afterwards().p50())),
          new Figure("p99 ms", interval -> millis(interval.afterwards().p99())),
          new Figure("p50 ms rebuilding", interval -> millis(interval.rebuilding().p50())),
          new Figure("p99 ms rebuilding", interval -> millis(interval.rebuilding().p99())),
          new Figure("longest ms", interval -> millis(interval.longest())),
          new Figure("heap MiB", interval -> interval.heap() / MIB),
          new Figure("connections", interval -> interval.server().connections()),
          new Figure("skip MiB", interval -> interval.server().skipBytes() / MIB),
          new Figure("read models MiB", interval -> interval.server().readModelBytes() / MIB),
          new Figure("open", interval -> interval.server().open()),
          new Figure("journal bytes an event", interval -> interval.server().bytesAnEvent()),
          new Figure("archive bytes a record", interval -> interval.server().bytesARecord()),
          new Figure("replayed", interval -> interval.rebuild().replayed()),
          new Figure("rebuild s", interval -> seconds(interval.rebuild())));

  private final List<Interval> intervals = new ArrayList<>();

  void add(Interval interval) {
    intervals.add(interval);
  }

  private static double millis(Duration duration) {
    return duration.toNanos() / 1e6;
  }

  /** From when it was asked for until it was proven. */
  private static double seconds(Rebuild rebuild) {
    Instant end = Objects.requireNonNull(rebuild.endedAt(), "a rebuild that is proven has ended");
    return Duration.between(rebuild.requestedAt(), end).toMillis() / 1000.0;
  }

  /** For people; there must have been an interval. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.addAll(table().lines());
    lines.add("");
    lines.add("Medians of the first and of the last intervals");
    lines.addAll(medians().lines());
    return lines;
  }

  private TextTable table() {
    List<Object> titles = new ArrayList<>(List.of("interval"));
    for (Figure figure : FIGURES) {
      titles.add(figure.title());
    }
    TextTable table = new TextTable(titles.toArray(String[]::new));
    for (int i = 0; i < intervals.size(); i++) {
      if (i < SHOWN || i >= intervals.size() - SHOWN) {
        List<Object> cells = new ArrayList<>(List.of(i + 1));
        for (Figure figure : FIGURES) {
          cells.add(figure.of().applyAsDouble(intervals.get(i)));
        }
        table.row(cells.toArray());
      }
    }
    return table;
  }

  private TextTable medians() {
    int many = Math.min(SHOWN, Math.max(1, intervals.size() / 2));
    TextTable table = new TextTable("", "first " + many, "last " + many, "ratio");
    for (Figure figure : FIGURES) {
      double first = median(figure, intervals.subList(0, many));
      double last = median(figure, intervals.subList(intervals.size() - many, intervals.size()));
      table.row(figure.title(), first, last, first == 0 ? "" : last / first);
    }
    return table;
  }

  private static double median(Figure figure, List<Interval> some) {
    return Median.of(some.stream().map(figure.of()::applyAsDouble).toList());
  }
}
