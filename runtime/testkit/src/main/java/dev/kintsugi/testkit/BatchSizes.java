package dev.kintsugi.testkit;

/**
 * How many events a transaction takes at the most.
 *
 * @param replay in a rebuild
 * @param drain in a drain
 */
record BatchSizes(int replay, int drain) {

  /** As {@code reference.conf} has them. */
  static final BatchSizes LARGE = new BatchSizes(1000, 500);
}
