package dev.kintsugi.runtime.hosting;

import dev.kintsugi.runtime.node.Counters;
import java.util.HashMap;
import java.util.Map;

/**
 * What nodes did, each since its start.
 *
 * @param nodes how many
 * @param totals of all projections
 * @param projections by name
 */
public record ClusterTotals(
    int nodes, Counters.Totals totals, Map<String, Counters.Counts> projections)
    implements HostActor.Message {

  static final ClusterTotals NONE =
      new ClusterTotals(0, new Counters.Totals(0, 0, Map.of(), 0, 0), Map.of());

  static ClusterTotals of(Counters counters) {
    return new ClusterTotals(1, counters.totals(), counters.all());
  }

  ClusterTotals plus(ClusterTotals others) {
    Map<String, Counters.Counts> sum = new HashMap<>(projections);
    others.projections.forEach(
        (projection, counts) -> sum.merge(projection, counts, Counters.Counts::plus));
    return new ClusterTotals(nodes + others.nodes, totals.plus(others.totals), sum);
  }
}
