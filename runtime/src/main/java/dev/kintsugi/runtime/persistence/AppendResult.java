package dev.kintsugi.runtime.persistence;

import dev.kintsugi.runtime.skip.SkipReason;
import java.util.Map;

/** What became of an append by {@link EventWriter}. */
public sealed interface AppendResult {

  /**
   * The events are in the caller's transaction: stored if it commits.
   *
   * @param sequenceNumbers of each stream its highest sequence number now, which the next append to
   *     it expects
   * @param projections what became of the events, by projection
   */
  record Appended(Map<String, Long> sequenceNumbers, Map<String, Projected> projections)
      implements AppendResult {
    public Appended {
      sequenceNumbers = Map.copyOf(sequenceNumbers);
      projections = Map.copyOf(projections);
    }
  }

  /**
   * What became of an append's events in one projection; those that it does not subscribe to are in
   * no count.
   *
   * @param applied how many are in the read model
   * @param recorded how many are not yet, by reason; recovery or a rebuild under way will see to
   *     them
   */
  record Projected(int applied, Map<SkipReason, Integer> recorded) {
    public Projected {
      recorded = Map.copyOf(recorded);
    }
  }

  /**
   * A stream is not where the caller thought it to be. Nothing of the append is in the transaction,
   * of no stream of it, and the transaction can be used as before.
   *
   * @param persistenceId the first stream for which it is so, in the order in which they were given
   * @param expected the sequence number that the caller expected
   * @param actual the stream's highest sequence number as the database has it
   */
  record Conflict(String persistenceId, long expected, long actual) implements AppendResult {}
}
