package dev.kintsugi.examples.bench.cluster.history;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper;
import dev.kintsugi.examples.bench.failures.Claims;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.examples.history.files.FileEntity;
import dev.kintsugi.examples.history.input.ChangeKind;
import dev.kintsugi.examples.history.input.HistoryLine;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class AuditsTest {

  private static final Change CHANGE =
      new Change(new HistoryLine("c1", Instant.EPOCH, "ada", ChangeKind.ADDED, "README"), 1);

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

  /** The authors have been rebuilt once; the other read models show the one event that there is. */
  @BeforeEach
  void anEventThatTheAuthorsLack() throws SQLException, IOException {
    database = server.create().withJournal().withSkipRecords();
    try (Connection connection = database.login().connect();
        PreparedStatement insert =
            connection.prepareStatement(
                """
                INSERT INTO event_journal (persistence_id, sequence_number, writer,
                  write_timestamp, event_ser_id, event_ser_manifest, event_payload)
                VALUES (?, 1, '', 0, 0, '', ?)
                """)) {
      insert.setString(1, FileEntity.persistenceId("README"));
      insert.setBytes(2, new CBORMapper().writeValueAsBytes(Map.of("commit", "c1")));
      insert.executeUpdate();
    }
    database.execute(
        """
        INSERT INTO kintsugi_projection (projection, generation, status, version)
        VALUES ('authors', 2, 'active', 1);
        CREATE TABLE files (path TEXT, present BOOLEAN, changes BIGINT, last_author TEXT,
          last_change_at TIMESTAMPTZ);
        INSERT INTO files VALUES ('README', TRUE, 1, 'ada', to_timestamp(0));
        CREATE TABLE directories (path TEXT, changes BIGINT, files BIGINT);
        INSERT INTO directories VALUES ('', 1, 1);
        CREATE TABLE authors (key TEXT, changes BIGINT, first_change_at TIMESTAMPTZ,
          last_change_at TIMESTAMPTZ);
        """);
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private void show() throws SQLException {
    database.execute("INSERT INTO authors VALUES ('ada', 1, to_timestamp(0), to_timestamp(0))");
  }

  private void discard(int generation, String operation) throws SQLException {
    database.execute(
        """
        INSERT INTO kintsugi_skip_archive (projection, generation, persistence_id, sequence_number,
          ordering, reason, recorded_at, attempts, outcome, operation)
        VALUES ('authors', %d, '%s', 1, 1, 'failed', now(), 1, 'discarded', %s)
        """
            .formatted(generation, FileEntity.persistenceId("README"), operation));
  }

  private void operation() throws SQLException {
    database.execute(
        """
        INSERT INTO kintsugi_operation (projection, operation, requested_by, reason, records)
        VALUES ('authors', 'discard', 'somebody', 'a test', 1)
        """);
  }

  private boolean isClean() throws SQLException, IOException {
    Tally tally = new Tally();
    tally.acknowledged(CHANGE);
    Claims claims = new Claims();
    try (Connection connection = database.login().connect()) {
      Audits.of(connection, List.of(CHANGE), tally).claim(claims);
    }
    return claims.hold();
  }

  @Test
  void what_a_read_model_shows_is_clean_and_what_it_lacks_is_not() throws Exception {
    assertThat(isClean()).isFalse();
    show();
    assertThat(isClean()).isTrue();
  }

  @Test
  void what_an_operator_has_discarded_is_not_to_be_shown() throws Exception {
    discard(2, "1");
    operation();
    assertThat(isClean()).isTrue();
    show();
    assertThat(isClean()).isFalse();
  }

  @Test
  void what_was_discarded_before_the_last_rebuild_is_to_be_shown() throws Exception {
    discard(1, "1");
    operation();
    assertThat(isClean()).isFalse();
    show();
    assertThat(isClean()).isTrue();
  }

  @Test
  void what_is_discarded_by_nobody_or_by_an_operation_that_is_not_on_record_is_no_good()
      throws Exception {
    discard(2, "1");
    assertThat(isClean()).as("no operation").isFalse();
    database.execute("DELETE FROM kintsugi_skip_archive");
    discard(2, "NULL");
    assertThat(isClean()).as("nobody").isFalse();
  }
}
