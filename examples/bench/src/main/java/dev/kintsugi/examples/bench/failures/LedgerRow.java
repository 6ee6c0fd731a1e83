package dev.kintsugi.examples.bench.failures;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import org.apache.pekko.projection.eventsourced.EventEnvelope;

/** A stream's row of the ledger, for handlers. */
final class LedgerRow {

  static final String DDL = ddl(Ledger.NAME);

  static final String UPSERT = upsert(Ledger.NAME);

  private LedgerRow() {}

  static String ddl(String table) {
    return """
        CREATE TABLE IF NOT EXISTS %s (
          persistence_id       TEXT   PRIMARY KEY,
          events               BIGINT NOT NULL,
          sequence_sum         BIGINT NOT NULL,
          last_sequence_number BIGINT NOT NULL,
          misplaced            BIGINT NOT NULL
        );
        """
        .formatted(table);
  }

  static String upsert(String table) {
    return """
        INSERT INTO %s AS l (persistence_id, events, sequence_sum, last_sequence_number, misplaced)
        SELECT ?, 1, e.n, e.n, (e.n <> 1)::int FROM (SELECT ?::bigint) AS e(n)
        ON CONFLICT (persistence_id) DO UPDATE SET
          events = l.events + 1,
          sequence_sum = l.sequence_sum + excluded.sequence_sum,
          last_sequence_number = excluded.last_sequence_number,
          misplaced = l.misplaced
            + (excluded.last_sequence_number <> l.last_sequence_number + 1)::int
        """
        .formatted(table);
  }

  static void bind(PreparedStatement upsert, EventEnvelope<?> envelope) throws SQLException {
    upsert.setString(1, envelope.persistenceId());
    upsert.setLong(2, envelope.sequenceNr());
  }
}
