package dev.kintsugi.examples.bench.cluster.many;

import dev.kintsugi.examples.bench.stats.Latencies;
import java.util.List;
import java.util.Optional;

/**
 * What was measured with a number of projections.
 *
 * @param first start on an empty journal, with each projection's first build
 * @param trickle idle beside appends that a few projections subscribe to
 * @param memory of each node, after the idle time
 * @param again on the same database; empty if only the first start was asked for
 */
record Figures(
    int projections,
    ManyCluster.Started first,
    Idle idle,
    Optional<Trickled> trickle,
    List<Memory> memory,
    Optional<Again> again) {

  /**
   * Idle, but for a trickle.
   *
   * @param appends a second
   */
  record Trickled(double appends, Idle idle) {}

  /**
   * What a second cluster on the same database showed.
   *
   * @param passed appends of an event that no projection subscribes to
   * @param counted appends of an event that all subscribe to
   */
  record Again(
      ManyCluster.Started started,
      Latencies passed,
      Latencies counted,
      ManyCluster.FailedOver failedOver) {}

  Figures and(Again more) {
    return new Figures(projections, first, idle, trickle, memory, Optional.of(more));
  }
}
