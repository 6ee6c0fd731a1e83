package dev.kintsugi.runtime.interleaving;

import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The crash of a node, which takes the session's connection and memory with it. Between two commits
 * it makes no difference where it is: what was done since the last one is rolled back.
 */
final class Crash {

  enum When {
    BEFORE,
    AFTER
  }

  /**
   * Where it crashes: before the n-th commit of a transaction that had an id, or after it.
   *
   * @param happened counts how often it came to it
   */
  record At(When when, int commit, AtomicInteger happened) {
    static At at(When when, int commit) {
      return new At(when, commit, new AtomicInteger());
    }

    @Override
    public String toString() {
      return when.name().toLowerCase(Locale.ROOT) + " its commit " + commit;
    }
  }

  private final At at;
  private int commits;

  Crash(At at) {
    this.at = at;
  }

  /** Whether it happens before a step. */
  boolean comesBefore(String step) {
    boolean due = at.when() == When.AFTER && commits == at.commit();
    if (step.equals("COMMIT")) {
      commits++;
      due |= at.when() == When.BEFORE && commits == at.commit();
    }
    if (due) {
      at.happened().incrementAndGet();
    }
    return due;
  }
}
