package dev.kintsugi.examples.history.readmodel;

import dev.kintsugi.examples.history.files.FileEvent;
import java.sql.PreparedStatement;
import org.apache.pekko.Done;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/** The rows of {@link Directories} by hand: a statement for each event. */
final class DirectoriesHandler extends JdbcHandler<EventEnvelope<FileEvent>, JdbcSession> {

  /**
   * The rows are locked in the order of the array, the root first. So the transactions that update
   * this table take turns, and none waits in a circle with another.
   */
  private static final String UPSERT =
      """
      INSERT INTO directories AS d (path, changes, files)
      SELECT path, 1, ? FROM unnest(?::text[]) AS above(path)
      ON CONFLICT (path) DO UPDATE SET
        changes = d.changes + 1,
        files = d.files + excluded.files
      """;

  @Override
  public void process(JdbcSession session, EventEnvelope<FileEvent> envelope) throws Exception {
    FileEvent event = envelope.event();
    session.withConnection(
        connection -> {
          try (PreparedStatement upsert = connection.prepareStatement(UPSERT)) {
            upsert.setInt(1, event.filesMore());
            upsert.setArray(
                2, connection.createArrayOf("text", Directories.above(event.path()).toArray()));
            upsert.executeUpdate();
          }
          return Done.getInstance();
        });
  }
}
