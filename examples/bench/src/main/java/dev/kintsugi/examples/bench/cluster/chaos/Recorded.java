package dev.kintsugi.examples.bench.cluster.chaos;

import dev.kintsugi.examples.bench.cluster.history.Audits;
import dev.kintsugi.examples.common.TextTable;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Why there were skip records, of whichever projection, and what became of them. */
final class Recorded {

  private final SortedMap<String, SortedMap<String, Long>> counts = new TreeMap<>();

  void add(Collection<Audits.Records> records) {
    for (Audits.Records some : records) {
      counts
          .computeIfAbsent(some.reason(), reason -> new TreeMap<>())
          .merge(some.outcome(), some.count(), Long::sum);
    }
  }

  /** For people. */
  List<String> lines() {
    TextTable table = new TextTable("recorded as", "in the end", "events");
    counts.forEach(
        (reason, outcomes) ->
            outcomes.forEach((outcome, count) -> table.row(reason, outcome, count)));
    return table.lines();
  }
}
