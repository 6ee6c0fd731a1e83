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

  public static JournalSettings of(Config config) {
    return new JournalSettings(
        lanes(config),
        config.getInt("queue-size"),
        config.getInt("group-size"),
        config.getBytes("group-bytes"),
        config.getDuration("answer-timeout"));
  }

  private static int lanes(Config config) {
    if (!config.getString("lanes").equals("auto")) {
      return config.getInt("lanes");
    }
    return Math.max(
        FEWEST_BY_ITSELF, Math.min(MOST_BY_ITSELF, Runtime.getRuntime().availableProcessors()));
  }
}
