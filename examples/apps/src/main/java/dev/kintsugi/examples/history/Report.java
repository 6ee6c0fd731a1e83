package dev.kintsugi.examples.history;

import dev.kintsugi.examples.common.TextTable;
import dev.kintsugi.examples.history.audit.Difference;
import dev.kintsugi.examples.history.audit.Findings;
import dev.kintsugi.runtime.status.Comparison;
import dev.kintsugi.runtime.status.ProjectionCounts;
import dev.kintsugi.runtime.status.Rebuild;
import dev.kintsugi.runtime.status.TableChange;
import dev.kintsugi.runtime.verify.Verification;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What came of a run.
 *
 * @param events how many were imported
 * @param importTook until the last of them was stored
 */
record Report(long events, Duration importTook, List<Part> parts) {

  private static final int DIFFERENCES_SHOWN = 10;

  /**
   * What came of a projection.
   *
   * @param whole how long after the import began all events were in it, by its own account
   * @param findings what the oracle says
   * @param verification what Kintsugi itself says
   */
  record Part(
      ProjectionCounts counts,
      List<RebuildPlan.Rebuilt> rebuilds,
      Duration whole,
      Findings findings,
      Verification verification) {

    boolean isClean() {
      return findings.isClean() && verification.isClean();
    }

    /** Rows that are not what the journal says, by Kintsugi's own account. */
    long differing() {
      return verification.tables().stream()
          .mapToLong(table -> table.missing() + table.surplus())
          .sum();
    }

    long replayed() {
      return rebuilds.stream().mapToLong(rebuilt -> rebuilt.rebuild().replayed()).sum();
    }
  }

  /** Whether every read model is what the oracle says, and what the journal says. */
  boolean isClean() {
    return parts.stream().allMatch(Part::isClean);
  }

  /** For people. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add("");
    lines.add(
        "Imported %,d events in %s seconds, %,d a second. Rebuilt meanwhile:"
            .formatted(events, seconds(importTook), perSecond(events, importTook)));
    lines.add("");
    lines.addAll(rebuilds().lines());
    lines.add("");
    lines.addAll(projections().lines());
    lines.add("");
    if (isClean()) {
      lines.add("Audit: every row of every read model is as the oracle says.");
    } else if (differencesOfOracle().isEmpty()) {
      lines.add("Audit: as the oracle says, but NOT as Kintsugi.verify says.");
    } else {
      lines.addAll(differences());
    }
    return lines;
  }

  private TextTable rebuilds() {
    TextTable table =
        new TextTable(
            "rebuild",
            "asked at",
            "replayed",
            "events/s",
            "drained",
            "seconds to the end",
            "beside the one before");
    for (Part part : parts) {
      for (RebuildPlan.Rebuilt rebuilt : part.rebuilds()) {
        Rebuild rebuild = rebuilt.rebuild();
        table.row(
            "%s g%d".formatted(rebuild.projection(), rebuild.generation()),
            rebuilt.step().percent(),
            rebuild.replayed(),
            Math.round(rebuild.eventsPerSecond()),
            rebuild.drained(),
            rebuild.duration().map(Report::seconds).orElse("?"),
            rebuilt.comparison().map(Report::inWords).orElse("in place"));
      }
    }
    return table;
  }

  private static String inWords(Comparison comparison) {
    long equal = comparison.tables().stream().mapToLong(TableChange::equal).sum();
    long others =
        comparison.tables().stream()
            .mapToLong(table -> table.differing() + table.onlyOlder() + table.onlyNewer())
            .sum();
    return comparison.isSame()
        ? "all %,d rows equal".formatted(equal)
        : "%,d rows equal, %,d not".formatted(equal, others);
  }

  /** A column for each projection. */
  private TextTable projections() {
    TextTable table =
        new TextTable(
            Stream.concat(Stream.of("projection"), parts.stream().map(p -> p.findings().table()))
                .toArray(String[]::new));
    row(table, "events", part -> events);
    row(table, "applied inline", part -> part.counts().appliedInline());
    row(table, "recorded", part -> part.counts().recorded());
    row(table, "recovered", part -> part.counts().recovered());
    row(table, "replayed", Part::replayed);
    row(table, "lost", part -> part.findings().lost());
    row(table, "doubled", part -> part.findings().doubled());
    row(table, "verify: differ", Part::differing);
    row(table, "seconds", part -> seconds(part.whole()));
    row(table, "events/s", part -> perSecond(events, part.whole()));
    return table;
  }

  private void row(TextTable table, String name, Function<Part, Object> value) {
    table.row(Stream.concat(Stream.of(name), parts.stream().map(value)).toArray());
  }

  private List<Difference> differencesOfOracle() {
    return parts.stream().flatMap(part -> part.findings().differences().stream()).toList();
  }

  private List<String> differences() {
    List<Difference> all = differencesOfOracle();
    TextTable table = new TextTable("table", "key", "column", "expected", "actual");
    all.stream()
        .limit(DIFFERENCES_SHOWN)
        .forEach(
            difference ->
                table.row(
                    difference.table(),
                    "'" + difference.key() + "'",
                    difference.column(),
                    difference.expected(),
                    difference.actual()));
    List<String> lines = new ArrayList<>();
    lines.add("Audit: NOT as the oracle says are %,d rows or columns:".formatted(all.size()));
    lines.addAll(table.lines());
    if (all.size() > DIFFERENCES_SHOWN) {
      lines.add("and %d more".formatted(all.size() - DIFFERENCES_SHOWN));
    }
    return lines;
  }

  private static long perSecond(long events, Duration duration) {
    return Math.round(events * 1000.0 / Math.max(1, duration.toMillis()));
  }

  private static String seconds(Duration duration) {
    return String.format(Locale.ROOT, "%.2f", duration.toMillis() / 1000.0);
  }
}
