package dev.kintsugi.examples.bench.cluster.chaos;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** Has a share of the calls of a node's handlers fail, as its launcher says; none at first. */
final class Mishaps {

  private static final int SLOW_ONE_IN = 10;
  private static final int LONGEST_MILLIS = 500;

  private volatile double share;

  /** What a launcher says to have this share fail. */
  static String line(double share) {
    return String.valueOf(share);
  }

  /** Takes a {@link #line}. */
  void tell(String line) {
    share = Double.parseDouble(line);
  }

  /** To be called by a handler: it fails by this, takes its time, or goes on. */
  void strike() {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    if (random.nextDouble() >= share) {
      return;
    }
    if (random.nextInt(SLOW_ONE_IN) > 0) {
      throw new IllegalStateException("a handler that was told to fail");
    }
    try {
      TimeUnit.MILLISECONDS.sleep(random.nextInt(LONGEST_MILLIS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
