package dev.kintsugi.examples.bench.kill;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.examples.bench.load.WritesHandler;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Two streams, "a" with three events and "b" with two, all acknowledged and projected; then one
 * thing is made wrong.
 */
@Tag("slow")
class CheckerTest {

  private static final List<Ack> ACKS =
      List.of(
          new Ack("a", 1, "a one"),
          new Ack("a", 2, "a two"),
          new Ack("a", 3, "a three"),
          new Ack("b", 1, "b one"),
          new Ack("b", 2, "b two"));

  private static final Findings CLEAN = new Findings(5, 5, 0, 0, 0, 0, 0);

  private static BenchServer server;
  private BenchDatabase database;

  @BeforeAll
  static void start() throws Exception {
    server = BenchServer.embedded();
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  @BeforeEach
  void fill() throws SQLException {
    database = server.create().withJournal().withSkipRecords();
    database.execute(WritesHandler.projection().tables().ddl());
    for (Ack ack : ACKS) {
      store(ack);
    }
    database.execute("INSERT INTO writes VALUES ('a', 3, 3), ('b', 2, 2)");
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private void store(Ack ack) throws SQLException {
    database.execute(
        """
        INSERT INTO event_journal (persistence_id, sequence_number, writer, event_ser_id,
          event_ser_manifest, event_payload)
        VALUES ('%s', %d, 'w', 1, '', convert_to('%s', 'UTF8'))
        """
            .formatted(ack.persistenceId(), ack.sequenceNumber(), ack.text()));
  }

  private Findings check() throws SQLException {
    try (Connection connection = database.login().connect()) {
      return Checker.check(connection, ACKS);
    }
  }

  @Test
  void a_database_that_holds_what_was_acknowledged_is_clean() throws SQLException {
    assertThat(check()).isEqualTo(CLEAN);
    assertThat(CLEAN.areClean()).isTrue();
  }

  @Test
  void an_event_that_was_stored_and_never_acknowledged_is_no_fault() throws SQLException {
    store(new Ack("b", 3, "b three"));
    database.execute(
        "UPDATE writes SET events = 3, last_sequence_number = 3 WHERE persistence_id = 'b'");

    assertThat(check()).isEqualTo(new Findings(5, 6, 0, 0, 0, 0, 0));
  }

  @Test
  void a_last_event_that_is_gone_from_journal_and_read_model_is_lost() throws SQLException {
    database.execute(
        "DELETE FROM event_journal WHERE persistence_id = 'a' AND sequence_number = 3");
    database.execute(
        "UPDATE writes SET events = 2, last_sequence_number = 2 WHERE persistence_id = 'a'");

    assertThat(check()).isEqualTo(new Findings(5, 4, 1, 0, 0, 0, 0));
  }

  @Test
  void an_event_with_another_text_is_lost() throws SQLException {
    database.execute(
        "UPDATE event_journal SET event_payload = convert_to('else', 'UTF8') WHERE persistence_id = 'a' AND sequence_number = 2");

    assertThat(check()).isEqualTo(new Findings(5, 5, 1, 0, 0, 0, 0));
  }

  @Test
  void an_event_that_is_marked_as_deleted_is_lost() throws SQLException {
    database.execute(
        "UPDATE event_journal SET deleted = TRUE WHERE persistence_id = 'b' AND sequence_number = 1");

    assertThat(check().lost()).isEqualTo(1);
  }

  @Test
  void an_event_that_is_stored_once_more_under_the_next_number_is_doubled() throws SQLException {
    store(new Ack("a", 4, "a three"));
    database.execute(
        "UPDATE writes SET events = 4, last_sequence_number = 4 WHERE persistence_id = 'a'");

    assertThat(check()).isEqualTo(new Findings(5, 6, 0, 1, 0, 0, 0));
  }

  @Test
  void a_gap_in_the_middle_and_one_at_the_beginning_are_missing() throws SQLException {
    store(new Ack("c", 2, "c two"));
    store(new Ack("c", 5, "c five"));
    database.execute("INSERT INTO writes VALUES ('c', 2, 5)");

    assertThat(check()).isEqualTo(new Findings(5, 7, 0, 0, 3, 0, 0));
  }

  @Test
  void a_read_model_that_is_ahead_behind_or_of_no_stream_differs() throws SQLException {
    database.execute("UPDATE writes SET events = 4 WHERE persistence_id = 'a'");
    database.execute("UPDATE writes SET last_sequence_number = 1 WHERE persistence_id = 'b'");
    database.execute("INSERT INTO writes VALUES ('nobody', 1, 1)");

    assertThat(check()).isEqualTo(new Findings(5, 5, 0, 0, 0, 3, 0));
  }

  @Test
  void a_stream_that_the_read_model_does_not_have_differs() throws SQLException {
    database.execute("DELETE FROM writes WHERE persistence_id = 'b'");

    assertThat(check()).isEqualTo(new Findings(5, 5, 0, 0, 0, 1, 0));
  }

  @Test
  void a_record_that_is_open_is_unexplained() throws SQLException {
    database.execute(
        "INSERT INTO kintsugi_skip (projection, generation, persistence_id, sequence_number, ordering, reason) VALUES ('writes', 1, 'a', 3, 3, 'BEHIND')");

    assertThat(check()).isEqualTo(new Findings(5, 5, 0, 0, 0, 0, 1));
  }

  @Test
  void whatever_is_wrong_is_not_clean() {
    assertThat(
            List.of(
                new Findings(5, 4, 1, 0, 0, 0, 0),
                new Findings(5, 6, 0, 1, 0, 0, 0),
                new Findings(5, 5, 0, 0, 1, 0, 0),
                new Findings(5, 5, 0, 0, 0, 1, 0),
                new Findings(5, 5, 0, 0, 0, 0, 1)))
        .noneMatch(Findings::areClean);
  }
}
