package dev.kintsugi.examples.bench.beside;

import dev.kintsugi.examples.bench.load.LoadEvent;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Tables;
import dev.kintsugi.projections.rows.RowTable;
import java.sql.PreparedStatement;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/**
 * A read model of each kind that counts the events of each stream. Version 1 has a fault: it counts
 * each tenth event twice. Version 2 does not, and has a column more, the number of the last event.
 */
enum Counted {
  HANDLER,
  GROUPED,
  ROWS,
  FOLD;

  static final int FAULTY_EACH = 10;

  /** The projection's name, and its table's. */
  String projection() {
    return "counted_" + name().toLowerCase(Locale.ROOT);
  }

  /** The column that names the stream. */
  String stream() {
    return this == FOLD ? "key" : "persistence_id";
  }

  /** What version 1 has of a stream of so many events. */
  static long eventsInVersionOne(long events) {
    return events + events / FAULTY_EACH;
  }

  private static long weight(int version, long sequenceNumber) {
    return version == 1 && sequenceNumber % FAULTY_EACH == 0 ? 2 : 1;
  }

  Projection<LoadEvent> definition(int version) {
    Projection.Builder<LoadEvent> builder =
        Projection.named(projection()).of(LoadEvent.class).version(version);
    return switch (this) {
      case HANDLER ->
          builder
              .tables(Tables.sql(ddl(version)))
              .handler(() -> new Each(projection(), version))
              .build();
      case GROUPED ->
          builder
              .tables(Tables.sql(ddl(version)))
              .groupedHandler(() -> new Batched(projection(), version))
              .build();
      case ROWS -> rows(builder, version);
      case FOLD -> fold(builder, version);
    };
  }

  private String ddl(int version) {
    return "CREATE TABLE %s (persistence_id TEXT PRIMARY KEY, events BIGINT NOT NULL%s);"
        .formatted(projection(), version == 1 ? "" : ", last_number BIGINT NOT NULL");
  }

  private Projection<LoadEvent> rows(Projection.Builder<LoadEvent> builder, int version) {
    RowTable first = RowTable.named(projection()).key("persistence_id", "text").counter("events");
    RowTable table = version == 1 ? first : first.column("last_number", "bigint");
    return builder
        .rows(
            List.of(table),
            (envelope, rows) -> {
              var row = rows.upsert(table, envelope.persistenceId());
              row.increment("events", weight(version, envelope.sequenceNr()));
              if (version > 1) {
                row.set("last_number", envelope.sequenceNr());
              }
            })
        .build();
  }

  /** What the fold keeps. */
  record Count(long events, long last) {}

  private static Projection<LoadEvent> fold(Projection.Builder<LoadEvent> builder, int version) {
    return builder
        .fold(
            Count.class,
            fold -> {
              var counted =
                  fold.evolve(
                          (count, envelope) ->
                              Optional.of(
                                  new Count(
                                      count.map(Count::events).orElse(0L)
                                          + weight(version, envelope.sequenceNr()),
                                      envelope.sequenceNr())))
                      .column("events", "bigint", Count::events);
              return version == 1 ? counted : counted.column("last_number", "bigint", Count::last);
            })
        .build();
  }

  private static String upsert(String table, int version) {
    return version == 1
        ? "INSERT INTO %1$s AS t (persistence_id, events) VALUES (?, ?) ON CONFLICT (persistence_id) DO UPDATE SET events = t.events + excluded.events"
            .formatted(table)
        : "INSERT INTO %1$s AS t (persistence_id, events, last_number) VALUES (?, ?, ?) ON CONFLICT (persistence_id) DO UPDATE SET events = t.events + excluded.events, last_number = excluded.last_number"
            .formatted(table);
  }

  private static void set(PreparedStatement upsert, EventEnvelope<LoadEvent> envelope, int version)
      throws Exception {
    upsert.setString(1, envelope.persistenceId());
    upsert.setLong(2, weight(version, envelope.sequenceNr()));
    if (version > 1) {
      upsert.setLong(3, envelope.sequenceNr());
    }
  }

  /** A statement for each event. */
  private static final class Each extends JdbcHandler<EventEnvelope<LoadEvent>, JdbcSession> {
    private final String sql;
    private final int version;

    Each(String table, int version) {
      this.sql = upsert(table, version);
      this.version = version;
    }

    @Override
    public void process(JdbcSession session, EventEnvelope<LoadEvent> envelope) throws Exception {
      session.withConnection(
          connection -> {
            try (PreparedStatement upsert = connection.prepareStatement(sql)) {
              set(upsert, envelope, version);
              return upsert.executeUpdate();
            }
          });
    }
  }

  /** A batch for many events, in the order of the streams. */
  private static final class Batched
      extends JdbcHandler<List<EventEnvelope<LoadEvent>>, JdbcSession> {
    private final String sql;
    private final int version;

    Batched(String table, int version) {
      this.sql = upsert(table, version);
      this.version = version;
    }

    @Override
    public void process(JdbcSession session, List<EventEnvelope<LoadEvent>> envelopes)
        throws Exception {
      session.withConnection(
          connection -> {
            try (PreparedStatement upsert = connection.prepareStatement(sql)) {
              for (EventEnvelope<LoadEvent> envelope : inOrderOfStreams(envelopes)) {
                set(upsert, envelope, version);
                upsert.addBatch();
              }
              return upsert.executeBatch();
            }
          });
    }

    private static List<EventEnvelope<LoadEvent>> inOrderOfStreams(
        List<EventEnvelope<LoadEvent>> envelopes) {
      return envelopes.stream()
          .sorted(java.util.Comparator.comparing(EventEnvelope::persistenceId))
          .toList();
    }
  }

  /**
   * Whether a row is what a stream of so many events comes to.
   *
   * @param row by column
   */
  static boolean isRight(Map<String, Long> row, int version, long events) {
    return version == 1
        ? Long.valueOf(eventsInVersionOne(events)).equals(row.get("events"))
        : Long.valueOf(events).equals(row.get("events"))
            && Long.valueOf(events).equals(row.get("last_number"));
  }
}
