package dev.kintsugi.examples.history.readmodel;

import dev.kintsugi.examples.history.files.FileEvent;
import java.sql.PreparedStatement;
import java.sql.Timestamp;
import org.apache.pekko.Done;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/** Keeps a row for each author, shared by the streams of all the files that the author changed. */
final class AuthorsHandler extends JdbcHandler<EventEnvelope<FileEvent>, JdbcSession> {

  private static final String UPSERT =
      """
      INSERT INTO authors AS a (author, changes, first_change_at, last_change_at)
      VALUES (?, 1, ?, ?)
      ON CONFLICT (author) DO UPDATE SET
        changes = a.changes + 1,
        first_change_at = least(a.first_change_at, excluded.first_change_at),
        last_change_at = greatest(a.last_change_at, excluded.last_change_at)
      """;

  @Override
  public void process(JdbcSession session, EventEnvelope<FileEvent> envelope) throws Exception {
    FileEvent event = envelope.event();
    session.withConnection(
        connection -> {
          try (PreparedStatement upsert = connection.prepareStatement(UPSERT)) {
            Timestamp at = Timestamp.from(event.at());
            upsert.setString(1, event.author());
            upsert.setTimestamp(2, at);
            upsert.setTimestamp(3, at);
            upsert.executeUpdate();
          }
          return Done.getInstance();
        });
  }
}
