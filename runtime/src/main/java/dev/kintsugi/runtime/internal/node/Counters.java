package dev.kintsugi.runtime.internal.node;

import dev.kintsugi.runtime.internal.metrics.Metrics;
import dev.kintsugi.runtime.internal.writer.WrittenAppend;
import dev.kintsugi.runtime.metrics.KintsugiMeter;
import dev.kintsugi.runtime.skip.SkipReason;
import dev.kintsugi.runtime.status.ClusterTotals;
import dev.kintsugi.runtime.status.NodeTotals;
import dev.kintsugi.runtime.status.ProjectionCounts;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts what this node's committed transactions did since it started. Any thread may use it. What
 * an application appends in a transaction of its own is left out: whether that commits, nobody here
 * learns.
 */
public final class Counters {

  private static final class OfProjection {
    private final LongAdder applied = new LongAdder();
    private final LongAdder appliedBeside = new LongAdder();
    private final Map<SkipReason, LongAdder> recorded = new EnumMap<>(SkipReason.class);
    private final LongAdder recovered = new LongAdder();
    private final LongAdder parked = new LongAdder();
    private final LongAdder discarded = new LongAdder();
    private final LongAdder deleted = new LongAdder();
    private final LongAdder replayed = new LongAdder();
    private final LongAdder followed = new LongAdder();
    private final RecentRate recovery = new RecentRate(System::nanoTime);

    OfProjection(Metrics metrics, String projection) {
      for (SkipReason reason : SkipReason.values()) {
        LongAdder count = new LongAdder();
        recorded.put(reason, count);
        metrics.counter(KintsugiMeter.SKIPS_RECORDED, count, projection, reason.name());
      }
      metrics.counter(KintsugiMeter.EVENTS_APPLIED, applied, projection);
      metrics.counter(KintsugiMeter.EVENTS_APPLIED_BESIDE, appliedBeside, projection);
      metrics.counter(KintsugiMeter.EVENTS_REPLAYED, replayed, projection);
      metrics.counter(KintsugiMeter.EVENTS_FOLLOWED, followed, projection);
      metrics.counter(KintsugiMeter.SKIPS_RECOVERED, recovered, projection);
      metrics.counter(KintsugiMeter.SKIPS_PARKED, parked, projection);
      metrics.counter(KintsugiMeter.SKIPS_DISCARDED, discarded, projection);
      metrics.counter(KintsugiMeter.SKIPS_DELETED, deleted, projection);
    }

    void recorded(SkipReason reason, int records) {
      of(reason).add(records);
    }

    long recorded(SkipReason reason) {
      return of(reason).sum();
    }

    long recorded() {
      return recorded.values().stream().mapToLong(LongAdder::sum).sum();
    }

    private LongAdder of(SkipReason reason) {
      return Objects.requireNonNull(recorded.get(reason));
    }

    void recovered(int records) {
      recovered.add(records);
      if (records > 0) {
        recovery.add(records);
      }
    }
  }

  private final Metrics metrics;
  private final LongAdder appended = new LongAdder();
  private final Map<String, OfProjection> projections = new ConcurrentHashMap<>();

  /** All zero, and reported by a node's meters. */
  public Counters(Metrics metrics) {
    this.metrics = metrics;
    metrics.counter(KintsugiMeter.EVENTS_APPENDED, appended);
  }

  private OfProjection of(String projection) {
    return projections.computeIfAbsent(projection, name -> new OfProjection(metrics, name));
  }

  /** Counts an append whose transaction has committed. */
  public void written(WrittenAppend written) {
    appended.add(written.orderings().length);
    written
        .projections()
        .forEach(
            (projection, counts) -> {
              OfProjection counters = of(projection);
              counters.applied.add(counts.appliedInline());
              counters.recovered(counts.helpedRecords());
              counts.recordedByReason().forEach(counters::recorded);
            });
    written
        .appliedBeside()
        .forEach((projection, applied) -> of(projection).appliedBeside.add(applied));
  }

  /**
   * Counts a batch of a drain whose transaction has committed.
   *
   * @param recovered how many records it closed as their events were applied, or as the projection
   *     does not subscribe to them
   * @param parked how many it parked
   * @param discarded how many it gave up for good
   * @param deleted how many it closed as somebody had deleted their events: these are lost
   */
  public void drained(String projection, int recovered, int parked, int discarded, int deleted) {
    OfProjection counters = of(projection);
    counters.recovered(recovered);
    counters.parked.add(parked);
    counters.discarded.add(discarded);
    counters.deleted.add(deleted);
  }

  /**
   * Counts a batch of a replay whose transaction has committed.
   *
   * @param events how many it applied
   * @param failed how many it recorded as failed
   * @param behind how many it recorded as behind these
   */
  public void replayed(String projection, int events, int failed, int behind) {
    OfProjection counters = of(projection);
    counters.replayed.add(events);
    counters.recorded(SkipReason.FAILED, failed);
    counters.recorded(SkipReason.BEHIND, behind);
  }

  /**
   * Counts a step of a follower whose transaction has committed.
   *
   * @param events how many it applied
   * @param failed how many it recorded as failed
   * @param behind how many it recorded as behind an open record
   */
  public void followed(String projection, int events, int failed, int behind) {
    OfProjection counters = of(projection);
    counters.followed.add(events);
    counters.recorded(SkipReason.FAILED, failed);
    counters.recorded(SkipReason.BEHIND, behind);
  }

  /** What was done about one projection. */
  public ProjectionCounts counts(String projection) {
    OfProjection counters = of(projection);
    return new ProjectionCounts(
        counters.applied.sum(),
        counters.recorded(),
        counters.recovered.sum(),
        counters.recovery.perSecond());
  }

  /** What was done about all projections. */
  public NodeTotals totals() {
    long applied = 0;
    long recovered = 0;
    long replayed = 0;
    Map<SkipReason, Long> recorded = new EnumMap<>(SkipReason.class);
    for (SkipReason reason : SkipReason.values()) {
      recorded.put(
          reason, projections.values().stream().mapToLong(of -> of.recorded(reason)).sum());
    }
    for (OfProjection counters : projections.values()) {
      applied += counters.applied.sum();
      recovered += counters.recovered.sum();
      replayed += counters.replayed.sum();
    }
    return new NodeTotals(
        appended.sum(), applied, Collections.unmodifiableMap(recorded), recovered, replayed);
  }

  /** What this node did, as one of a cluster's. */
  public ClusterTotals clusterTotals() {
    return new ClusterTotals(1, totals(), all());
  }

  /** Of each projection that there is something to say of, by name. */
  public Map<String, ProjectionCounts> all() {
    Map<String, ProjectionCounts> all = new HashMap<>();
    projections.keySet().forEach(projection -> all.put(projection, counts(projection)));
    return all;
  }
}
