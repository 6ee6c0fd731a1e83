package dev.kintsugi.examples.bench.cuts;

import com.typesafe.config.Config;
import dev.kintsugi.runtime.internal.jdbc.JdbcSettings;
import dev.kintsugi.runtime.internal.journal.JournalSettings;
import java.time.Duration;

/**
 * How long an actor waits for the answer to a persist at the most, whatever one cut does: its write
 * may have come just behind a group, which has to get a connection and an answer first, and then
 * has to do the same.
 *
 * @param connection how long a connection is waited for ({@code kintsugi.jdbc.connection-timeout})
 * @param answer how long the answer to a statement is ({@code kintsugi.journal.answer-timeout})
 */
record Bound(Duration connection, Duration answer) {

  private static final Duration LONGEST_SIGN_OF_LIFE = Duration.ofSeconds(5);

  static Bound of(Config kintsugi) {
    return new Bound(
        JdbcSettings.of(kintsugi.getConfig("jdbc")).connectionTimeout(),
        JournalSettings.of(kintsugi).answerTimeout());
  }

  Duration longest() {
    return connection.plus(signOfLife()).plus(answer).multipliedBy(2);
  }

  /** How long the pool waits for a sign of life of a connection that rested, besides. */
  private Duration signOfLife() {
    return connection.compareTo(LONGEST_SIGN_OF_LIFE) < 0 ? connection : LONGEST_SIGN_OF_LIFE;
  }

  @Override
  public String toString() {
    return "%.1f s: twice (for the group before it, and its own) connection-timeout %.1f s + the pool's look at a connection %.1f s + answer-timeout %.1f s"
        .formatted(seconds(longest()), seconds(connection), seconds(signOfLife()), seconds(answer));
  }

  private static double seconds(Duration time) {
    return time.toMillis() / 1e3;
  }
}
