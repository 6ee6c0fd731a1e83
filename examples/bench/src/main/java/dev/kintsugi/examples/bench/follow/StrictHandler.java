package dev.kintsugi.examples.bench.follow;

import dev.kintsugi.examples.bench.load.LoadEvent;
import dev.kintsugi.examples.bench.load.WritesTable;
import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Tables;
import java.sql.PreparedStatement;
import org.apache.pekko.Done;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/** Counts the events of each stream, and fails on one that is not the next of its stream. */
public final class StrictHandler extends JdbcHandler<EventEnvelope<LoadEvent>, JdbcSession> {

  /** The projection's name, and its table's. */
  public static final String NAME = "strict";

  private static final String NEXT =
      """
      INSERT INTO strict AS w (persistence_id, events, last_sequence_number)
      SELECT ?, 1, s.number FROM (SELECT ?::bigint AS number) s
      WHERE s.number = 1 OR EXISTS (SELECT 1 FROM strict e WHERE e.persistence_id = ?)
      ON CONFLICT (persistence_id) DO UPDATE SET
        events = w.events + 1, last_sequence_number = excluded.last_sequence_number
      WHERE w.last_sequence_number = excluded.last_sequence_number - 1
      """;

  /** Inline, or following the journal; one of them becomes the other with no rebuild. */
  static Projection<LoadEvent> projection(boolean follows) {
    Projection.Builder<LoadEvent> strict = strict();
    return (follows ? strict.following() : strict.inline()).build();
  }

  /** Inline, in a version; all of them are the same but for that. */
  public static Projection<LoadEvent> inVersion(int version) {
    return strict().version(version).build();
  }

  private static Projection.Builder<LoadEvent> strict() {
    return Projection.named(NAME)
        .of(LoadEvent.class)
        .tables(Tables.sql(WritesTable.ddl(NAME)))
        .handler(StrictHandler::new)
        .onFailure(FailurePolicy.skip().withoutRetry().thenPark());
  }

  @Override
  public void process(JdbcSession session, EventEnvelope<LoadEvent> envelope) throws Exception {
    session.withConnection(
        connection -> {
          try (PreparedStatement next = connection.prepareStatement(NEXT)) {
            next.setString(1, envelope.persistenceId());
            next.setLong(2, envelope.sequenceNr());
            next.setString(3, envelope.persistenceId());
            if (next.executeUpdate() != 1) {
              throw new IllegalStateException(
                  "event %d of stream %s is not the next one"
                      .formatted(envelope.sequenceNr(), envelope.persistenceId()));
            }
          }
          return Done.getInstance();
        });
  }
}
