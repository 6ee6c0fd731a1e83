package dev.kintsugi.examples.bench.suite;

import java.time.Duration;

/**
 * How much of everything.
 *
 * @param run how long an append is measured
 * @param history how many events a rebuild replays
 * @param rate how many events a second are due while one is rebuilt under load
 * @param records how many skip records are drained
 * @param streams how many streams these are of
 * @param rebuilds how many rebuilds' fences make one figure
 * @param transaction how long a fence waits for a long transaction
 * @param warmUps how many rounds are not measured
 */
record Sizes(
    Duration run,
    int history,
    int rate,
    int records,
    int streams,
    int rebuilds,
    Duration transaction,
    int warmUps) {

  /** For figures that mean something. */
  static Sizes full() {
    return new Sizes(
        Duration.ofSeconds(1), 100_000, 500, 20_000, 2_000, 5, Duration.ofSeconds(1), 1);
  }

  /** To see that everything runs; the figures mean nothing. */
  static Sizes quick() {
    return new Sizes(Duration.ofMillis(20), 300, 100, 200, 20, 1, Duration.ofMillis(100), 0);
  }
}
