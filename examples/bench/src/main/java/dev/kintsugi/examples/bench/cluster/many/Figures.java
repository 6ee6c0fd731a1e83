package dev.kintsugi.examples.bench.cluster.many;

import dev.kintsugi.examples.bench.stats.Latencies;
import java.util.List;

/**
 * What was measured with a number of projections.
 *
 * @param first start on an empty journal, with each projection's first build
 * @param second start on the same database
 * @param memory of each node, after the idle time
 * @param passed appends of an event that no projection subscribes to
 * @param counted appends of an event that all subscribe to
 */
record Figures(
    int projections,
    ManyCluster.Started first,
    ManyCluster.Started second,
    Idle idle,
    List<Memory> memory,
    Latencies passed,
    Latencies counted,
    ManyCluster.FailedOver failedOver) {}
