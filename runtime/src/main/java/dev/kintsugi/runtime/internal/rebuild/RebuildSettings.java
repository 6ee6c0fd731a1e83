package dev.kintsugi.runtime.internal.rebuild;

import com.typesafe.config.Config;
import dev.kintsugi.runtime.status.Rebuild;
import java.time.Duration;

/**
 * Section {@code kintsugi.rebuild}; the keys are explained in reference.conf.
 *
 * @param memory in bytes
 * @param maxRate events a second of rebuilds whose rows name no rate; 0 for no limit
 * @param swapPatience how long a swap waits for transactions whose snapshots are older
 * @param keepsReplaced how long a generation is kept that another one has replaced
 */
public record RebuildSettings(
    int batchSize,
    Duration batchTime,
    Duration pollInterval,
    Duration truncateLockTimeout,
    long memory,
    Duration windowTime,
    int maxRate,
    OnRaisedVersion onRaisedVersion,
    Duration swapPatience,
    Duration keepsReplaced) {

  private static final int SHARE_OF_THE_HEAP = 8;

  public RebuildSettings {
    if (batchSize < 1) {
      throw new IllegalArgumentException("kintsugi.rebuild.batch-size is below 1: " + batchSize);
    }
    if (maxRate < 0) {
      throw new IllegalArgumentException("kintsugi.rebuild.max-rate is below 0: " + maxRate);
    }
    if (memory < 1) {
      throw new IllegalArgumentException("kintsugi.rebuild.memory is below 1 byte: " + memory);
    }
  }

  public static RebuildSettings of(Config config) {
    return new RebuildSettings(
        config.getInt("batch-size"),
        config.getDuration("batch-time"),
        config.getDuration("poll-interval"),
        config.getDuration("truncate-lock-timeout"),
        config.getString("memory").equals("auto")
            ? Runtime.getRuntime().maxMemory() / SHARE_OF_THE_HEAP
            : config.getBytes("memory"),
        config.getDuration("window-time"),
        config.getString("max-rate").equals("unlimited") ? 0 : config.getInt("max-rate"),
        OnRaisedVersion.of(config.getString("on-raised-version")),
        config.getDuration("swap-patience"),
        config.getDuration("keep-replaced"));
  }

  /** How many events a second a rebuild may replay; 0 if there is no limit. */
  int rateOf(Rebuild rebuild) {
    return rebuild.maxRate() == null ? maxRate : rebuild.maxRate();
  }
}
