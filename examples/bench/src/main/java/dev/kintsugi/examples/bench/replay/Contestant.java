package dev.kintsugi.examples.bench.replay;

import java.time.Duration;

/**
 * Builds a table from all of the journal, again and again; each time the table is emptied first.
 */
public interface Contestant {

  /**
   * A build.
   *
   * @param events how many it took in
   * @param late how many more came while it was built, and were taken in, too
   * @param took from the first read to the last commit of those that were there before
   * @param whole what comes before and after it included
   */
  record Run(long events, long late, Duration took, Duration whole) {

    public double perSecond() {
      return events / (took.toNanos() / 1e9);
    }
  }

  /** Builds it, to the last commit. */
  Run run() throws Exception;

  /** What it builds. */
  String table();
}
