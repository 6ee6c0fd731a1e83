package dev.kintsugi.examples.bench.suite;

/** One side of a measure: ours, or the floor. */
@FunctionalInterface
interface Side {

  /**
   * Does the work, and counts in the database what came of it.
   *
   * @return the figure, in the measure's unit
   * @throws dev.kintsugi.examples.bench.load.LoadFailedException if something is missing there, or
   *     is there too often: the figure would mean nothing
   * @throws InterruptedException on Ctrl-C
   */
  double run() throws Exception;
}
