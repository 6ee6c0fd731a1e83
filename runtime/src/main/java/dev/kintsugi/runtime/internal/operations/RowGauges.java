package dev.kintsugi.runtime.internal.operations;

import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.metrics.KintsugiMeter;
import dev.kintsugi.runtime.status.Following;
import dev.kintsugi.runtime.status.Overview;
import dev.kintsugi.runtime.status.Rebuild;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gauges of what projections' rows say: their open skip records, how far those that follow are
 * behind, whether their rebuilds are blocked, and what is kept of them. Whoever reads them waits
 * for no database: what was read last is told, and read anew for the next time if it is older than
 * some seconds, or than ten times as long as reading it took; all gauges at once. Where nobody
 * reads them, nothing is read.
 */
final class RowGauges {

  private static final Logger log = LoggerFactory.getLogger(RowGauges.class);

  private static final Duration OLDEST = Duration.ofSeconds(5);
  private static final int REST = 10;

  private final KintsugiNode node;
  private @Nullable Map<String, Seen> last;
  private boolean isReading;
  private long nextAt = System.nanoTime();

  /** What a projection's rows said; kept is how many generations are that serve no more. */
  private record Seen(Overview.Summary summary, long kept) {}

  RowGauges(KintsugiNode node) {
    this.node = node;
  }

  /** Reports a projection's rows; how far it is behind is 0 while it does not follow. */
  void report(String projection) {
    gauge(
        KintsugiMeter.FOLLOW_LAG,
        projection,
        summary -> summary.following().map(Following::lag).orElse(0L));
    gauge(
        KintsugiMeter.FOLLOW_BEHIND,
        projection,
        summary -> summary.following().map(one -> one.behind().toMillis() / 1000.0).orElse(0.0));
    gauge(KintsugiMeter.SKIPS_OPEN, projection, summary -> summary.skips().open());
    gauge(KintsugiMeter.SKIPS_OPEN_PARKED, projection, summary -> summary.skips().parked());
    gauge(
        KintsugiMeter.SKIPS_OLDEST,
        projection,
        summary -> summary.skips().oldest().map(age -> age.toMillis() / 1000.0).orElse(0.0));
    gauge(
        KintsugiMeter.REBUILD_BLOCKED,
        projection,
        summary -> summary.rebuild().flatMap(Rebuild::blockedBy).isPresent() ? 1 : 0);
    node.metrics()
        .gauge(KintsugiMeter.GENERATIONS_KEPT, () -> value(projection, Seen::kept), projection);
  }

  private void gauge(
      KintsugiMeter meter, String projection, ToDoubleFunction<Overview.Summary> value) {
    node.metrics()
        .gauge(
            meter,
            () -> value(projection, seen -> value.applyAsDouble(seen.summary())),
            projection);
  }

  private synchronized double value(String projection, ToDoubleFunction<Seen> value) {
    long now = System.nanoTime();
    if (!isReading && nextAt - now <= 0) {
      isReading = true;
      node.inTransaction(this::seen)
          .whenComplete((found, error) -> read(found, error, System.nanoTime() - now));
    }
    if (last == null) {
      return Double.NaN;
    }
    Seen seen = last.get(projection);
    return seen == null ? 0 : value.applyAsDouble(seen);
  }

  private Map<String, Seen> seen(Connection connection) throws SQLException {
    Map<String, Long> kept =
        Rebuilds.each(connection).stream()
            .filter(rebuild -> rebuild.isDone() && rebuild.keptUntil() != null)
            .collect(Collectors.groupingBy(Rebuild::projection, Collectors.counting()));
    return StatusRows.overview(connection, node).projections().stream()
        .collect(
            Collectors.toMap(
                summary -> summary.generation().projection(),
                summary ->
                    new Seen(summary, kept.getOrDefault(summary.generation().projection(), 0L))));
  }

  private synchronized void read(
      @Nullable Map<String, Seen> found, @Nullable Throwable error, long took) {
    isReading = false;
    nextAt = System.nanoTime() + Math.max(OLDEST.toNanos(), REST * took);
    last = found;
    if (error != null) {
      log.warn("The rows of projections can't be read for the gauges, which tell NaN", error);
    }
  }
}
