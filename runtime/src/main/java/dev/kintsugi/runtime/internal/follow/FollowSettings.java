package dev.kintsugi.runtime.internal.follow;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * How projections follow: section {@code kintsugi.follow}.
 *
 * @param batchSize how many events a transaction has at most, and a page that all share
 * @param batchTime how long a transaction is to take about; where handlers are slow it has fewer
 * @param memory about how many bytes of the journal's end a node keeps for its followers
 * @param synchronousCommit whether a commit waits for the server's disk, if the session is set to
 */
public record FollowSettings(
    int batchSize, Duration batchTime, long memory, boolean synchronousCommit) {

  /** Refuses what can't be used. */
  public FollowSettings {
    if (batchSize < 1) {
      throw new IllegalArgumentException(
          "kintsugi.follow.batch-size must be above 0: " + batchSize);
    }
    if (batchTime.isZero() || batchTime.isNegative()) {
      throw new IllegalArgumentException(
          "kintsugi.follow.batch-time must be above 0: " + batchTime);
    }
    if (memory < 1) {
      throw new IllegalArgumentException("kintsugi.follow.memory must be above 0: " + memory);
    }
  }

  /**
   * Reads the section.
   *
   * @throws IllegalArgumentException if a value can't be used
   */
  public static FollowSettings of(Config config) {
    return new FollowSettings(
        config.getInt("batch-size"),
        config.getDuration("batch-time"),
        config.getBytes("memory"),
        config.getBoolean("synchronous-commit"));
  }
}
