package dev.kintsugi.runtime;

import dev.kintsugi.runtime.metrics.KintsugiMeter;
import dev.kintsugi.runtime.node.Node;
import dev.kintsugi.runtime.skip.OpenSkips;
import java.time.Duration;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gauges of open skip records. Whoever reads them waits for no database: what was read last is
 * told, and read anew for the next time if it is older than some seconds, or than ten times as long
 * as reading it took. Where nobody reads them, nothing is read.
 */
final class OpenGauges {

  private static final Logger log = LoggerFactory.getLogger(OpenGauges.class);

  private static final Duration OLDEST = Duration.ofSeconds(5);
  private static final int REST = 10;

  private final Node node;
  private @Nullable Map<String, OpenSkips.Summary> last;
  private boolean isReading;
  private long nextAt = System.nanoTime();

  OpenGauges(Node node) {
    this.node = node;
  }

  /** Reports a projection's records. */
  void report(String projection) {
    gauge(KintsugiMeter.SKIPS_OPEN, projection, OpenSkips.Summary::open);
    gauge(KintsugiMeter.SKIPS_OPEN_PARKED, projection, OpenSkips.Summary::parked);
    gauge(
        KintsugiMeter.SKIPS_OLDEST,
        projection,
        summary -> summary.oldest().map(age -> age.toMillis() / 1000.0).orElse(0.0));
  }

  private void gauge(
      KintsugiMeter meter, String projection, ToDoubleFunction<OpenSkips.Summary> value) {
    node.metrics().gauge(meter, () -> value(projection, value), projection);
  }

  private synchronized double value(String projection, ToDoubleFunction<OpenSkips.Summary> value) {
    long now = System.nanoTime();
    if (!isReading && nextAt - now <= 0) {
      isReading = true;
      node.inTransaction(OpenSkips::summaries)
          .whenComplete((found, error) -> read(found, error, System.nanoTime() - now));
    }
    return last == null
        ? Double.NaN
        : value.applyAsDouble(last.getOrDefault(projection, OpenSkips.Summary.NONE));
  }

  private synchronized void read(
      @Nullable Map<String, OpenSkips.Summary> found, @Nullable Throwable error, long took) {
    isReading = false;
    nextAt = System.nanoTime() + Math.max(OLDEST.toNanos(), REST * took);
    last = found;
    if (error != null) {
      log.warn("The open skip records can't be counted for the gauges, which tell NaN", error);
    }
  }
}
