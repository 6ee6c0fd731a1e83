package dev.kintsugi.examples.bench.load;

import dev.kintsugi.projections.Projection;
import java.sql.PreparedStatement;
import org.apache.pekko.Done;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/** The benchmarks' projection: one upsert an event, which counts the events of each stream. */
public final class WritesHandler extends JdbcHandler<EventEnvelope<LoadEvent>, JdbcSession> {

  /** The projection's name, and its table's. */
  public static final String NAME = "writes";

  static final String UPSERT =
      """
      INSERT INTO writes AS w (persistence_id, events, last_sequence_number) VALUES (?, 1, ?)
      ON CONFLICT (persistence_id) DO UPDATE SET
        events = w.events + 1, last_sequence_number = excluded.last_sequence_number
      """;

  /** With a statement for each event. */
  public static Projection<LoadEvent> projection() {
    return writes().handler(WritesHandler::new).build();
  }

  /** With a batch for each transaction. */
  public static Projection<LoadEvent> groupedProjection() {
    return writes().groupedHandler(GroupedWritesHandler::new).build();
  }

  /** With one statement for each transaction. */
  public static Projection<LoadEvent> coalescedProjection() {
    return writes().groupedHandler(CoalescedWritesHandler::new).build();
  }

  private static Projection.Builder<LoadEvent> writes() {
    return Projection.named(NAME).of(LoadEvent.class).tables("writes.sql");
  }

  @Override
  public void process(JdbcSession session, EventEnvelope<LoadEvent> envelope) throws Exception {
    session.withConnection(
        connection -> {
          try (PreparedStatement upsert = connection.prepareStatement(UPSERT)) {
            upsert.setString(1, envelope.persistenceId());
            upsert.setLong(2, envelope.sequenceNr());
            upsert.executeUpdate();
          }
          return Done.getInstance();
        });
  }
}
