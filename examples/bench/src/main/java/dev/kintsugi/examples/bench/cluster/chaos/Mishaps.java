package dev.kintsugi.examples.bench.cluster.chaos;

import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.projection.eventsourced.EventEnvelope;

/** Has a share of the calls of a node's handlers fail, as its launcher says; none at first. */
final class Mishaps {

  /** Few: it holds its locks meanwhile, and every event waits for that of the root directory. */
  private static final int SLOW_ONE_IN = 100;

  private static final int LONGEST_MILLIS = 500;

  /** The golden ratio's, as Knuth has it (The Art of Computer Programming 3, 6.4). */
  private static final int MIXING = 0x9E3779B1;

  private volatile double share;

  /** What a launcher says to have this share fail. */
  static String line(double share) {
    return String.valueOf(share);
  }

  /** Takes a {@link #line}. */
  void tell(String line) {
    share = Double.parseDouble(line);
  }

  /**
   * To be called by a handler: like {@link #strike()}, and a share of the events fails as often as
   * they are tried, until it is over, so that retrying them is of no use.
   */
  void strike(EventEnvelope<?> envelope) {
    double now = share;
    if (fraction(Objects.hash(envelope.persistenceId(), envelope.sequenceNr(), now)) < now) {
      throw new IllegalStateException("an event that was told to fail");
    }
    strike();
  }

  /** What a hash comes to between 0 and 1, each as likely. */
  private static double fraction(int hash) {
    return Integer.toUnsignedLong(hash * MIXING) / (double) (1L << Integer.SIZE);
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
