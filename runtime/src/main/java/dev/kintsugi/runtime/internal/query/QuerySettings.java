package dev.kintsugi.runtime.internal.query;

import com.typesafe.config.Config;
import java.time.Duration;

/** Section {@code kintsugi.query}; the keys are explained in reference.conf. */
public record QuerySettings(int batchSize, Duration pollMin, Duration pollMax, Duration warnAfter) {

  public QuerySettings {
    if (batchSize < 1) {
      throw new IllegalArgumentException("kintsugi.query.batch-size is below 1: " + batchSize);
    }
    if (pollMin.isZero() || pollMin.isNegative()) {
      throw new IllegalArgumentException("kintsugi.query.poll-min must be above 0: " + pollMin);
    }
    if (pollMax.compareTo(pollMin) < 0) {
      throw new IllegalArgumentException(
          "kintsugi.query.poll-max (%s) cannot be shorter than kintsugi.query.poll-min (%s)"
              .formatted(pollMax, pollMin));
    }
  }

  /**
   * Reads the section.
   *
   * @throws IllegalArgumentException if a value can't be used
   */
  public static QuerySettings of(Config config) {
    return new QuerySettings(
        config.getInt("batch-size"),
        config.getDuration("poll-min"),
        config.getDuration("poll-max"),
        config.getDuration("warn-after"));
  }

  /** The pause after this one, if there was nothing new again. */
  Duration longer(Duration pause) {
    Duration doubled = pause.multipliedBy(2);
    return doubled.compareTo(pollMax) < 0 ? doubled : pollMax;
  }
}
