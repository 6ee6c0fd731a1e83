package dev.kintsugi.examples.bench.stats;

import java.util.Arrays;

/** Collects latencies while they are measured. Any thread may add. */
public final class LatencyLog {

  private long[] nanos = new long[1024];
  private int count;

  public synchronized void add(long latencyInNanos) {
    if (count == nanos.length) {
      nanos = Arrays.copyOf(nanos, 2 * count);
    }
    nanos[count++] = latencyInNanos;
  }

  public synchronized int count() {
    return count;
  }

  /** What was collected until now. */
  public synchronized Latencies soFar() {
    return Latencies.ofNanos(Arrays.copyOf(nanos, count));
  }
}
