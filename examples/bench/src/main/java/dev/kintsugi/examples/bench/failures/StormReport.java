package dev.kintsugi.examples.bench.failures;

import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.stats.Target;
import dev.kintsugi.examples.common.TextTable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What a storm did to the appends, how it drained, and what it left on the disk. */
final class StormReport {

  private static final long ENOUGH = 20_000;
  private static final Target DRAIN = new Target.AtLeast(ENOUGH);

  private final List<String> appends = new ArrayList<>();
  private final List<String> drain = new ArrayList<>();
  private final TextTable sizes =
      new TextTable("MiB", "open records", "kintsugi_skip", "its indexes", "both", "archive");
  private final List<String> shrunk = new ArrayList<>();

  /** The appends before the bug was shipped, and after it. */
  void appends(Load.Done before, Load.Done storm, long failed, long records) {
    TextTable table = new TextTable("appends", "events/s", "p50", "p99", "longest");
    row(table, "handler healthy", before);
    row(table, "every event fails", storm);
    appends.add("Milliseconds from persist() to its handler");
    appends.addAll(table.lines());
    appends.add(
        "%,d records: %,d failed, %,d behind one that did"
            .formatted(records, failed, records - failed));
  }

  private static void row(TextTable table, String what, Load.Done done) {
    table.row(
        what,
        Math.round(done.perSecond()),
        done.latencies().percentile(0.5).toNanos() / 1e6,
        done.latencies().percentile(0.99).toNanos() / 1e6,
        done.latencies().max().toNanos() / 1e6);
  }

  /**
   * The drain, and the writers that went on meanwhile.
   *
   * @param inline how many of their events were applied inline
   * @param recorded how many were recorded, behind what was still open
   */
  void drained(Drained drained, Load.Done meanwhile, long inline, long recorded) {
    TextTable table = new TextTable("drain", "seconds", "records", "records/s", "target", "");
    table.row("from the repair to the first", drained.untilFirst(), "", "", "", "");
    table.row(
        "from the first to nothing open",
        drained.untilLast() - drained.untilFirst(),
        drained.records(),
        Math.round(drained.perSecond()),
        ">= %,d".formatted(ENOUGH),
        DRAIN.verdict(drained.perSecond()));
    table.row(
        "from the repair to nothing open",
        drained.untilLast(),
        drained.records(),
        Math.round(drained.perSecondFromTheRepair()),
        "",
        "");
    drain.addAll(table.lines());
    drain.add("");
    TextTable writers = new TextTable("appends", "events/s", "p50", "p99", "longest");
    row(writers, "while they drained", meanwhile);
    drain.addAll(writers.lines());
    drain.add(
        "%,d events: %,d applied inline, %,d recorded"
            .formatted(meanwhile.events(), inline, recorded));
  }

  /** What is on the disk at some time. */
  void sizes(String when, SkipSizes at) {
    sizes.row(
        when,
        at.open(),
        SkipSizes.mib(at.table()),
        SkipSizes.mib(at.indexes()),
        SkipSizes.mib(at.total()),
        SkipSizes.mib(at.archive()));
  }

  /** Whether it is small again, and after how long; or how long that was waited for. */
  void shrunk(SkipSizes end, Duration after) {
    double both = SkipSizes.mib(end.total());
    Target target = new Target.AtMost(end.bound());
    TextTable table = new TextTable("in the end", "MiB", "after seconds", "target", "");
    table.row(
        "kintsugi_skip and its indexes", both, after.toNanos() / 1e9, target, target.verdict(both));
    shrunk.addAll(table.lines());
  }

  /** For people. */
  List<String> lines() {
    List<String> lines = new ArrayList<>(appends);
    lines.add("");
    lines.addAll(drain);
    lines.add("");
    lines.addAll(sizes.lines());
    lines.add("");
    lines.addAll(shrunk);
    return lines;
  }
}
