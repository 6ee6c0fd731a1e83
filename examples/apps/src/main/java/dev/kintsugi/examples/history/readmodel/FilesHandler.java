package dev.kintsugi.examples.history.readmodel;

import dev.kintsugi.examples.history.files.FileEvent;
import java.sql.PreparedStatement;
import java.sql.Timestamp;
import java.util.function.Consumer;
import org.apache.pekko.Done;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/** Keeps a row for each file; it belongs to one stream, so "last" is the stream's last. */
final class FilesHandler extends JdbcHandler<EventEnvelope<FileEvent>, JdbcSession> {

  private static final String UPSERT =
      """
      INSERT INTO files AS f (path, present, changes, last_author, last_change_at)
      VALUES (?, ?, 1, ?, ?)
      ON CONFLICT (path) DO UPDATE SET
        present = excluded.present,
        changes = f.changes + 1,
        last_author = excluded.last_author,
        last_change_at = excluded.last_change_at
      """;

  private final Consumer<EventEnvelope<FileEvent>> witness;

  /**
   * @param witness is shown each event before its statement and after it
   */
  FilesHandler(Consumer<EventEnvelope<FileEvent>> witness) {
    this.witness = witness;
  }

  @Override
  public void process(JdbcSession session, EventEnvelope<FileEvent> envelope) throws Exception {
    witness.accept(envelope);
    FileEvent event = envelope.event();
    session.withConnection(
        connection -> {
          try (PreparedStatement upsert = connection.prepareStatement(UPSERT)) {
            upsert.setString(1, event.path());
            upsert.setBoolean(2, event.exists());
            upsert.setString(3, event.author());
            upsert.setTimestamp(4, Timestamp.from(event.at()));
            upsert.executeUpdate();
          }
          return Done.getInstance();
        });
    witness.accept(envelope);
  }
}
