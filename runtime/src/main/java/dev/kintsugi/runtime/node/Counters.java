package dev.kintsugi.runtime.node;

import dev.kintsugi.runtime.writer.Written;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Counts what this node's committed transactions did since it started. Any thread may use it. */
public final class Counters {

  /**
   * Of one projection, on this node since its start.
   *
   * @param recoveredPerSecond in the last ten seconds
   */
  public record Counts(
      long appliedInline, long recorded, long recovered, double recoveredPerSecond) {

    /** The same of two nodes. */
    public Counts plus(Counts other) {
      return new Counts(
          appliedInline + other.appliedInline,
          recorded + other.recorded,
          recovered + other.recovered,
          recoveredPerSecond + other.recoveredPerSecond);
    }
  }

  private static final class Adders {
    private final LongAdder applied = new LongAdder();
    private final LongAdder recorded = new LongAdder();
    private final LongAdder recovered = new LongAdder();
    private final RecentRate recovery = new RecentRate(System::nanoTime);

    void recovered(int records) {
      recovered.add(records);
      if (records > 0) {
        recovery.add(records);
      }
    }
  }

  private final Map<String, Adders> projections = new ConcurrentHashMap<>();

  private Adders of(String projection) {
    return projections.computeIfAbsent(projection, name -> new Adders());
  }

  /** Counts an append whose transaction has committed. */
  public void written(Written written) {
    written
        .projections()
        .forEach(
            (projection, counts) -> {
              Adders adders = of(projection);
              adders.applied.add(counts.appliedInline());
              adders.recovered(counts.helpedRecords());
              counts.recordedByReason().values().forEach(adders.recorded::add);
            });
  }

  /** Counts skip records that were drained, whose transaction has committed. */
  public void recovered(String projection, int records) {
    of(projection).recovered(records);
  }

  public Counts counts(String projection) {
    Adders adders = of(projection);
    return new Counts(
        adders.applied.sum(),
        adders.recorded.sum(),
        adders.recovered.sum(),
        adders.recovery.perSecond());
  }

  /** Of each projection that there is something to say of, by name. */
  public Map<String, Counts> all() {
    Map<String, Counts> all = new HashMap<>();
    projections.keySet().forEach(projection -> all.put(projection, counts(projection)));
    return all;
  }
}
