package dev.kintsugi.runtime.internal.skip;

import dev.kintsugi.runtime.skip.SkipReason;

/**
 * An open skip record as it stood when its row was locked.
 *
 * @param attempts how often it was tried and failed
 * @param parked whether it failed for good and waits for an operator
 * @param due whether it may be tried now, by the database's clock
 * @param row where it is stored (its ctid), for as long as it is locked and was not changed
 */
public record SkipRecord(
    String projection,
    int generation,
    String persistenceId,
    long sequenceNumber,
    long ordering,
    SkipReason reason,
    int attempts,
    boolean parked,
    boolean due,
    String row) {

  /** Whether it can be applied now, as far as its own row says. */
  public boolean isOpenForAttempt() {
    return !parked && due;
  }

  /** The same after a change, which stored it elsewhere. */
  SkipRecord storedAt(String newRow) {
    return new SkipRecord(
        projection,
        generation,
        persistenceId,
        sequenceNumber,
        ordering,
        reason,
        attempts,
        parked,
        due,
        newRow);
  }
}
