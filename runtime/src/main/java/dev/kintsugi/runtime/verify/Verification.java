package dev.kintsugi.runtime.verify;

import java.util.List;
import org.apache.pekko.annotation.ApiMayChange;

/**
 * What came of holding a read model against its journal, as both were at one point.
 *
 * <p>It can't see what had not committed by then, nor what is open: events with a skip record, and
 * those behind them in their streams, are in neither side. {@link #open} says how many these are.
 * An event that was discarded so long ago that the archive of skip records no longer has it ({@code
 * kintsugi.housekeeping.archive-retention}) shows as a difference.
 *
 * @param projection the projection
 * @param generation its generation
 * @param upTo the highest ordering in the journal at that point
 * @param events how many events of the journal were applied to hold the read model against
 * @param open events that were left out, as they have an open skip record
 * @param discarded events that were left out, as they were given up by name
 * @param tables the read model's tables, each with what differs
 */
@ApiMayChange
public record Verification(
    String projection,
    int generation,
    long upTo,
    long events,
    long open,
    long discarded,
    List<TableDifference> tables) {

  public Verification {
    tables = List.copyOf(tables);
  }

  /** Whether the read model is what the journal says, and all of it was compared. */
  public boolean isClean() {
    return result() == VerificationState.CLEAN;
  }

  /**
   * What came of it: {@code CLEAN}, {@code DIFFERENT}, or {@code INCOMPLETE} if nothing is wrong in
   * what was compared, and not all was.
   */
  public VerificationState result() {
    if (tables.stream().anyMatch(TableDifference::isDifferent)) {
      return VerificationState.DIFFERENT;
    }
    return tables.isEmpty() || !notCompared().isEmpty()
        ? VerificationState.INCOMPLETE
        : VerificationState.CLEAN;
  }

  /** What could not be compared, and why, in sentences; empty if all was. */
  public List<String> notCompared() {
    return tables.stream().flatMap(table -> table.notCompared().stream()).toList();
  }
}
