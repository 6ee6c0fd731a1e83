package dev.kintsugi.examples.bench.failures;

import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.stats.Target;
import dev.kintsugi.examples.common.TextTable;
import dev.kintsugi.runtime.status.ProjectionCounts;
import dev.kintsugi.runtime.status.ProjectionStatus;
import java.util.ArrayList;
import java.util.List;

/** A hot stream second by second, and how long it was behind. */
final class HotReport {

  private static final Target TARGET = new Target.AtMost(5);

  /** What was counted in one second; open is as it was at its end. */
  private record Second(
      String what, long hot, long others, long inline, long recorded, long recovered, long open) {}

  private final List<Second> seconds = new ArrayList<>();
  private final List<String> end = new ArrayList<>();
  private long hot;
  private long others;
  private ProjectionCounts counts = new ProjectionCounts(0, 0, 0, 0);

  /** A second has passed; the figures are those since the beginning. */
  void second(String what, long hotSoFar, long othersSoFar, ProjectionStatus status) {
    ProjectionCounts now = status.counts();
    seconds.add(
        new Second(
            what,
            hotSoFar - hot,
            othersSoFar - others,
            now.appliedInline() - counts.appliedInline(),
            now.recorded() - counts.recorded(),
            now.recovered() - counts.recovered(),
            status.openRecords()));
    hot = hotSoFar;
    others = othersSoFar;
    counts = now;
  }

  /** The last second, in a line. */
  String lastSecond() {
    Second last = seconds.get(seconds.size() - 1);
    return "second %d  %s  %,d inline, %,d recorded, %,d open"
        .formatted(seconds.size(), last.what(), last.inline(), last.recorded(), last.open());
  }

  /** In how many seconds nothing was written to the hot stream. */
  long rests() {
    return seconds.stream().filter(second -> second.hot() == 0).count();
  }

  /** What became of the hot stream. */
  void end(HotRecords records, long piledUp, Load.Done done) {
    TextTable table = new TextTable("hot stream", "", "target", "");
    table.row("records open at the repair", piledUp, "", "");
    table.row(
        "seconds from the repair until its last event was recorded",
        records.secondsBehind(),
        TARGET,
        TARGET.verdict(records.secondsBehind()));
    table.row("events recorded", records.records(), "", "");
    table.row("the last of them is its event", records.lastRecorded(), "", "");
    table.row("events since, all inline", records.eventsSince(), "", "");
    table.row(
        "fewest events in a second",
        seconds.stream().mapToLong(Second::hot).min().orElse(0),
        "",
        "");
    table.row("longest persist(), ms", done.latencies().max().toNanos() / 1e6, "", "");
    end.addAll(table.lines());
  }

  /** For people. */
  List<String> lines() {
    TextTable table =
        new TextTable(
            "second",
            "",
            "hot, written",
            "others, written",
            "applied inline",
            "recorded",
            "recovered",
            "open");
    for (int i = 0; i < seconds.size(); i++) {
      Second second = seconds.get(i);
      table.row(
          i + 1,
          second.what(),
          second.hot(),
          second.others(),
          second.inline(),
          second.recorded(),
          second.recovered(),
          second.open());
    }
    List<String> lines = new ArrayList<>(table.lines());
    lines.add("");
    lines.addAll(end);
    return lines;
  }
}
