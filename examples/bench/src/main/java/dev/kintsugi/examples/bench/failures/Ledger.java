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

  /** The projection, with the bug in it. */
  Projection<LoadEvent> projection(Bug bug) {
    return defined(NAME, LoadEvent.class, envelope -> bug.strike(envelope.persistenceId()))
        .onFailure(FailurePolicy.skip())
        .build();
  }

  /**
   * One of grouped handlers for any events, {@link #GROUPED} for its audit.
   *
   * @param witness is shown each event when it is to be applied; what it throws is a failure
   */
  public static <E> Projection<E> grouped(
      Class<E> events, Consumer<EventEnvelope<E>> witness, FailurePolicy onFailure) {
    return GROUPED.defined(NAME, events, witness).onFailure(onFailure).build();
  }

  /**
   * One of this kind for any events.
   *
   * @param name of the projection, and of its table
   * @param witness is shown each event when it is to be applied; what it throws is a failure
   */
  public <E> Projection.Builder<E> defined(
      String name, Class<E> events, Consumer<EventEnvelope<E>> witness) {
    Projection.Builder<E> ledger = Projection.named(name).of(events);
    return switch (this) {
      case HANDLER ->
          ledger
              .tables(Tables.sql(LedgerRow.ddl(name)))
              .handler(() -> new LedgerHandler<>(name, witness));
      case GROUPED ->
          ledger
              .tables(Tables.sql(LedgerRow.ddl(name)))
              .groupedHandler(() -> new GroupedLedgerHandler<>(name, witness));
      case ROWS -> rows(ledger, table(name), witness);
      case FOLD ->
          ledger.fold(
              LedgerEntry.class,
              fold ->
                  fold.evolve(
                          (entry, envelope) -> {
                            witness.accept(envelope);
                            return Optional.of(
                                entry.orElse(LedgerEntry.NONE).plus(envelope.sequenceNr()));
                          })
                      .column("events", "bigint", LedgerEntry::events)
                      .column("sequence_sum", "bigint", LedgerEntry::sequenceSum)
                      .column("last_sequence_number", "bigint", LedgerEntry::last)
                      .column("misplaced", "bigint", LedgerEntry::misplaced));
    };
  }

  private static RowTable table(String name) {
    return RowTable.named(name)
        .key("persistence_id", "text")
        .counter("events")
        .counter("sequence_sum")
        .column("last_sequence_number", "bigint");
  }

  private static <E> Projection.Builder<E> rows(
      Projection.Builder<E> ledger, RowTable table, Consumer<EventEnvelope<E>> witness) {
    return ledger.rows(
        List.of(table),
        (envelope, rows) -> {
          witness.accept(envelope);
          rows.upsert(table, envelope.persistenceId())
              .increment("events", 1)
              .increment("sequence_sum", envelope.sequenceNr())
              .set("last_sequence_number", envelope.sequenceNr());
        });
  }

  /** The column that has the stream. */
  public String key() {
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
