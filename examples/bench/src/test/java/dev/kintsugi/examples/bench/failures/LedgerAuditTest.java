package dev.kintsugi.examples.bench.failures;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class LedgerAuditTest {

  private static BenchServer server;

  private BenchDatabase database;

  @BeforeAll
  static void start() throws IOException, SQLException {
    server = BenchServer.embedded();
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  @BeforeEach
  void threeEventsOfEachOfTwoStreams() throws SQLException {
    database = server.create().withJournal().withSkipRecords();
    database.execute(LedgerRow.DDL);
    database.execute(
        """
        INSERT INTO event_journal (persistence_id, sequence_number, writer, write_timestamp,
          event_ser_id, event_ser_manifest, event_payload)
        SELECT stream, n, '', 0, 0, '', ''
        FROM unnest(ARRAY['a', 'b']) stream, generate_series(1, 3) n
        """);
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private void enter(String stream, long... sequenceNumbers) throws SQLException {
    try (Connection connection = database.login().connect();
        PreparedStatement upsert = connection.prepareStatement(LedgerRow.UPSERT)) {
      for (long number : sequenceNumbers) {
        upsert.setString(1, stream);
        upsert.setLong(2, number);
        upsert.executeUpdate();
      }
    }
  }

  @Test
  void events_that_were_entered_once_and_in_order_are_clean() throws SQLException {
    enter("a", 1, 2, 3);
    enter("b", 1, 2, 3);

    assertThat(LedgerAudit.of(database, Ledger.HANDLER)).isEqualTo(new LedgerAudit(0, 0, 0, 0));
  }

  @Test
  void an_event_that_is_missing_is_lost_and_never_made_up_for() throws SQLException {
    enter("a", 1, 2);
    enter("b", 1, 2, 3, 3);

    assertThat(LedgerAudit.of(database, Ledger.HANDLER)).isEqualTo(new LedgerAudit(1, 1, 2, 1));
  }

  @Test
  void one_event_in_place_of_another_is_seen() throws SQLException {
    enter("a", 1, 1, 3);
    enter("b", 1, 2, 3);

    assertThat(LedgerAudit.of(database, Ledger.HANDLER)).isEqualTo(new LedgerAudit(0, 0, 1, 2));
  }

  @Test
  void events_in_another_order_are_misplaced() throws SQLException {
    enter("a", 2, 1, 3);
    enter("b", 1, 2, 3);

    assertThat(LedgerAudit.of(database, Ledger.HANDLER)).isEqualTo(new LedgerAudit(0, 0, 0, 3));
  }

  @Test
  void a_stream_that_only_one_of_them_has_is_seen() throws SQLException {
    enter("a", 1, 2, 3);
    enter("c", 1);

    assertThat(LedgerAudit.of(database, Ledger.HANDLER)).isEqualTo(new LedgerAudit(3, 1, 2, 0));
  }

  private void atGeneration(int generation) throws SQLException {
    database.execute(
        """
        INSERT INTO kintsugi_projection (projection, generation, status, version)
        VALUES ('ledger', %d, 'active', 1)
        """
            .formatted(generation));
  }

  private void discard(int generation, String stream, long sequenceNumber) throws SQLException {
    database.execute(
        """
        INSERT INTO kintsugi_skip_archive (projection, generation, persistence_id, sequence_number,
          ordering, reason, recorded_at, attempts, outcome)
        VALUES ('ledger', %d, '%s', %d, 0, 'failed', now(), 1, 'discarded')
        """
            .formatted(generation, stream, sequenceNumber));
  }

  @Test
  void an_event_that_was_discarded_has_to_be_missing() throws SQLException {
    atGeneration(2);
    discard(2, "a", 2);
    discard(2, "b", 2);
    enter("a", 1, 3);
    enter("b", 1, 2, 3);

    assertThat(LedgerAudit.of(database, Ledger.HANDLER)).isEqualTo(new LedgerAudit(0, 1, 1, 0));
  }

  @Test
  void an_event_that_was_discarded_before_the_last_rebuild_has_to_be_there() throws SQLException {
    atGeneration(2);
    discard(1, "a", 2);
    enter("a", 1, 3);
    enter("b", 1, 2, 3);

    assertThat(LedgerAudit.of(database, Ledger.HANDLER)).isEqualTo(new LedgerAudit(1, 0, 1, 1));
  }
}
