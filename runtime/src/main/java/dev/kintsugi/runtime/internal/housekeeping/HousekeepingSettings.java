package dev.kintsugi.runtime.internal.housekeeping;

import com.typesafe.config.Config;
import java.time.Duration;

/** Section {@code kintsugi.housekeeping}; the keys are explained in reference.conf. */
public record HousekeepingSettings(
    Duration interval,
    Duration afterDrain,
    Duration retry,
    Duration archiveAhead,
    Duration archiveRetention) {

  /** A night, and a day on which somebody reads the log of it. */
  private static final Duration SHORTEST_AHEAD = Duration.ofDays(2);

  private static final Duration SHORTEST_RETENTION = Duration.ofDays(1);

  public HousekeepingSettings {
    requireAtLeast(archiveAhead, "archive-ahead", SHORTEST_AHEAD);
    requireAtLeast(archiveRetention, "archive-retention", SHORTEST_RETENTION);
    requirePositive(interval, "interval");
    requirePositive(afterDrain, "after-drain");
    requirePositive(retry, "retry");
    if (retry.compareTo(interval) > 0) {
      throw new IllegalArgumentException(
          "kintsugi.housekeeping.retry (%s) is longer than kintsugi.housekeeping.interval (%s)"
              .formatted(retry, interval));
    }
    if (archiveAhead.compareTo(interval.plus(Duration.ofDays(1))) < 0) {
      throw new IllegalArgumentException(
          "kintsugi.housekeeping.archive-ahead (%s) is not a day longer than kintsugi.housekeeping.interval (%s): the archive would be without partitions before the next look"
              .formatted(archiveAhead, interval));
    }
  }

  private static void requireAtLeast(Duration value, String key, Duration shortest) {
    if (value.compareTo(shortest) < 0) {
      throw new IllegalArgumentException(
          "kintsugi.housekeeping.%s is %s; it has to be %d days or more"
              .formatted(key, value, shortest.toDays()));
    }
  }

  private static void requirePositive(Duration value, String key) {
    if (value.isZero() || value.isNegative()) {
      throw new IllegalArgumentException(
          "kintsugi.housekeeping.%s has to be more than nothing, is %s".formatted(key, value));
    }
  }

  public static HousekeepingSettings of(Config config) {
    return new HousekeepingSettings(
        config.getDuration("interval"),
        config.getDuration("after-drain"),
        config.getDuration("retry"),
        config.getDuration("archive-ahead"),
        config.getDuration("archive-retention"));
  }
}
