package dev.kintsugi.runtime.internal.jdbc;

import java.time.Duration;

/**
 * How much to do in one transaction: as much as takes about a target time, to a bound. A
 * transaction that takes long holds up every fence and the rows that it changed; one that is too
 * short spends its time on commits. Not thread-safe.
 */
public final class BatchSize {

  private static final int SMALLEST = 10;

  private final int max;
  private final Duration target;
  private int size;

  /** A size that begins at a tenth of the bound, and finds its way from there. */
  public BatchSize(int max, Duration target) {
    this.max = max;
    this.target = target;
    this.size = atMost(Math.max(SMALLEST, max / 10));
  }

  private int atMost(int wanted) {
    return Math.min(max, wanted);
  }

  public int get() {
    return size;
  }

  /**
   * Learns from a batch: too long, and the next is half of it; well within and as large as it might
   * be, double.
   */
  public void took(int batch, Duration time) {
    if (time.compareTo(target.multipliedBy(2)) > 0) {
      size = Math.min(size, Math.max(SMALLEST, batch / 2));
    } else if (time.compareTo(target.dividedBy(2)) < 0 && batch >= size) {
      size = atMost(size * 2);
    }
  }
}
