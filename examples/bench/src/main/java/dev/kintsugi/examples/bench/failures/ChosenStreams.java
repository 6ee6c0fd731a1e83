package dev.kintsugi.examples.bench.failures;

/**
 * A share of all streams, the same ones each time: a hash of the persistence id and a seed decides.
 *
 * @param share from 0 to 1
 */
record ChosenStreams(double share, long seed) {

  private static final long GOLDEN = 0x9E3779B97F4A7C15L;
  private static final double UNIT = 0x1.0p-53;

  boolean includes(String persistenceId) {
    return (mixed(seed * GOLDEN + persistenceId.hashCode()) >>> 11) * UNIT < share;
  }

  /** SplitMix64's: similar numbers have nothing in common afterwards. */
  private static long mixed(long number) {
    long z = number + GOLDEN;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
