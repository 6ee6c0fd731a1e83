package dev.kintsugi.runtime.verify;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A row of {@code kintsugi_verification}: a verification that somebody asked for, and what came of
 * it. All times are the database's.
 *
 * @param id counts all verifications, of whichever projection
 * @param generation that it began with
 * @param node that carries it out
 * @param upTo the highest ordering in the journal at the point that it looks at; null until it runs
 * @param checkpoint up to which ordering events have been applied
 * @param events how many of them were applied so far, to hold the read model against
 * @param open events that were left out so far, as they have an open skip record
 * @param discarded events that were left out so far, as they were given up by name
 * @param detail why it has no result, if it ended without one
 * @param tables what differs in each of the read model's tables; none until it has ended with a
 *     result
 */
public record VerificationRun(
    int id,
    String projection,
    int generation,
    String requestedBy,
    String reason,
    String node,
    VerificationState state,
    @Nullable Long upTo,
    long checkpoint,
    long events,
    long open,
    long discarded,
    @Nullable String detail,
    List<TableDifference> tables,
    Instant requestedAt,
    @Nullable Instant startedAt,
    @Nullable Instant endedAt,
    Instant readAt) {

  public VerificationRun {
    tables = List.copyOf(tables);
  }

  /**
   * What could not be compared, and why, in sentences; empty if all was, or if it has no result.
   */
  public List<String> notCompared() {
    return tables.stream().flatMap(table -> table.notCompared().stream()).toList();
  }

  /** How far it is in the journal, from 0 to 1, by the ordering. At 1 it compares rows. */
  public double progress() {
    if (upTo == null) {
      return 0;
    }
    return upTo == 0 ? 1 : Math.min(1, (double) checkpoint / upTo);
  }
}
