package dev.kintsugi.runtime.internal.journal;

import dev.kintsugi.runtime.internal.metrics.Metrics;
import dev.kintsugi.runtime.internal.writer.WrittenAppend;
import dev.kintsugi.runtime.metrics.KintsugiMeter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is measured of a lane's transaction, once it has committed. All lanes share it. */
final class LaneMeters {

  private static final Logger log = LoggerFactory.getLogger(LaneMeters.class);

  private final Timer append;
  private final Timer consult;
  private final DistributionSummary group;

  LaneMeters(Metrics metrics) {
    this.append = metrics.timer(KintsugiMeter.APPEND);
    this.consult = metrics.timer(KintsugiMeter.APPEND_CONSULT);
    this.group = metrics.summary(KintsugiMeter.JOURNAL_GROUP);
  }

  /**
   * Records a transaction.
   *
   * @param nanos how long it took
   * @param writes how many writes it stored
   */
  void committed(WrittenAppend written, long nanos, int writes) {
    try {
      append.record(nanos, TimeUnit.NANOSECONDS);
      consult.record(written.consultNanos(), TimeUnit.NANOSECONDS);
      group.record(writes);
    } catch (RuntimeException e) {
      // The events are stored, whatever the application's registry has against it.
      log.warn("A registry refuses what was measured of an append", e);
    }
  }
}
