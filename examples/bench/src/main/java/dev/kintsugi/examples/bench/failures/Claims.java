package dev.kintsugi.examples.bench.failures;

import dev.kintsugi.examples.common.TextTable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is claimed, and what was counted in the database. A claim that is made in several runs is
 * one line: the sums, and in how many of the runs it held.
 */
public final class Claims {

  private record Made(long expected, long found, int times, int held) {
    Made and(Made other) {
      return new Made(
          expected + other.expected, found + other.found, times + other.times, held + other.held);
    }

    boolean holds() {
      return held == times;
    }

    String verdict() {
      if (!holds()) {
        return times == 1 ? "BROKEN" : "BROKEN in %d of %d runs".formatted(times - held, times);
      }
      return times == 1 ? "held" : "held in each of %d runs".formatted(times);
    }
  }

  private final Map<String, Made> claims = new LinkedHashMap<>();

  /** Claims that a count is what it should be. */
  public void claim(String what, long expected, long found) {
    claims.merge(what, new Made(expected, found, 1, expected == found ? 1 : 0), Made::and);
  }

  /** Whether all of them held, every time. */
  public boolean hold() {
    return claims.values().stream().allMatch(Made::holds);
  }

  /** For people. */
  public List<String> lines() {
    TextTable table = new TextTable("claim", "expected", "counted", "");
    claims.forEach((what, made) -> table.row(what, made.expected(), made.found(), made.verdict()));
    return table.lines();
  }
}
