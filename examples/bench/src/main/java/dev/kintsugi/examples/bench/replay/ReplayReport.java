package dev.kintsugi.examples.bench.replay;

import dev.kintsugi.examples.bench.stats.Median;
import dev.kintsugi.examples.bench.stats.Target;
import dev.kintsugi.examples.common.TextTable;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The figures of all runs, their medians, and what these are beside the targets. */
final class ReplayReport {

  private final Map<Pair, List<Contestant.Run>> firsts = new EnumMap<>(Pair.class);
  private final Map<Pair, List<Contestant.Run>> seconds = new EnumMap<>(Pair.class);

  void add(Pair pair, Contestant.Run first, Contestant.Run second) {
    firsts.computeIfAbsent(pair, none -> new ArrayList<>()).add(first);
    seconds.computeIfAbsent(pair, none -> new ArrayList<>()).add(second);
  }

  /** For people; there must have been a round. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add("Events a second, each run and the median");
    lines.addAll(perSecond().lines());
    lines.add("");
    lines.add("Medians side by side; whole: from the request to the proven end, in seconds");
    lines.addAll(ratios().lines());
    return lines;
  }

  private TextTable perSecond() {
    int rounds = firsts.values().stream().mapToInt(List::size).max().orElse(0);
    TextTable table =
        new TextTable(
            Stream.of(
                    Stream.of("pair", "who"),
                    IntStream.rangeClosed(1, rounds).mapToObj(i -> "run " + i),
                    Stream.of("median"))
                .flatMap(cells -> cells)
                .toArray(String[]::new));
    firsts.forEach(
        (pair, runs) -> {
          perSecond(table, pair, pair.first(), runs);
          perSecond(table, pair, pair.second(), of(seconds, pair));
        });
    return table;
  }

  private static void perSecond(TextTable table, Pair pair, String who, List<Contestant.Run> runs) {
    table.row(
        Stream.of(
                Stream.of(pair, who),
                runs.stream().map(run -> (Object) Math.round(run.perSecond())),
                Stream.of(Math.round(median(runs, Contestant.Run::perSecond))))
            .flatMap(cells -> cells)
            .toArray());
  }

  private TextTable ratios() {
    TextTable table =
        new TextTable("beside", "events/s", "", "events/s", "whole", "ratio", "target", "");
    firsts.forEach(
        (pair, runs) -> {
          double first = median(runs, Contestant.Run::perSecond);
          double second = median(of(seconds, pair), Contestant.Run::perSecond);
          double ratio = second / first;
          Optional<Target> target = pair.target(first);
          table.row(
              pair.first(),
              Math.round(first),
              pair.second(),
              Math.round(second),
              median(of(seconds, pair), run -> run.whole().toNanos() / 1e9),
              ratio,
              target.map(Object::toString).orElse(""),
              target.map(it -> it.verdict(ratio)).orElse(""));
        });
    return table;
  }

  private static List<Contestant.Run> of(Map<Pair, List<Contestant.Run>> runs, Pair pair) {
    return runs.getOrDefault(pair, List.of());
  }

  private static double median(List<Contestant.Run> runs, ToDoubleFunction<Contestant.Run> figure) {
    return Median.of(runs.stream().map(figure::applyAsDouble).toList());
  }
}
