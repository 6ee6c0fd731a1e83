package dev.kintsugi.examples.bench.stats;

import java.time.Duration;
import java.util.Arrays;

/** Latencies that were measured, all of them: no buckets, no estimate. */
public final class Latencies {

  private final long[] sorted;

  private Latencies(long[] sorted) {
    this.sorted = sorted;
  }

  /** Latencies in any order, in nanoseconds; the array is copied. */
  public static Latencies ofNanos(long... nanos) {
    long[] sorted = nanos.clone();
    Arrays.sort(sorted);
    return new Latencies(sorted);
  }

  public int count() {
    return sorted.length;
  }

  /**
   * The least of them that a share of all does not exceed (nearest rank); zero if there are none.
   *
   * @param share above 0, up to 1: 0.99 for p99
   */
  public Duration percentile(double share) {
    if (!(share > 0 && share <= 1)) {
      throw new IllegalArgumentException("a share is above 0 and up to 1, is " + share);
    }
    if (sorted.length == 0) {
      return Duration.ZERO;
    }
    int rank = (int) Math.ceil(share * sorted.length);
    return Duration.ofNanos(sorted[Math.max(rank, 1) - 1]);
  }

  public Duration max() {
    return percentile(1);
  }
}
