package dev.kintsugi.runtime.internal.journal;

import com.typesafe.config.Config;
import dev.kintsugi.runtime.internal.event.StorageLimits;
import java.time.Duration;

/** Section {@code kintsugi.journal}; the keys are explained in reference.conf. */
public record JournalSettings(
    int lanes, int queueSize, int groupSize, long groupBytes, Duration answerTimeout) {

  private static final int FEWEST_BY_ITSELF = 2;
  private static final int MOST_BY_ITSELF = 8;

  public JournalSettings {
    if (lanes < 1) {
      throw new IllegalArgumentException("kintsugi.journal.lanes is below 1: " + lanes);
    }
    if (groupSize < 1) {
      throw new IllegalArgumentException("kintsugi.journal.group-size is below 1: " + groupSize);
    }
    if (groupBytes < 1 || groupBytes > StorageLimits.LARGEST_WRITE) {
      throw new IllegalArgumentException(
          "kintsugi.journal.group-bytes is not between 1 and %d: %d"
              .formatted(StorageLimits.LARGEST_WRITE, groupBytes));
    }
    if (answerTimeout.toMillis() < 1) {
      throw new IllegalArgumentException(
          "kintsugi.journal.answer-timeout is below a millisecond: " + answerTimeout);
    }
    if (queueSize < 1) {
      throw new IllegalArgumentException("kintsugi.journal.queue-size is below 1: " + queueSize);
    }
  }

  /**
   * Reads the section.
   *
   * @param kintsugi the section {@code kintsugi}, as lanes of their own accord are fewer than
   *     connections
   */
  public static JournalSettings of(Config kintsugi) {
    Config config = kintsugi.getConfig("journal");
    return new JournalSettings(
        config.getString("lanes").equals("auto")
            ? lanes(kintsugi.getInt("jdbc.pool-size"), Runtime.getRuntime().availableProcessors())
            : config.getInt("lanes"),
        config.getInt("queue-size"),
        config.getInt("group-size"),
        config.getBytes("group-bytes"),
        config.getDuration("answer-timeout"));
  }

  static int lanes(int poolSize, int processors) {
    int asProcessors = Math.max(FEWEST_BY_ITSELF, Math.min(MOST_BY_ITSELF, processors));
    return Math.max(1, Math.min(asProcessors, poolSize - 1));
  }
}
