package dev.kintsugi.projections;

import java.time.Duration;

/**
 * Pauses between the attempts at a skip record: they double with each failure, from the shortest to
 * the longest. Recovery varies each by up to a fifth, so that what failed together is not tried
 * together again.
 *
 * @param shortest the pause after the first failure
 */
public record Backoff(Duration shortest, Duration longest) {

  public Backoff {
    if (shortest.isNegative() || shortest.isZero()) {
      throw new IllegalArgumentException("the shortest pause must be positive, is " + shortest);
    }
    if (longest.compareTo(shortest) < 0) {
      throw new IllegalArgumentException(
          "the longest pause ("
              + longest
              + ") cannot be shorter than the shortest ("
              + shortest
              + ")");
    }
  }

  /** Pauses that double from the shortest to the longest. */
  public static Backoff between(Duration shortest, Duration longest) {
    return new Backoff(shortest, longest);
  }

  /** The same pause after each failure. */
  public static Backoff constant(Duration pause) {
    return new Backoff(pause, pause);
  }

  /** The pause after the given number of failed attempts (1 or more), without jitter. */
  public Duration after(int attempts) {
    int doublings = Math.min(Math.max(attempts, 1) - 1, 30);
    long factor = 1L << doublings;
    return shortest.compareTo(longest.dividedBy(factor)) > 0
        ? longest
        : shortest.multipliedBy(factor);
  }
}
