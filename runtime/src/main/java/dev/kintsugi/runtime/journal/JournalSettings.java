package dev.kintsugi.runtime.journal;

import com.typesafe.config.Config;
import dev.kintsugi.runtime.event.Limits;
import java.time.Duration;

/** Section {@code kintsugi.journal}; the keys are explained in reference.conf. */
public record JournalSettings(
    int lanes, int queueSize, int groupSize, long groupBytes, Duration answerTimeout) {

  public JournalSettings {
    if (lanes < 1) {
      throw new IllegalArgumentException("kintsugi.journal.lanes is below 1: " + lanes);
    }
    if (groupSize < 1) {
      throw new IllegalArgumentException("kintsugi.journal.group-size is below 1: " + groupSize);
    }
    if (groupBytes < 1 || groupBytes > Limits.LARGEST_WRITE) {
      throw new IllegalArgumentException(
          "kintsugi.journal.group-bytes is not between 1 and %d: %d"
              .formatted(Limits.LARGEST_WRITE, groupBytes));
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
        config.getInt("lanes"),
        config.getInt("queue-size"),
        config.getInt("group-size"),
        config.getBytes("group-bytes"),
        config.getDuration("answer-timeout"));
  }
}
