package dev.kintsugi.projections;

import java.time.Duration;

/**
 * What happens when a projection's handler throws.
 *
 * <table>
 * <caption>The two policies</caption>
 * <tr><th></th><th>{@link #reject()}</th><th>{@link #skip()}</th></tr>
 * <tr><td>in an append</td><td>nothing is stored, the caller sees the error</td>
 *   <td>the event is stored and recorded as FAILED</td></tr>
 * <tr><td>in the replay of a rebuild</td><td>the rebuild stops at the event</td>
 *   <td>the event is recorded as FAILED, the replay goes on</td></tr>
 * <tr><td>in recovery</td><td colspan="2">the record is retried with backoff, then parked: the event is
 *   stored already</td></tr>
 * </table>
 *
 * <p>A failed event blocks only the later events of its own stream, only in its own projection.
 *
 * @param onAppend what an append does
 * @param maxElapsed how long recovery retries a record, counted from its first failure, before it
 *     parks it
 * @param minBackoff the pause after the first failure; it doubles with each further one
 * @param maxBackoff the longest pause
 */
public record FailurePolicy(
    OnAppend onAppend, Duration maxElapsed, Duration minBackoff, Duration maxBackoff) {

  /** What an append, and the replay of a rebuild, do about an event that can't be applied. */
  public enum OnAppend {
    REJECT,
    SKIP
  }

  public FailurePolicy {
    if (maxElapsed.isNegative()) {
      throw new IllegalArgumentException("maxElapsed is negative: " + maxElapsed);
    }
    if (minBackoff.isNegative() || minBackoff.isZero()) {
      throw new IllegalArgumentException("minBackoff must be positive, is " + minBackoff);
    }
    if (maxBackoff.compareTo(minBackoff) < 0) {
      throw new IllegalArgumentException(
          "maxBackoff (" + maxBackoff + ") cannot be shorter than minBackoff (" + minBackoff + ")");
    }
  }

  /** The event is not stored: a read model that can't follow stops the business. The default. */
  public static FailurePolicy reject() {
    return of(OnAppend.REJECT);
  }

  /** The event is stored and recorded: the business goes on, the read model is mended later. */
  public static FailurePolicy skip() {
    return of(OnAppend.SKIP);
  }

  private static FailurePolicy of(OnAppend onAppend) {
    return new FailurePolicy(
        onAppend, Duration.ofMinutes(10), Duration.ofSeconds(1), Duration.ofMinutes(1));
  }

  /** Retries for as long as {@code maxElapsed}, with pauses that double from min to max. */
  public FailurePolicy retry(Duration maxElapsed, Duration minBackoff, Duration maxBackoff) {
    return new FailurePolicy(onAppend, maxElapsed, minBackoff, maxBackoff);
  }

  /** The pause after the given number of failed attempts (1 or more), without jitter. */
  public Duration backoffAfter(int attempts) {
    int doublings = Math.min(Math.max(attempts, 1) - 1, 30);
    long factor = 1L << doublings;
    return minBackoff.compareTo(maxBackoff.dividedBy(factor)) > 0
        ? maxBackoff
        : minBackoff.multipliedBy(factor);
  }
}
