package dev.kintsugi.runtime.skip;

/**
 * An open skip record as it stood when its row was locked.
 *
 * @param attempts how often it was tried and failed
 * @param parked whether it failed for good and waits for an operator
 * @param due whether it may be tried now, by the database's clock
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
    boolean due) {

  /** Whether it can be applied now, as far as its own row says. */
  public boolean isOpenForAttempt() {
    return !parked && due;
  }
}
