package dev.kintsugi.examples.bench.replay;

import dev.kintsugi.examples.history.files.FileEvent;
import java.sql.PreparedStatement;
import org.apache.pekko.Done;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/** A statement for each event. */
final class FilesHandler extends JdbcHandler<EventEnvelope<FileEvent>, JdbcSession> {

  private final String sql;

  FilesHandler(String table) {
    this.sql = FilesTable.upsert(table);
  }

  @Override
  public void process(JdbcSession session, EventEnvelope<FileEvent> envelope) throws Exception {
    session.withConnection(
        connection -> {
          try (PreparedStatement upsert = connection.prepareStatement(sql)) {
            FilesTable.bind(upsert, envelope.event());
            upsert.executeUpdate();
          }
          return Done.getInstance();
        });
  }
}
