package dev.kintsugi.runtime.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.DriverManager;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each rule of the auditor, broken by hand: tests that ask it could not fail otherwise. */
class AuditorTest {

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");

  @BeforeEach
  void two_events_of_a_stream_are_applied() throws Exception {
    world.start(log);
    world.append(world.event("a", 1), world.event("a", 2));
    assertThat(violations()).isEmpty();
  }

  @AfterEach
  void drop() {
    world.close();
  }

  @Test
  void a_lost_event() throws Exception {
    world.execute("DELETE FROM log_log WHERE sequence_number = 2");
    assertThat(violations()).containsExactly("a/2: applied 0, open 0, discarded 0 times");
  }

  @Test
  void a_doubled_event() throws Exception {
    applyAgain(2);
    assertThat(violations())
        .containsExactlyInAnyOrder(
            "a/2: applied 2, open 0, discarded 0 times", "a/2: applied out of order");
  }

  @Test
  void an_event_after_a_later_one() throws Exception {
    world.execute("DELETE FROM log_log WHERE sequence_number = 1");
    world.execute(
        "INSERT INTO log_log (persistence_id, sequence_number, payload) VALUES ('a', 1, 'late')");
    assertThat(violations()).containsExactly("a/1: applied out of order");
  }

  @Test
  void an_event_past_an_open_record() throws Exception {
    world.execute("DELETE FROM log_log WHERE sequence_number = 1");
    record("kintsugi_skip", "", "");
    assertThat(violations()).containsExactly("a/2: applied past an open record");
  }

  @Test
  void an_event_that_is_not_in_the_journal() throws Exception {
    world.execute("DELETE FROM event_journal WHERE sequence_number = 2");
    assertThat(violations()).containsExactly("a/2: applied, not in the journal");
  }

  @Test
  void an_event_that_is_applied_and_discarded() throws Exception {
    archive("discarded");
    assertThat(violations()).containsExactly("a/1: applied 1, open 0, discarded 1 times");
  }

  @Test
  void a_record_that_is_archived_twice() throws Exception {
    archive("applied");
    archive("applied");
    assertThat(violations()).containsExactly("a/1: open and archived, or archived twice");
  }

  @Test
  void a_record_that_is_archived_as_applied_and_is_not() throws Exception {
    archive("applied");
    world.execute("DELETE FROM log_log WHERE sequence_number = 1");
    assertThat(violations())
        .containsExactlyInAnyOrder(
            "a/1: applied 0, open 0, discarded 0 times", "a/1: archived as applied, but is not");
  }

  private void applyAgain(int sequenceNumber) throws Exception {
    world.execute(
        "INSERT INTO log_log (persistence_id, sequence_number, payload)"
            + " SELECT persistence_id, sequence_number, payload FROM log_log WHERE sequence_number = "
            + sequenceNumber);
  }

  private void archive(String outcome) throws Exception {
    record("kintsugi_skip_archive", ", recorded_at, outcome", ", now(), '" + outcome + "'");
  }

  /** A record of the first event. */
  private void record(String table, String columns, String values) throws Exception {
    world.execute(
        """
        INSERT INTO %s (projection, generation, persistence_id, sequence_number, ordering, reason, attempts%s)
        SELECT 'log', generation, persistence_id, sequence_number, ordering, 'PAUSED', 0%s
        FROM event_journal, kintsugi_projection WHERE sequence_number = 1
        """
            .formatted(table, columns, values));
  }

  private List<String> violations() throws Exception {
    try (Connection connection = DriverManager.getConnection(world.url())) {
      return Auditor.violations(connection, log);
    }
  }
}
