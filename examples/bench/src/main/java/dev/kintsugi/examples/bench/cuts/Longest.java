package dev.kintsugi.examples.bench.cuts;

import java.time.Duration;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;

/** Waits of one kind: how many ended well, how many in a failure, and the longest of all. */
final class Longest {

  private final LongAdder well = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder beyond = new LongAdder();
  private final LongAccumulator longest = new LongAccumulator(Math::max, 0);
  private final Duration bound;

  /**
   * @param bound what none of them should exceed
   */
  Longest(Duration bound) {
    this.bound = bound;
  }

  void ended(long nanos, boolean wasWell) {
    (wasWell ? well : failed).increment();
    longest.accumulate(nanos);
    if (nanos > bound.toNanos()) {
      beyond.increment();
    }
  }

  long well() {
    return well.sum();
  }

  long failed() {
    return failed.sum();
  }

  /** How many took longer than the bound. */
  long beyond() {
    return beyond.sum();
  }

  double seconds() {
    return longest.get() / 1e9;
  }
}
