package dev.kintsugi.runtime.internal.retirement;

import dev.kintsugi.runtime.internal.metrics.Metrics;
import dev.kintsugi.runtime.metrics.KintsugiMeter;
import dev.kintsugi.runtime.status.Unhandled;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;

/**
 * Gauges of records that pile up as no node has their projection. A projection that this node has
 * is always told, with 0; another one as long as it has such records. Any thread may call.
 */
public final class UnhandledGauges {

  private final Metrics metrics;
  private final Map<String, Shown> shown = new HashMap<>();

  private record Shown(AtomicLong records, Runnable end) {}

  public UnhandledGauges(Metrics metrics) {
    this.metrics = metrics;
  }

  /** Reports a projection that this node has. */
  public synchronized void report(String projection) {
    shown(projection).records().set(0);
  }

  /**
   * Reports what was found last.
   *
   * @param isRegistered whether this node has a projection
   */
  synchronized void show(List<Unhandled> found, Predicate<String> isRegistered) {
    Map<String, Shown> gone = new HashMap<>(shown);
    for (Unhandled unhandled : found) {
      shown(unhandled.projection()).records().set(unhandled.records());
      gone.remove(unhandled.projection());
    }
    gone.forEach(
        (projection, last) -> {
          if (isRegistered.test(projection)) {
            last.records().set(0);
          } else {
            last.end().run();
            shown.remove(projection);
          }
        });
  }

  private Shown shown(String projection) {
    return shown.computeIfAbsent(
        projection,
        name -> {
          AtomicLong records = new AtomicLong();
          return new Shown(
              records, metrics.gauge(KintsugiMeter.PROJECTIONS_UNHANDLED, records::get, name));
        });
  }
}
