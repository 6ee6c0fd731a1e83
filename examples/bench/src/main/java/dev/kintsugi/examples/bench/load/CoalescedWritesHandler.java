package dev.kintsugi.examples.bench.load;

import java.sql.PreparedStatement;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.Done;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/** The rows of {@link WritesHandler}, each written once for all its events of a transaction. */
final class CoalescedWritesHandler
    extends JdbcHandler<List<EventEnvelope<LoadEvent>>, JdbcSession> {

  private final String sql;

  CoalescedWritesHandler(String table) {
    this.sql = WritesTable.upsertMany(table);
  }

  private record Change(long events, long lastSequenceNumber) {
    Change and(Change later) {
      return new Change(events + later.events, later.lastSequenceNumber);
    }
  }

  @Override
  public void process(JdbcSession session, List<EventEnvelope<LoadEvent>> envelopes)
      throws Exception {
    Map<String, Change> changes = new LinkedHashMap<>();
    for (EventEnvelope<LoadEvent> envelope : envelopes) {
      changes.merge(envelope.persistenceId(), new Change(1, envelope.sequenceNr()), Change::and);
    }
    session.withConnection(
        connection -> {
          try (PreparedStatement upsert = connection.prepareStatement(sql)) {
            upsert.setArray(
                1, connection.createArrayOf("text", changes.keySet().toArray(String[]::new)));
            upsert.setArray(
                2,
                connection.createArrayOf(
                    "int8", changes.values().stream().map(Change::events).toArray(Long[]::new)));
            upsert.setArray(
                3,
                connection.createArrayOf(
                    "int8",
                    changes.values().stream()
                        .map(Change::lastSequenceNumber)
                        .toArray(Long[]::new)));
            upsert.executeUpdate();
          }
          return Done.getInstance();
        });
  }
}
