package dev.kintsugi.examples.bench.follow;

import dev.kintsugi.examples.bench.load.LoadEvent;
import dev.kintsugi.examples.bench.load.WritesHandler;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.rows.RowTable;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A projection that follows and counts the events of each stream, of each kind. */
enum Kind {
  HANDLER,
  GROUPED,
  ROWS,
  FOLD;

  /** What a fold keeps of a stream. */
  record Count(long events) {}

  /** The definition, under a name that is its table's, too. */
  Projection<LoadEvent> projection(String name) {
    return switch (this) {
      case HANDLER -> WritesHandler.following(name);
      case GROUPED -> WritesHandler.groupedFollowing(name);
      case ROWS -> rows(name);
      case FOLD -> fold(name);
    };
  }

  private static Projection<LoadEvent> rows(String name) {
    RowTable table = RowTable.named(name).key("persistence_id", "text").counter("events");
    return Projection.named(name)
        .of(LoadEvent.class)
        .rows(
            List.of(table),
            (envelope, rows) -> rows.upsert(table, envelope.persistenceId()).increment("events", 1))
        .following()
        .build();
  }

  private static Projection<LoadEvent> fold(String name) {
    return Projection.named(name)
        .of(LoadEvent.class)
        .fold(
            Count.class,
            fold ->
                fold.evolve(
                        (count, envelope) ->
                            Optional.of(new Count(count.map(Count::events).orElse(0L) + 1)))
                    .column("events", "bigint", Count::events))
        .following()
        .build();
  }

  /** For people. */
  String title() {
    return this == GROUPED ? "grouped handler" : toString();
  }

  /** As on the command line. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
