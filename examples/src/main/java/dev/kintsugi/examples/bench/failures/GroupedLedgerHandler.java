package dev.kintsugi.examples.bench.failures;

import dev.kintsugi.examples.bench.load.LoadEvent;
import java.sql.PreparedStatement;
import java.util.List;
import org.apache.pekko.Done;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/** Enters a transaction's events in a batch. */
final class GroupedLedgerHandler extends JdbcHandler<List<EventEnvelope<LoadEvent>>, JdbcSession> {

  private final Bug bug;

  GroupedLedgerHandler(Bug bug) {
    this.bug = bug;
  }

  @Override
  public void process(JdbcSession session, List<EventEnvelope<LoadEvent>> envelopes)
      throws Exception {
    session.withConnection(
        connection -> {
          try (PreparedStatement upsert = connection.prepareStatement(LedgerRow.UPSERT)) {
            for (EventEnvelope<LoadEvent> envelope : envelopes) {
              bug.strike(envelope.persistenceId());
              LedgerRow.bind(upsert, envelope);
              upsert.addBatch();
            }
            upsert.executeBatch();
          }
          return Done.getInstance();
        });
  }
}
