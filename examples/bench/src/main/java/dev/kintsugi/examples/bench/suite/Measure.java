package dev.kintsugi.examples.bench.suite;

/**
 * Something of ours, and what does the same work without a framework.
 *
 * @param before makes ready what both sides need, before each round
 */
record Measure(String name, Unit unit, Side ours, Side floor, Preparation before) {

  /** What is done before a round, and not measured. */
  @FunctionalInterface
  interface Preparation {
    void run() throws Exception;
  }

  /** One that needs nothing before. */
  static Measure of(String name, Unit unit, Side ours, Side floor) {
    return new Measure(name, unit, ours, floor, () -> {});
  }
}
