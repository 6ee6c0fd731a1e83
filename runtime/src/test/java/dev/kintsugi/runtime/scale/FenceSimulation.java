package dev.kintsugi.runtime.scale;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * How long a fence waits where long transactions come at random: for those that are open when it is
 * taken, to the last one's end. Those that begin later it does not wait for.
 */
final class FenceSimulation {

  private final RandomGenerator random;
  private final double meanSeconds;
  private final double perSecond;

  /**
   * Transactions that come independently of each other, with exponential durations.
   *
   * @param perSecond how many begin
   * @param meanSeconds how long one takes, in the mean
   */
  FenceSimulation(RandomGenerator random, double perSecond, double meanSeconds) {
    this.random = random;
    this.meanSeconds = meanSeconds;
    this.perSecond = perSecond;
  }

  /** The waits of fences that are taken at random, in seconds, the shortest first. */
  double[] waits(int fences) {
    double[] waits = new double[fences];
    double warmUp = meanSeconds * 30;
    for (int i = 0; i < fences; i++) {
      double wait = 0;
      for (double at = next(); at < warmUp; at += next()) {
        wait = Math.max(wait, at + random.nextExponential() * meanSeconds - warmUp);
      }
      waits[i] = wait;
    }
    Arrays.sort(waits);
    return waits;
  }

  private double next() {
    return random.nextExponential() / perSecond;
  }

  /**
   * What the page says: of transactions that come independently, those that last on for more than t
   * are as many as a Poisson variable's value whose mean is rate times the duration beyond t; a
   * fence waits no longer than t if there is none.
   *
   * @param share of the fences, as 0.99
   */
  static double wait(double perSecond, double meanSeconds, double share) {
    double open = perSecond * meanSeconds;
    return Math.max(0, meanSeconds * Math.log(open / -Math.log(share)));
  }
}
