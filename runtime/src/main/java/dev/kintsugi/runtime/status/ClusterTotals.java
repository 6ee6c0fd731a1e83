package dev.kintsugi.runtime.status;

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
    int nodes, NodeTotals totals, Map<String, ProjectionCounts> projections) {

  /** Of no nodes. */
  public static final ClusterTotals NONE =
      new ClusterTotals(0, new NodeTotals(0, 0, Map.of(), 0, 0), Map.of());

  /** The same of these nodes and others. */
  public ClusterTotals plus(ClusterTotals others) {
    Map<String, ProjectionCounts> sum = new HashMap<>(projections);
    others.projections.forEach(
        (projection, counts) -> sum.merge(projection, counts, ProjectionCounts::plus));
    return new ClusterTotals(nodes + others.nodes, totals.plus(others.totals), sum);
  }
}
