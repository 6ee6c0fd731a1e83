package dev.kintsugi.runtime.internal.verify;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.runtime.internal.handler.HandlerException;
import dev.kintsugi.runtime.internal.operations.ChangeRequest;
import dev.kintsugi.runtime.internal.state.Fence;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestProjection.Kind;
import dev.kintsugi.runtime.testing.World;
import dev.kintsugi.runtime.verify.NotVerifiableException;
import dev.kintsugi.runtime.verify.RowDifference;
import dev.kintsugi.runtime.verify.TableDifference;
import dev.kintsugi.runtime.verify.Verification;
import dev.kintsugi.runtime.verify.VerificationState;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("slow")
class VerifierTest {

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");

  @AfterEach
  void close() {
    world.close();
  }

  private Verification verify() throws Exception {
    return world.verifier().verify("log").orElseThrow();
  }

  private void start() throws Exception {
    world.start(log);
    for (int i = 1; i <= 3; i++) {
      world.append(world.event("a", i), world.event("b", i));
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_read_model_that_is_what_its_journal_says_is_clean(Kind kind) throws Exception {
    log.kind(kind);
    start();

    Verification verification = verify();

    assertThat(verification.isClean()).isTrue();
    assertThat(verification.events()).isEqualTo(6);
    assertThat(verification.tables())
        .singleElement()
        .satisfies(t -> assertThat(t.rows()).isPositive());
  }

  @Test
  void rows_that_are_lost_doubled_or_changed_are_named_by_their_keys() throws Exception {
    log.kind(Kind.ROWS);
    start();
    world.execute("DELETE FROM log_log WHERE persistence_id = 'a' AND sequence_number = 2");
    world.execute(
        "UPDATE log_log SET times = 2 WHERE persistence_id = 'b' AND sequence_number = 1");
    world.execute("INSERT INTO log_log VALUES ('c', 1, 'never was', 1)");

    Verification verification = verify();

    assertThat(verification.isClean()).isFalse();
    TableDifference table = verification.tables().get(0);
    assertThat(table.table()).isEqualTo("public.log_log");
    assertThat(List.of(table.rows(), table.missing(), table.surplus())).containsExactly(6L, 2L, 2L);
    assertThat(table.examples())
        .extracting(RowDifference::key)
        .containsExactly("[\"a\", 2]", "[\"b\", 1]", "[\"c\", 1]");
    assertThat(table.examples().get(0).actual()).isEmpty();
    assertThat(table.examples().get(1).expected().orElseThrow()).contains("\"times\": 1");
    assertThat(table.examples().get(1).actual().orElseThrow()).contains("\"times\": 2");
    assertThat(table.examples().get(2).expected()).isEmpty();
  }

  @Test
  void what_the_database_numbers_otherwise_is_named_and_no_number_is_drawn() throws Exception {
    start();
    world.execute("ALTER TABLE log_log ADD COLUMN m INT DEFAULT nextval('log_log_n_seq')");
    String last = world.column("SELECT last_value FROM log_log_n_seq").get(0);

    Verification verification = verify();

    assertThat(verification.result()).isEqualTo(VerificationState.INCOMPLETE);
    assertThat(verification.isClean()).isFalse();
    assertThat(verification.notCompared())
        .containsExactly(
            "column \"n\" of table public.log_log could not be compared: the database fills it, and it differs in 5 rows that are otherwise the same",
            "column \"m\" of table public.log_log could not be compared: the database fills it, and it differs in 5 rows that are otherwise the same");
    assertThat(world.column("SELECT last_value FROM log_log_n_seq")).containsExactly(last);
  }

  @Test
  void events_with_open_records_and_discarded_ones_are_left_out_and_counted() throws Exception {
    start();
    world.setPaused(log, true);
    world.append(world.event("a", 4));
    world.append(world.event("b", 4));
    world
        .operations(log)
        .discardAll(SkipFilter.any().inStream("b"), new ChangeRequest("test", "no need"), false);

    Verification verification = verify();

    assertThat(verification.isClean()).isTrue();
    assertThat(List.of(verification.events(), verification.open(), verification.discarded()))
        .containsExactly(6L, 1L, 1L);
  }

  @Test
  void writers_wait_for_none_of_it_and_what_they_do_meanwhile_is_not_seen() throws Exception {
    start();
    boolean[] written = {false};
    try (World.HeldWriter inFlight = world.holdWriter()) {
      inFlight.write(world.event("f", 1));
      log.beforeEach(
          envelope -> {
            if (!written[0]) {
              written[0] = true;
              meanwhile(() -> world.append(world.event("m", 1)));
            }
          });

      Verification verification = verify();

      assertThat(verification.isClean()).isTrue();
      assertThat(verification.events()).isEqualTo(6);
      assertThat(written[0]).isTrue();
      inFlight.commit();
    }
    assertThat(verify().events()).isEqualTo(8);
    world.auditWhole(log);
  }

  /** A page of a transaction has an id while it is applied; the snapshot has none. */
  @Test
  void a_fence_waits_for_a_page_at_the_most() throws Exception {
    start();
    for (int i = 0; i < 1100; i++) {
      world.append(world.event("many-" + i, 1));
    }
    List<Fence> fences = new ArrayList<>();
    List<Boolean> passed = new ArrayList<>();
    log.beforeEach(
        envelope -> {
          if (envelope.persistenceId().equals("a") && envelope.sequenceNr() == 1) {
            meanwhile(() -> fences.add(fence()));
          } else if (envelope.persistenceId().equals("many-1099")) {
            meanwhile(() -> passed.add(world.database().inTransaction(fences.get(0)::hasPassed)));
          }
        });

    verify();

    assertThat(passed).containsExactly(true);
  }

  private Fence fence() throws Exception {
    try (Connection connection = world.database().connection()) {
      return Fence.take(connection);
    }
  }

  /** Before the first event only the snapshot is in a transaction. */
  @Test
  void the_snapshot_may_stand_still_for_longer_than_other_transactions() throws Exception {
    TestProjection slow = new TestProjection("slow");
    try (World strict = new World(Duration.ofMillis(200))) {
      strict.start(slow);
      strict.append(strict.event("a", 1));
      slow.beforeEach(envelope -> meanwhile(() -> standStillUntilEnded(strict)));

      assertThat(strict.verifier().verify("slow").orElseThrow().isClean()).isTrue();
    }
  }

  private static boolean standStillUntilEnded(World strict) throws Exception {
    try (Connection standsStill = strict.database().connection();
        Statement statement = standsStill.createStatement()) {
      statement.execute("LOCK TABLE kintsugi_request IN ACCESS EXCLUSIVE MODE");
      strict.execute("LOCK TABLE kintsugi_request IN ACCESS EXCLUSIVE MODE"); // waits for its end
      assertThatThrownBy(() -> statement.execute("SELECT 1")).isInstanceOf(SQLException.class);
      return true;
    }
  }

  private interface Work {
    Object run() throws Exception;
  }

  private static void meanwhile(Work work) {
    try {
      work.run();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void the_connection_is_as_before_afterwards() throws Exception {
    start();
    verify();
    verify();

    world.append(world.event("a", 4));

    world.auditWhole(log);
    eventually(
        () ->
            assertThat(world.column("SELECT relname FROM pg_class WHERE relpersistence = 't'"))
                .isEmpty());
    assertThat(world.column("SHOW search_path")).containsExactly("\"$user\", public");
  }

  /** A server's plan for a statement stays with the tables that it was made for. */
  @Test
  void statements_that_the_connections_have_prepared_find_the_temporary_tables() throws Exception {
    start();
    List<Connection> all = new ArrayList<>();
    for (int i = 0; i < World.CONNECTIONS; i++) {
      all.add(world.database().connection());
    }
    for (Connection connection : all) {
      prepareAsTheHandlerDoes(connection);
      connection.close();
    }

    assertThat(verify().isClean()).isTrue();
    world.append(world.event("a", 4));
    world.auditWhole(log);
  }

  /**
   * So often that the driver has the server keep the plan; and in a session that has had temporary
   * tables before, as after an earlier verification.
   */
  private static void prepareAsTheHandlerDoes(Connection connection) throws Exception {
    try (Statement statement = connection.createStatement()) {
      statement.execute("CREATE TEMP TABLE before (n INT); DROP TABLE before");
    }
    connection.commit();
    for (int i = 0; i < 10; i++) {
      try (PreparedStatement insert =
          connection.prepareStatement(
              "INSERT INTO log_log (persistence_id, sequence_number, payload) VALUES (?, ?, ?)")) {
        insert.setString(1, "rolled back");
        insert.setLong(2, i);
        insert.setString(3, "");
        insert.executeUpdate();
      }
    }
    connection.rollback();
  }

  @Test
  void a_handler_that_names_the_live_table_is_refused_and_changes_nothing() throws Exception {
    start();
    log.beforeEach(envelope -> {});
    log.writesTo("public.log_log");

    assertThatThrownBy(this::verify)
        .isInstanceOf(HandlerException.class)
        .hasStackTraceContaining("read-only transaction");

    assertThat(world.applied(log)).hasSize(6);
  }

  @Test
  void a_projection_that_is_being_rebuilt_is_refused_and_an_unknown_one_not_found()
      throws Exception {
    start();
    assertThat(world.verifier().verify("nobody")).isEmpty();
    world.requestRebuild(log);

    assertThatThrownBy(this::verify)
        .isInstanceOf(NotVerifiableException.class)
        .hasMessageContaining("is being rebuilt");

    world.runToTheEnd(log);
    assertThat(verify().isClean()).isTrue();
  }

  @Test
  void a_rebuild_that_begins_meanwhile_ends_it() throws Exception {
    start();
    boolean[] asked = {false};
    log.beforeEach(
        envelope -> {
          if (!asked[0]) {
            asked[0] = true;
            meanwhile(() -> world.requestRebuild(log));
          }
        });

    assertThatThrownBy(this::verify)
        .isInstanceOf(NotVerifiableException.class)
        .hasMessageContaining("began while generation 1");
  }
}
