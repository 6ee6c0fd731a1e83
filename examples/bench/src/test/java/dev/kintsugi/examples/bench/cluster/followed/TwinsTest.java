package dev.kintsugi.examples.bench.cluster.followed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.examples.bench.failures.Claims;
import dev.kintsugi.examples.bench.failures.Ledger;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.projections.Projection;
import java.io.IOException;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What is claimed of read models that follow. */
@Tag("slow")
class TwinsTest {

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

  /** Two events of a stream, which all have. */
  @BeforeEach
  void twoEvents() throws SQLException {
    database = server.create().withJournal().withSkipRecords();
    database.execute(
        """
        INSERT INTO event_journal (persistence_id, sequence_number, writer, write_timestamp,
          event_ser_id, event_ser_manifest, event_payload)
        SELECT 'a', n, '', 0, 0, '', '' FROM generate_series(1, 2) n
        """);
    for (Projection<?> projection : Twins.projections()) {
      boolean isFold = projection.name().endsWith(Ledger.FOLD.toString());
      database.execute(
          """
          CREATE TABLE %1$s (%2$s TEXT, events BIGINT, sequence_sum BIGINT,
            last_sequence_number BIGINT, misplaced BIGINT);
          INSERT INTO %1$s VALUES ('a', 2, 3, 2, 0);
          """
              .formatted(projection.name(), isFold ? "key" : "persistence_id"));
    }
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private Claims claims() throws SQLException {
    Claims claims = new Claims();
    Twins.claim(database, claims);
    return claims;
  }

  @Test
  void all_of_them_are_as_the_journal_is() throws SQLException {
    assertThat(claims().hold()).isTrue();
    assertThat(claims().lines())
        .anyMatch(
            line -> line.matches("following_rows: streams whose row is not as in inline_rows .*"));
  }

  @Test
  void an_event_that_one_that_follows_lacks_is_found() throws SQLException {
    database.execute(
        "UPDATE following_rows SET events = 1, sequence_sum = 1, last_sequence_number = 1");

    assertThat(claims().hold()).isFalse();
    assertThat(claims().lines())
        .anyMatch(line -> line.matches("following_rows: events lost +0 +1 +BROKEN"))
        .anyMatch(
            line ->
                line.matches(
                    "following_rows: streams whose row is not as in inline_rows +0 +2 +BROKEN"));
  }

  @Test
  void an_event_that_came_too_early_is_found() throws SQLException {
    database.execute("UPDATE following_handler SET misplaced = 1");

    assertThat(claims().lines())
        .anyMatch(
            line ->
                line.matches(
                    "following_handler: events not applied right after the one before +0 +1 +BROKEN"));
  }
}
