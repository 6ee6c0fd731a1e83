package dev.kintsugi.runtime.internal.node;

import java.util.function.LongSupplier;

/** How many a second there were of late: in the last ten whole seconds. Threads may share one. */
final class RecentRate {

  private static final int SECONDS = 10;
  private static final long SECOND = 1_000_000_000L;

  private final LongSupplier nanoTime;
  private final long begin;
  private final long[] counts = new long[SECONDS + 1];
  private long second;

  RecentRate(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.begin = nanoTime.getAsLong();
  }

  synchronized void add(long count) {
    moveOn();
    counts[(int) (second % counts.length)] += count;
  }

  synchronized double perSecond() {
    moveOn();
    long sum = 0;
    for (long count : counts) {
      sum += count;
    }
    sum -= counts[(int) (second % counts.length)];
    return (double) sum / SECONDS;
  }

  /** Empties the slots of the seconds that have begun since the last call. */
  private void moveOn() {
    long now = (nanoTime.getAsLong() - begin) / SECOND;
    for (long s = Math.max(second + 1, now - SECONDS); s <= now; s++) {
      counts[(int) (s % counts.length)] = 0;
    }
    second = Math.max(second, now);
  }
}
