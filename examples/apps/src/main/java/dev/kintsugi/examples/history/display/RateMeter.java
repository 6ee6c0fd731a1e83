package dev.kintsugi.examples.history.display;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Turns a count that is looked at now and then into a rate over the last moments. Single-threaded.
 */
final class RateMeter {

  private static final Duration WINDOW = Duration.ofMillis(1500);

  private record Sample(Duration at, long count) {}

  private final Deque<Sample> samples = new ArrayDeque<>();

  /**
   * The rate a second, after one more look.
   *
   * @param at when, never before the last look
   * @param count if it is below the last, it began anew, and so does the measurement
   */
  double rate(Duration at, long count) {
    if (!samples.isEmpty() && count < samples.getLast().count()) {
      samples.clear();
    }
    samples.addLast(new Sample(at, count));
    while (samples.size() > 2 && at.minus(WINDOW).compareTo(samples.getFirst().at()) > 0) {
      samples.removeFirst();
    }
    Sample first = samples.getFirst();
    long millis = at.minus(first.at()).toMillis();
    return millis == 0 ? 0 : (count - first.count()) * 1000.0 / millis;
  }
}
