package dev.kintsugi.examples.bench.endurance;

import dev.kintsugi.examples.bench.load.Load;
import java.time.Duration;

/**
 * How long writers waited in a part of an interval. Not each of them: the latencies of an hour
 * would be what grows.
 *
 * @param p50 zero if nothing was stored, as the others
 */
record Waits(long events, Duration took, Duration p50, Duration p99, Duration longest) {

  static Waits of(Load.Done load) {
    return new Waits(
        load.events(),
        load.took(),
        load.latencies().percentile(0.5),
        load.latencies().percentile(0.99),
        load.latencies().max());
  }
}
