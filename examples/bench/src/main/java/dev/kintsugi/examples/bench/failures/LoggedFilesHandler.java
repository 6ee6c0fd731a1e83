package dev.kintsugi.examples.bench.failures;

import dev.kintsugi.examples.history.files.FileEvent;
import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Tables;
import dev.kintsugi.projections.internal.access.SharedSecrets;
import java.sql.PreparedStatement;
import java.util.List;
import org.apache.pekko.Done;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/** The example's read model of files, the ledger beside it, and the bug. */
final class LoggedFilesHandler extends JdbcHandler<EventEnvelope<FileEvent>, JdbcSession> {

  private final JdbcHandler<List<EventEnvelope<FileEvent>>, JdbcSession> files;
  private final Bug bug;

  private LoggedFilesHandler(
      JdbcHandler<List<EventEnvelope<FileEvent>>, JdbcSession> files, Bug bug) {
    this.files = files;
    this.bug = bug;
  }

  /** In place of the example's own, under its name. */
  static Projection<FileEvent> projection(Projection<FileEvent> files, Bug bug) {
    return Projection.named(files.name())
        .of(FileEvent.class)
        .tables(Tables.sql(files.tables().ddl() + LedgerRow.DDL))
        .handler(() -> new LoggedFilesHandler(SharedSecrets.definitionOf(files).newHandler(), bug))
        .onFailure(FailurePolicy.skip())
        .build();
  }

  @Override
  public void process(JdbcSession session, EventEnvelope<FileEvent> envelope) throws Exception {
    bug.strike(envelope.persistenceId());
    files.process(session, List.of(envelope));
    session.withConnection(
        connection -> {
          try (PreparedStatement upsert = connection.prepareStatement(LedgerRow.UPSERT)) {
            LedgerRow.bind(upsert, envelope);
            upsert.executeUpdate();
          }
          return Done.getInstance();
        });
  }
}
