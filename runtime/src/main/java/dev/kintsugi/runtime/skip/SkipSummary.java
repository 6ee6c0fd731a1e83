package dev.kintsugi.runtime.skip;

import java.time.Duration;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * How many skip records are open.
 *
 * @param byReason without reasons that there is no record of
 * @param oldestByReason the ages of the oldest ones
 */
public record SkipSummary(
    long open,
    long parked,
    Map<SkipReason, Long> byReason,
    Map<SkipReason, Duration> oldestByReason) {

  /** Of no records. */
  public static final SkipSummary NONE = new SkipSummary(0, 0, Map.of(), Map.of());

  /** The age of the oldest one. */
  public Optional<Duration> oldest() {
    return oldestByReason.values().stream().max(Comparator.naturalOrder());
  }

  /** Of these and others. */
  public SkipSummary plus(SkipSummary other) {
    Map<SkipReason, Long> sum = new EnumMap<>(SkipReason.class);
    sum.putAll(byReason);
    other.byReason.forEach((reason, count) -> sum.merge(reason, count, Long::sum));
    Map<SkipReason, Duration> ages = new EnumMap<>(SkipReason.class);
    ages.putAll(oldestByReason);
    ages.putAll(other.oldestByReason);
    return new SkipSummary(open + other.open, parked + other.parked, sum, ages);
  }
}
