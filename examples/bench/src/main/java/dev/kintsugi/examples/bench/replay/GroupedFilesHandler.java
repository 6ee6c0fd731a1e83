package dev.kintsugi.examples.bench.replay;

import dev.kintsugi.examples.history.files.FileEvent;
import java.sql.PreparedStatement;
import java.util.List;
import org.apache.pekko.Done;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/** A batch for each transaction. */
final class GroupedFilesHandler extends JdbcHandler<List<EventEnvelope<FileEvent>>, JdbcSession> {

  private final String sql;

  GroupedFilesHandler(String table) {
    this.sql = FilesTable.upsert(table);
  }

  @Override
  public void process(JdbcSession session, List<EventEnvelope<FileEvent>> envelopes)
      throws Exception {
    session.withConnection(
        connection -> {
          try (PreparedStatement upsert = connection.prepareStatement(sql)) {
            for (EventEnvelope<FileEvent> envelope : envelopes) {
              FilesTable.bind(upsert, envelope.event());
              upsert.addBatch();
            }
            upsert.executeBatch();
          }
          return Done.getInstance();
        });
  }
}
