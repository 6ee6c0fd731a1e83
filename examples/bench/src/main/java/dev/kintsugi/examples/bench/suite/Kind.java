package dev.kintsugi.examples.bench.suite;

import dev.kintsugi.examples.bench.load.LoadEvent;
import dev.kintsugi.examples.bench.load.WritesHandler;
import dev.kintsugi.examples.bench.load.WritesTable;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.rows.RowTable;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The kinds of projections, each with the same read model: what {@link WritesTable} says. */
enum Kind {
  HANDLER,
  GROUPED,
  ROWS,
  FOLD;

  /** A projection of this kind, whose name is its table's. */
  Projection<LoadEvent> projection(String name) {
    return switch (this) {
      case HANDLER -> WritesHandler.projection(name);
      case GROUPED -> WritesHandler.groupedProjection(name);
      case ROWS -> rows(name);
      case FOLD -> fold(name);
    };
  }

  private static Projection<LoadEvent> rows(String name) {
    RowTable table =
        RowTable.named(name)
            .key("persistence_id", "text")
            .counter("events")
            .column("last_sequence_number", "bigint");
    return Projection.named(name)
        .of(LoadEvent.class)
        .rows(
            List.of(table),
            (envelope, rows) ->
                rows.upsert(table, envelope.persistenceId())
                    .increment("events", 1)
                    .set("last_sequence_number", envelope.sequenceNr()))
        .build();
  }

  private static Projection<LoadEvent> fold(String name) {
    return Projection.named(name)
        .of(LoadEvent.class)
        .fold(
            WritesDocument.class,
            fold ->
                fold.evolve(
                        (document, envelope) ->
                            Optional.of(
                                document.orElse(WritesDocument.NONE).plus(envelope.sequenceNr())))
                    .column("events", "bigint", WritesDocument::events))
        .build();
  }

  /** The same table, without the runtime. */
  String ddl(String name) {
    return this == FOLD
        ? """
          CREATE TABLE %s (
            key            TEXT    PRIMARY KEY,
            schema_version INTEGER NOT NULL,
            state          JSONB   NOT NULL,
            events         BIGINT
          ) WITH (fillfactor = 80)
          """
            .formatted(name)
        : WritesTable.ddl(name);
  }

  /** As in the table. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
