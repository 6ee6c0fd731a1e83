package dev.kintsugi.examples.bench.cluster.chaos;

import dev.kintsugi.examples.common.TextTable;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * How many faults there were of each kind, and how many of these had no effect. Any thread adds.
 */
final class Tried {

  private record Counts(long done, long without) {
    Counts plus(Counts more) {
      return new Counts(done + more.done, without + more.without);
    }
  }

  private final Map<Kind, Counts> counts = new EnumMap<>(Kind.class);

  synchronized void done(Kind kind) {
    counts.merge(kind, new Counts(1, 0), Counts::plus);
  }

  /** It was due and did not happen: there was nothing for it, or nobody to be asked. */
  synchronized void without(Kind kind) {
    counts.merge(kind, new Counts(0, 1), Counts::plus);
  }

  synchronized void add(Tried other) {
    other.counts.forEach((kind, more) -> counts.merge(kind, more, Counts::plus));
  }

  synchronized long done() {
    return counts.values().stream().mapToLong(Counts::done).sum();
  }

  /** For people. */
  synchronized List<String> lines() {
    TextTable table = new TextTable("fault", "times", "due, but without effect");
    counts.forEach((kind, some) -> table.row(kind, some.done(), some.without()));
    return table.lines();
  }
}
