package dev.kintsugi.examples.bench.failures;

import dev.kintsugi.examples.bench.load.LoadEvent;
import java.sql.PreparedStatement;
import org.apache.pekko.Done;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/** Enters each event by a statement of its own. */
final class LedgerHandler extends JdbcHandler<EventEnvelope<LoadEvent>, JdbcSession> {

  private final Bug bug;

  LedgerHandler(Bug bug) {
    this.bug = bug;
  }

  @Override
  public void process(JdbcSession session, EventEnvelope<LoadEvent> envelope) throws Exception {
    bug.strike(envelope.persistenceId());
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
