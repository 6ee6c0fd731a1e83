package dev.kintsugi.runtime.internal.recovery;

import com.typesafe.config.Config;
import java.time.Duration;

/** Section {@code kintsugi.recovery}; the keys are explained in reference.conf. */
public record DrainSettings(int batchSize, Duration batchTime) {

  public DrainSettings {
    if (batchSize < 1) {
      throw new IllegalArgumentException("kintsugi.recovery.batch-size is below 1: " + batchSize);
    }
  }

  public static DrainSettings of(Config config) {
    return new DrainSettings(config.getInt("batch-size"), config.getDuration("batch-time"));
  }
}
