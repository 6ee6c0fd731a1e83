package dev.kintsugi.examples.bench.endurance;

import dev.kintsugi.examples.bench.stats.Median;
import dev.kintsugi.examples.common.TextTable;
import dev.kintsugi.runtime.status.Rebuild;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** The first intervals and the last ones, and what the medians of both are to each other. */
final class EnduranceReport {

  /** So many at each end. */
  static final int SHOWN = 10;

  private static final double MIB = 1 << 20;

  /** Something that is looked at; not every interval has it. */
  private record Figure(String title, Function<Interval, Optional<Double>> of) {

    static Figure ofEach(String title, ToDoubleFunction<Interval> of) {
      return new Figure(title, interval -> Optional.of(of.applyAsDouble(interval)));
    }
  }

  private static final List<Figure> FIGURES =
      List.of(
          Figure.ofEach("events/s", Interval::perSecond),
          new Figure("p50 ms", interval -> interval.afterwards().p50Millis()),
          new Figure("p99 ms", interval -> interval.afterwards().p99Millis()),
          new Figure("p50 ms rebuilding", interval -> interval.rebuilding().p50Millis()),
          new Figure("p99 ms rebuilding", interval -> interval.rebuilding().p99Millis()),
          Figure.ofEach("longest ms", interval -> millis(interval.longest())),
          Figure.ofEach("heap MiB", interval -> interval.heap() / MIB),
          Figure.ofEach("connections", interval -> interval.server().connections()),
          Figure.ofEach("skip MiB", interval -> interval.server().skipBytes() / MIB),
          Figure.ofEach("read models MiB", interval -> interval.server().readModelBytes() / MIB),
          Figure.ofEach("open", interval -> interval.server().open()),
          Figure.ofEach("journal bytes an event", interval -> interval.server().bytesAnEvent()),
          Figure.ofEach("archive bytes a record", interval -> interval.server().bytesARecord()),
          Figure.ofEach("replayed", interval -> interval.rebuild().replayed()),
          Figure.ofEach("rebuild s", interval -> seconds(interval.rebuild())));

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
          cells.add(shown(figure.of().apply(intervals.get(i))));
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
      Optional<Double> first = median(figure, intervals.subList(0, many));
      Optional<Double> last =
          median(figure, intervals.subList(intervals.size() - many, intervals.size()));
      Optional<Double> ratio =
          first.filter(value -> value != 0).flatMap(value -> last.map(later -> later / value));
      table.row(figure.title(), shown(first), shown(last), shown(ratio));
    }
    return table;
  }

  private static Optional<Double> median(Figure figure, List<Interval> some) {
    List<Double> values = some.stream().map(figure.of()).flatMap(Optional::stream).toList();
    return values.isEmpty() ? Optional.empty() : Optional.of(Median.of(values));
  }

  private static Object shown(Optional<Double> figure) {
    return figure.isPresent() ? figure.get() : "";
  }
}
