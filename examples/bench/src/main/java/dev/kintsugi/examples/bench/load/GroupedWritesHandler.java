package dev.kintsugi.examples.bench.load;

import java.sql.PreparedStatement;
import java.util.List;
import org.apache.pekko.Done;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/** The same upserts as {@link WritesHandler}'s, one an event, in one JDBC batch. */
final class GroupedWritesHandler extends JdbcHandler<List<EventEnvelope<LoadEvent>>, JdbcSession> {

  private final String sql;

  GroupedWritesHandler(String table) {
    this.sql = WritesTable.upsert(table);
  }

  @Override
  public void process(JdbcSession session, List<EventEnvelope<LoadEvent>> envelopes)
      throws Exception {
    session.withConnection(
        connection -> {
          try (PreparedStatement upsert = connection.prepareStatement(sql)) {
            for (EventEnvelope<LoadEvent> envelope : envelopes) {
              upsert.setString(1, envelope.persistenceId());
              upsert.setLong(2, envelope.sequenceNr());
              upsert.addBatch();
            }
            upsert.executeBatch();
          }
          return Done.getInstance();
        });
  }
}
