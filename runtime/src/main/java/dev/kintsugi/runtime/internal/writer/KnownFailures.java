package dev.kintsugi.runtime.internal.writer;

import dev.kintsugi.projections.internal.access.SharedSecrets;
import dev.kintsugi.runtime.internal.event.JournalEvent;
import dev.kintsugi.runtime.internal.handler.Applier.OnThrow;
import dev.kintsugi.runtime.internal.handler.GenerationKey;
import dev.kintsugi.runtime.internal.handler.HandlerException;
import dev.kintsugi.runtime.internal.handler.HandlerTarget;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the runs of one append that were rolled back have shown: which events can't be applied to
 * which generations. The next run does not try these again, and so needs no savepoint to survive
 * them. Only where it is not known which event of a group was at fault, or there are many, that
 * projection's events are applied with a savepoint before each; the others' never are: they lock
 * shared rows in the order of their keys, and a savepoint for each event would break that order.
 *
 * <p>For one append at a time, on one thread.
 */
public final class KnownFailures {

  /** With how many failing events of a projection the append is run again for each of them. */
  private static final int RUNS_FOR_EACH = 3;

  private record Event(GenerationKey target, String persistenceId, long sequenceNumber) {}

  private final Map<Event, HandlerException> events = new HashMap<>();
  private final Map<GenerationKey, Integer> runs = new HashMap<>();

  /** Projections whose events are applied with a savepoint before each. */
  private final Set<GenerationKey> suspects;

  /** Projections whose events are applied with a savepoint now and then. */
  private final Set<GenerationKey> failedOfLate;

  public KnownFailures() {
    this(Set.of(), Set.of());
  }

  /**
   * Begins with what earlier appends have shown.
   *
   * @param suspects generations that failed on most events of the last one
   * @param failedOfLate generations that failed on any event of the last ones
   */
  KnownFailures(Set<GenerationKey> suspects, Set<GenerationKey> failedOfLate) {
    this.suspects = new HashSet<>(suspects);
    this.failedOfLate = failedOfLate;
  }

  /**
   * Learns why a run was rolled back.
   *
   * @throws HandlerException if that was known, and yet not avoided
   */
  public void add(HandlerException error) throws HandlerException {
    GenerationKey target = error.target();
    if (suspects.contains(target)) {
      throw error;
    }
    if (!error.isOfOneEvent() || runs.merge(target, 1, Integer::sum) > RUNS_FOR_EACH) {
      suspects.add(target);
      return;
    }
    Event event = new Event(target, error.persistenceId(), error.sequenceNumber());
    if (events.put(event, error) != null) {
      throw error;
    }
  }

  /** Why an event can't be applied, if that is known. */
  Optional<HandlerException> of(HandlerTarget target, JournalEvent event) {
    return events.isEmpty()
        ? Optional.empty()
        : Optional.ofNullable(
            events.get(new Event(target.key(), event.persistenceId(), event.sequenceNumber())));
  }

  /** How to apply a generation's events. */
  OnThrow onThrow(HandlerTarget target) {
    return suspects.contains(target.key()) ? OnThrow.SAVEPOINT : OnThrow.ROLL_BACK;
  }

  /**
   * Whether to expect one more failure of a projection, among many events that it can apply: then a
   * savepoint now and then costs less than to run all of them again.
   */
  boolean isExpected(HandlerTarget target) {
    return failedOfLate.contains(target.key())
        && !SharedSecrets.definitionOf(target.projection()).handlesGroups();
  }

  /** The generations of which any event failed. */
  Set<GenerationKey> targets() {
    Set<GenerationKey> failed = new HashSet<>(suspects);
    failed.addAll(runs.keySet());
    return failed;
  }
}
