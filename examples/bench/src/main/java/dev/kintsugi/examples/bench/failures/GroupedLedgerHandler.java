package dev.kintsugi.examples.bench.failures;

import java.sql.PreparedStatement;
import java.util.List;
import java.util.function.Consumer;
import org.apache.pekko.Done;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/** Enters a transaction's events in a batch. */
final class GroupedLedgerHandler<E> extends JdbcHandler<List<EventEnvelope<E>>, JdbcSession> {

  private final String upsert;
  private final Consumer<EventEnvelope<E>> witness;

  /**
   * @param witness is shown each event when it is to be applied; what it throws is a failure
   */
  GroupedLedgerHandler(String table, Consumer<EventEnvelope<E>> witness) {
    this.upsert = LedgerRow.upsert(table);
    this.witness = witness;
  }

  @Override
  public void process(JdbcSession session, List<EventEnvelope<E>> envelopes) throws Exception {
    session.withConnection(
        connection -> {
          try (PreparedStatement statement = connection.prepareStatement(upsert)) {
            for (EventEnvelope<E> envelope : envelopes) {
              witness.accept(envelope);
              LedgerRow.bind(statement, envelope);
              statement.addBatch();
            }
            statement.executeBatch();
          }
          return Done.getInstance();
        });
  }
}
