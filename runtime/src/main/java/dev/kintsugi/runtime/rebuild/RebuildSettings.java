package dev.kintsugi.runtime.rebuild;

import com.typesafe.config.Config;
import java.time.Duration;

/** Section {@code kintsugi.rebuild}; the keys are explained in reference.conf. */
public record RebuildSettings(
    int batchSize,
    Duration batchTime,
    Duration pollInterval,
    Duration truncateLockTimeout,
    OnRaisedVersion onRaisedVersion) {

  public RebuildSettings {
    if (batchSize < 1) {
      throw new IllegalArgumentException("kintsugi.rebuild.batch-size is below 1: " + batchSize);
    }
  }

  public static RebuildSettings of(Config config) {
    return new RebuildSettings(
        config.getInt("batch-size"),
        config.getDuration("batch-time"),
        config.getDuration("poll-interval"),
        config.getDuration("truncate-lock-timeout"),
        OnRaisedVersion.of(config.getString("on-raised-version")));
  }
}
