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

  private final Consumer<EventEnvelope<E>> witness;

  /**
   * @param witness is shown each event when it is to be applied; what it throws is a failure
   */
  GroupedLedgerHandler(Consumer<EventEnvelope<E>> witness) {
    this.witness = witness;
  }

  @Override
  public void process(JdbcSession session, List<EventEnvelope<E>> envelopes) throws Exception {
    session.withConnection(
        connection -> {
          try (PreparedStatement upsert = connection.prepareStatement(LedgerRow.UPSERT)) {
            for (EventEnvelope<E> envelope : envelopes) {
              witness.accept(envelope);
              LedgerRow.bind(upsert, envelope);
              upsert.addBatch();
            }
            upsert.executeBatch();
          }
          return Done.getInstance();
        });
  }
}
