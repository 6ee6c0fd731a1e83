package dev.kintsugi.examples.bench.endurance;

import dev.kintsugi.examples.bench.load.Load;
import java.time.Duration;
import java.util.Optional;

/**
 * How long writers waited in a part of an interval. Not each of them: the latencies of an hour
 * would be what grows.
 *
 * @param p50 zero if nothing was stored, as the others
 */
record Waits(long events, Duration took, Duration p50, Duration p99, Duration longest) {

  /** Of those who waited; of nobody there is no such figure. */
  Optional<Double> p50Millis() {
    return millis(p50);
  }

  /** The same. */
  Optional<Double> p99Millis() {
    return millis(p99);
  }

  private Optional<Double> millis(Duration duration) {
    return events == 0 ? Optional.empty() : Optional.of(duration.toNanos() / 1e6);
  }

  static Waits of(Load.Done load) {
    return new Waits(
        load.events(),
        load.took(),
        load.latencies().percentile(0.5),
        load.latencies().percentile(0.99),
        load.latencies().max());
  }
}
