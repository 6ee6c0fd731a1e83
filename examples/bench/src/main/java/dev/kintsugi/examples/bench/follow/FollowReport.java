package dev.kintsugi.examples.bench.follow;

import dev.kintsugi.examples.bench.stats.Median;
import dev.kintsugi.examples.bench.stats.Target;
import dev.kintsugi.examples.common.TextTable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Each round's rates, their medians, and what these are beside the targets. */
final class FollowReport {

  private static final Target HANDLER = new Target.AtLeast(3);
  private static final Target GROUPED = new Target.AtLeast(1.5);

  private final Map<String, List<Double>> rates = new LinkedHashMap<>();

  void add(Reader reader, long events, Duration took) {
    rates
        .computeIfAbsent(reader.name(), first -> new ArrayList<>())
        .add(events / (took.toNanos() / 1e9));
  }

  /**
   * For people; each must have been measured. The first follows by a handler, the second groups.
   */
  List<String> lines(List<Following> following, Reader exactlyOnce, Reader groupedWithin) {
    TextTable each = new TextTable("events a second", "rounds", "median");
    rates.forEach(
        (name, measured) ->
            each.row(
                name,
                measured.stream()
                    .map(rate -> "%,d".formatted(Math.round(rate)))
                    .collect(Collectors.joining("  ")),
                Math.round(Median.of(measured))));
    List<String> lines = new ArrayList<>(each.lines());
    lines.add("");
    TextTable ratios = new TextTable("", "beside", "ratio", "target", "");
    compare(ratios, following.get(0), exactlyOnce, HANDLER);
    compare(ratios, following.get(1), groupedWithin, GROUPED);
    for (Following kind : following.subList(2, following.size())) {
      ratios.row(kind.name(), exactlyOnce.name(), ratio(kind, exactlyOnce), "", "");
      ratios.row(kind.name(), groupedWithin.name(), ratio(kind, groupedWithin), "", "");
    }
    lines.addAll(ratios.lines());
    return lines;
  }

  private void compare(TextTable table, Reader ours, Reader theirs, Target target) {
    double ratio = ratio(ours, theirs);
    table.row(ours.name(), theirs.name(), ratio, target, target.verdict(ratio));
  }

  private double ratio(Reader ours, Reader theirs) {
    return median(ours) / median(theirs);
  }

  private double median(Reader reader) {
    return Median.of(rates.getOrDefault(reader.name(), List.of()));
  }
}
