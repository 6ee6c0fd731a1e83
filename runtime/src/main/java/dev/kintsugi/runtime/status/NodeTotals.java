package dev.kintsugi.runtime.status;

import dev.kintsugi.runtime.skip.SkipReason;
import java.util.EnumMap;
import java.util.Map;

/**
 * What a node did for all projections since its start. Each counter is read by itself while others
 * go on, so that they need not fit together to the last event.
 *
 * @param appended events, each once however many projections there are
 * @param applied events that appends applied, once for each projection
 * @param recorded as in {@link ProjectionCounts}; has each reason
 * @param replayed events that rebuilds applied
 */
public record NodeTotals(
    long appended, long applied, Map<SkipReason, Long> recorded, long recovered, long replayed) {

  /** The same of two nodes. */
  public NodeTotals plus(NodeTotals other) {
    Map<SkipReason, Long> sum = new EnumMap<>(SkipReason.class);
    sum.putAll(recorded);
    other.recorded.forEach((reason, count) -> sum.merge(reason, count, Long::sum));
    return new NodeTotals(
        appended + other.appended,
        applied + other.applied,
        sum,
        recovered + other.recovered,
        replayed + other.replayed);
  }
}
