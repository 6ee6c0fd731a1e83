package dev.kintsugi.examples.bench.failures;

import dev.kintsugi.examples.bench.load.LoadEvent;
import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Tables;
import dev.kintsugi.projections.rows.RowTable;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.pekko.projection.eventsourced.EventEnvelope;

/**
 * A read model that gives away what was lost, doubled or out of order: a row for each stream, with
 * how many events it took in, the sum of their sequence numbers, the last of these, and how many
 * did not follow the one before. One for each kind of projection.
 */
public enum Ledger {
  HANDLER,
  GROUPED,
  ROWS,
  FOLD;

  /** The projection's name, and its table's. */
  public static final String NAME = "ledger";

  private static final RowTable TABLE =
      RowTable.named(NAME)
          .key("persistence_id", "text")
          .counter("events")
          .counter("sequence_sum")
          .column("last_sequence_number", "bigint");

  /** The projection, with the bug in it. */
  Projection<LoadEvent> projection(Bug bug) {
    Projection.Builder<LoadEvent> ledger =
        Projection.named(NAME).of(LoadEvent.class).onFailure(FailurePolicy.skip());
    return switch (this) {
      case HANDLER ->
          ledger.tables(Tables.sql(LedgerRow.DDL)).handler(() -> new LedgerHandler(bug)).build();
      case GROUPED ->
          ledger
              .tables(Tables.sql(LedgerRow.DDL))
              .groupedHandler(
                  () ->
                      new GroupedLedgerHandler<>(envelope -> bug.strike(envelope.persistenceId())))
              .build();
      case ROWS ->
          ledger
              .rows(
                  List.of(TABLE),
                  (envelope, rows) -> {
                    bug.strike(envelope.persistenceId());
                    rows.upsert(TABLE, envelope.persistenceId())
                        .increment("events", 1)
                        .increment("sequence_sum", envelope.sequenceNr())
                        .set("last_sequence_number", envelope.sequenceNr());
                  })
              .build();
      case FOLD ->
          ledger
              .fold(
                  LedgerEntry.class,
                  fold ->
                      fold.evolve(
                              (entry, envelope) -> {
                                bug.strike(envelope.persistenceId());
                                return Optional.of(
                                    entry.orElse(LedgerEntry.NONE).plus(envelope.sequenceNr()));
                              })
                          .column("events", "bigint", LedgerEntry::events)
                          .column("sequence_sum", "bigint", LedgerEntry::sequenceSum)
                          .column("last_sequence_number", "bigint", LedgerEntry::last)
                          .column("misplaced", "bigint", LedgerEntry::misplaced))
              .build();
    };
  }

  /**
   * One of grouped handlers for any events, {@link #GROUPED} for its audit.
   *
   * @param witness is shown each event when it is to be applied; what it throws is a failure
   */
  public static <E> Projection<E> grouped(
      Class<E> events, Consumer<EventEnvelope<E>> witness, FailurePolicy onFailure) {
    return Projection.named(NAME)
        .of(events)
        .tables(Tables.sql(LedgerRow.DDL))
        .groupedHandler(() -> new GroupedLedgerHandler<>(witness))
        .onFailure(onFailure)
        .build();
  }

  /** The column that has the stream. */
  String key() {
    return this == FOLD ? "key" : "persistence_id";
  }

  /**
   * How many of a row's events did not follow the one before, as SQL. Rows know nothing of the row
   * before: they show it only where the last event is not the highest.
   */
  String misplaced() {
    return showsOrder() ? "misplaced" : "0";
  }

  /** Whether a row tells that two of its events were applied in another order. */
  boolean showsOrder() {
    return this != ROWS;
  }

  /** As on the command line. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
