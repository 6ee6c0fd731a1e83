package dev.kintsugi.runtime.skip;

import java.time.Instant;
import java.util.Optional;

/**
 * An open skip record, for people. All times are the database's.
 *
 * @param reason why its event is not applied
 * @param attempts how often it was tried and failed
 * @param nextAttemptAt not before when recovery tries it again; empty if it may at any time, or the
 *     record is parked
 * @param parkedAt since when it waits for an operator
 * @param error the last error's first line; empty if it never failed
 */
public record OpenSkip(
    String projection,
    SkipId id,
    String persistenceId,
    long sequenceNumber,
    SkipReason reason,
    Instant recordedAt,
    int attempts,
    Optional<Instant> firstFailedAt,
    Optional<Instant> nextAttemptAt,
    Optional<Instant> parkedAt,
    String error) {

  public boolean isParked() {
    return parkedAt.isPresent();
  }

  /**
   * What tells a change of it: it is another one when the record has failed again, was parked, or
   * is to be tried again.
   */
  public String revision() {
    return attempts + (isParked() ? "-parked" : "");
  }
}
