package dev.kintsugi.runtime.hosting;

import dev.kintsugi.runtime.node.Counters;
import java.util.HashMap;
import java.util.Map;

/**
 * What nodes did, each since its start.
 *
 * @param nodes how many
 * @param projections by name
 */
public record ClusterTotals(int nodes, Map<String, Counters.Counts> projections)
    implements HostActor.Message {

  static final ClusterTotals NONE = new ClusterTotals(0, Map.of());

  static ClusterTotals of(Counters counters) {
    return new ClusterTotals(1, counters.all());
  }

  ClusterTotals plus(ClusterTotals others) {
    Map<String, Counters.Counts> sum = new HashMap<>(projections);
    others.projections.forEach(
        (projection, counts) -> sum.merge(projection, counts, Counters.Counts::plus));
    return new ClusterTotals(nodes + others.nodes, sum);
  }
}
