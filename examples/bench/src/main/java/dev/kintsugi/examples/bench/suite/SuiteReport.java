package dev.kintsugi.examples.bench.suite;

import dev.kintsugi.examples.common.TextTable;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** The one table. */
final class SuiteReport {

  private SuiteReport() {}

  /** A row for each result, which has a round at least. */
  static List<String> lines(List<Result> results) {
    TextTable table =
        new TextTable("part", "what", "unit", "floor", "ours", "ours/floor", "in the rounds");
    for (Result result : results) {
      table.row(
          result.part(),
          result.name(),
          result.unit(),
          rounded(result, result.medianOfFloor()),
          rounded(result, result.medianOfOurs()),
          result.ratio(),
          spread(result.ratios()));
    }
    return table.lines();
  }

  /** Whole events; times as they are. */
  private static Number rounded(Result result, double figure) {
    return result.unit().moreIsBetter() ? (Number) Math.round(figure) : (Number) figure;
  }

  private static String spread(List<Double> ratios) {
    return String.format(
        Locale.ROOT, "%.2f to %.2f", Collections.min(ratios), Collections.max(ratios));
  }
}
