package dev.kintsugi.examples.bench.cluster.bad;

import java.util.List;
import java.util.Random;

/** Random choices, the same for the same seed. Used by one thread. */
final class Pick {

  private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz";

  private final Random random;

  Pick(long seed) {
    this.random = new Random(seed);
  }

  @SafeVarargs
  final <T> T of(T... some) {
    return some[random.nextInt(some.length)];
  }

  <T> T of(List<T> some) {
    return some.get(random.nextInt(some.size()));
  }

  /** From the least to the most, both of which may come. */
  int between(int least, int most) {
    return least + random.nextInt(most - least + 1);
  }

  /** A lower-case word. */
  String word() {
    StringBuilder word = new StringBuilder();
    for (int length = between(3, 12); length > 0; length--) {
      word.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
    }
    return word.toString();
  }

  byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }
}
