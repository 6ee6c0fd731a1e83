package dev.kintsugi.runtime.rebuild;

import com.typesafe.config.Config;
import java.time.Duration;

/** Section {@code kintsugi.rebuild}; the keys are explained in reference.conf. */
public record RebuildSettings(
    int batchSize, int activateBelow, Duration pollInterval, Duration truncateLockTimeout) {

  public RebuildSettings {
    if (batchSize < 1) {
      throw new IllegalArgumentException("kintsugi.rebuild.batch-size is below 1: " + batchSize);
    }
    if (activateBelow < 1) {
      throw new IllegalArgumentException(
          "kintsugi.rebuild.activate-below is below 1: " + activateBelow);
    }
  }

  public static RebuildSettings of(Config config) {
    return new RebuildSettings(
        config.getInt("batch-size"),
        config.getInt("activate-below"),
        config.getDuration("poll-interval"),
        config.getDuration("truncate-lock-timeout"));
  }
}
