package dev.kintsugi.runtime.internal.writer;

import dev.kintsugi.runtime.internal.handler.GenerationKey;
import dev.kintsugi.runtime.skip.SkipReason;
import dev.kintsugi.runtime.status.Generation;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * What an append did, by generation. It counts only once its transaction has committed.
 *
 * @param projections what it did in the generation of each that serves, by name
 * @param orderings the events' orderings, in the order in which they were given
 * @param consultNanos how long the round trip took that appended and consulted
 */
@SuppressWarnings("ArrayRecordComponent")
public record WrittenAppend(
    long[] orderings,
    Map<String, WrittenAppend.Counts> projections,
    Map<GenerationKey, WrittenAppend.Counts> generations,
    long consultNanos) {

  static WrittenAppend at(long[] orderings, long consultNanos) {
    return new WrittenAppend(orderings, new TreeMap<>(), new HashMap<>(), consultNanos);
  }

  /** What it did in a projection; all zero if it did nothing there. */
  public Counts of(String projection) {
    return projections.computeIfAbsent(projection, name -> new Counts());
  }

  /** What it did in a generation, serving or not; all zero if it did nothing there. */
  Counts of(GenerationKey generation) {
    return generations.computeIfAbsent(generation, key -> new Counts());
  }

  /** The same, and counts as the projection's if it serves. */
  Counts of(Generation generation) {
    GenerationKey key = new GenerationKey(generation.projection(), generation.generation());
    return generations.computeIfAbsent(
        key, of -> generation.serving() ? of(generation.projection()) : new Counts());
  }

  /** How many events were applied to generations that don't serve, by the projections' names. */
  public Map<String, Integer> appliedBeside() {
    Map<String, Integer> beside = new HashMap<>();
    generations.forEach(
        (key, counts) -> {
          boolean isServing = projections.get(key.projection()) == counts;
          if (!isServing && counts.applied > 0) {
            beside.merge(key.projection(), counts.applied, Integer::sum);
          }
        });
    return beside;
  }

  /** What became of the append's events in one projection. */
  public static final class Counts {
    private int applied;
    private int helped;
    private final Map<SkipReason, Integer> recorded = new EnumMap<>(SkipReason.class);

    void applied() {
      applied++;
    }

    void helped(int records) {
      helped += records;
    }

    void recorded(SkipReason reason) {
      recorded.merge(reason, 1, Integer::sum);
    }

    /** How many of the append's events were applied to the read model. */
    public int appliedInline() {
      return applied;
    }

    /** Whether more of the events failed than could be applied. */
    boolean isFailedMostly() {
      return failed() > applied;
    }

    /** How many of the events could not be applied. */
    int failed() {
      return recorded.getOrDefault(SkipReason.FAILED, 0);
    }

    /** How many older events, of open records, were applied before them. */
    public int helpedRecords() {
      return helped;
    }

    /** How many of the append's events were recorded, by reason. */
    public Map<SkipReason, Integer> recordedByReason() {
      return recorded;
    }
  }
}
