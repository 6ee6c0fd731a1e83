package dev.kintsugi.runtime.internal.rebuild;

import dev.kintsugi.runtime.internal.node.Counters;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.metrics.KintsugiMeter;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;

/** Counts and measures what a node's rebuilds of a projection do. */
final class RebuildMeters implements RebuildListener {

  private final String projection;
  private final Counters counters;
  private final Timer batches;
  private final Timer fences;

  RebuildMeters(KintsugiNode node, String projection) {
    this.projection = projection;
    this.counters = node.counters();
    this.batches = node.metrics().timer(KintsugiMeter.REBUILD_BATCH, projection);
    this.fences = node.metrics().timer(KintsugiMeter.REBUILD_FENCE_WAIT, projection);
  }

  @Override
  public void replayed(Replayed batch, Duration took) {
    counters.replayed(projection, batch.applied(), batch.failed(), batch.behind());
    batches.record(took);
  }

  @Override
  public void fencePassed(Duration waited) {
    fences.record(waited);
  }
}
