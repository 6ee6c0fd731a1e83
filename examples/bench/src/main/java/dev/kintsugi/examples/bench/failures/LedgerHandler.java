package dev.kintsugi.examples.bench.failures;

import java.sql.PreparedStatement;
import java.util.function.Consumer;
import org.apache.pekko.Done;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/** Enters each event by a statement of its own. */
final class LedgerHandler<E> extends JdbcHandler<EventEnvelope<E>, JdbcSession> {

  private final String upsert;
  private final Consumer<EventEnvelope<E>> witness;

  /**
   * @param witness is shown each event when it is to be applied; what it throws is a failure
   */
  LedgerHandler(String table, Consumer<EventEnvelope<E>> witness) {
    this.upsert = LedgerRow.upsert(table);
    this.witness = witness;
  }

  @Override
  public void process(JdbcSession session, EventEnvelope<E> envelope) throws Exception {
    witness.accept(envelope);
    session.withConnection(
        connection -> {
          try (PreparedStatement statement = connection.prepareStatement(upsert)) {
            LedgerRow.bind(statement, envelope);
            statement.executeUpdate();
          }
          return Done.getInstance();
        });
  }
}
