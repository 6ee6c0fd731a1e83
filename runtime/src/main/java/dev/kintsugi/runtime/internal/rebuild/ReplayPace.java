package dev.kintsugi.runtime.internal.rebuild;

import java.time.Duration;

/**
 * Keeps a replay to so many events a second: after each batch it says how long to rest. Time that
 * was not used is not saved up. Not thread-safe.
 */
final class ReplayPace {

  private static final int BATCHES_A_SECOND = 10;

  /** When the events so far are paid for, in the clock's nanoseconds. */
  private long paidAt;

  private boolean hasBegun;

  /**
   * How many events a batch has at the most, so that rests are short.
   *
   * @param perSecond the rate; 0 if there is no limit
   */
  static int atMost(int size, int perSecond) {
    return perSecond == 0 ? size : Math.min(size, Math.max(1, perSecond / BATCHES_A_SECOND));
  }

  /**
   * How long to rest now.
   *
   * @param events how many were replayed since the last time
   * @param perSecond the rate; 0 if there is no limit
   * @param began when these were begun
   * @param now both by one clock, in nanoseconds
   */
  Duration restAfter(int events, int perSecond, long began, long now) {
    if (perSecond == 0) {
      hasBegun = false;
      return Duration.ZERO;
    }
    long from = hasBegun && paidAt - began > 0 ? paidAt : began;
    hasBegun = true;
    paidAt = from + events * 1_000_000_000L / perSecond;
    return Duration.ofNanos(Math.max(0, paidAt - now));
  }
}
