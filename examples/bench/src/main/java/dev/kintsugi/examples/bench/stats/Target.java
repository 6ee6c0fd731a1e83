package dev.kintsugi.examples.bench.stats;

import java.util.Locale;

/** What a ratio is to be, and whether it is. */
public sealed interface Target {

  /** A ratio that is to be so high, or higher. */
  record AtLeast(double bound) implements Target {
    @Override
    public boolean isMetBy(double ratio) {
      return ratio >= bound;
    }

    @Override
    public String toString() {
      return text(">=", bound);
    }
  }

  /** A ratio that is to be so low, or lower. */
  record AtMost(double bound) implements Target {
    @Override
    public boolean isMetBy(double ratio) {
      return ratio <= bound;
    }

    @Override
    public String toString() {
      return text("<=", bound);
    }
  }

  boolean isMetBy(double ratio);

  /** For people; a target that is not met is to be seen. */
  default String verdict(double ratio) {
    return isMetBy(ratio) ? "met" : "MISSED";
  }

  private static String text(String relation, double bound) {
    return String.format(Locale.ROOT, "%s %.2f", relation, bound);
  }
}
