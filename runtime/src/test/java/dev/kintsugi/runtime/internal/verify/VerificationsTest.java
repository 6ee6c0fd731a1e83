package dev.kintsugi.runtime.internal.verify;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.jdbc.JdbcSettings;
import dev.kintsugi.runtime.operations.StopAnswer;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestProjection.Kind;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import dev.kintsugi.runtime.verify.NotVerifiableException;
import dev.kintsugi.runtime.verify.RowDifference;
import dev.kintsugi.runtime.verify.TableDifference;
import dev.kintsugi.runtime.verify.Verification;
import dev.kintsugi.runtime.verify.VerificationRun;
import dev.kintsugi.runtime.verify.VerificationState;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Verifications on record, as a node carries them out, and as others find them. */
@Tag("slow")
class VerificationsTest {

  private static final String LOCKS =
      "FROM pg_locks WHERE locktype = 'advisory'"
          + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
          + " AND classid::int8 = hashtext('kintsugi.verification '"
          + " || 'kintsugi_verification'::regclass::oid) & 4294967295";

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");
  private final TestProjection other = new TestProjection("other");
  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private final List<Database> opened = new CopyOnWriteArrayList<>();
  private final Verifications node = node("node-1");

  private Verifications node(String name) {
    return new Verifications(
        world.database(), this::openConnections, world::verifier, name, thread);
  }

  private Database openConnections(int howMany) {
    Database connections =
        Database.open(new JdbcSettings(world.url(), "", "", howMany, Duration.ofSeconds(10)));
    opened.add(connections);
    return connections;
  }

  @AfterEach
  void close() throws Exception {
    node.close();
    thread.shutdown();
    assertThat(thread.awaitTermination(TestSystem.PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    world.close();
  }

  private void start() throws Exception {
    world.start(log, other);
    for (int i = 1; i <= 3; i++) {
      world.append(world.event("a", i));
    }
  }

  private int begin(TestProjection projection) throws Exception {
    return node.begin(projection.name(), "ann", "the nightly one").orElseThrow();
  }

  private VerificationRun find(int id) throws Exception {
    return world
        .database()
        .inTransaction(connection -> VerificationRuns.find(connection, "log", id))
        .orElseThrow();
  }

  private VerificationState state(int id) throws Exception {
    return VerificationState.ofTable(
        world.column("SELECT state FROM kintsugi_verification WHERE id = " + id).get(0));
  }

  private StopAnswer stop(TestProjection projection, int id) throws Exception {
    return world
        .database()
        .inTransaction(
            connection ->
                VerificationRuns.stop(connection, projection.name(), id, "bob", "too slow"));
  }

  /** Until all that was asked for so far has been carried out. */
  private void awaitTheirEnds() throws Exception {
    thread.submit(() -> "ended").get(TestSystem.PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  @Test
  void its_result_is_kept_with_who_asked_and_why() throws Exception {
    start();

    int id = begin(log);
    awaitTheirEnds();

    VerificationRun run = find(id);
    assertThat(run.state()).isEqualTo(VerificationState.CLEAN);
    assertThat(List.of(run.requestedBy(), run.reason(), run.node()))
        .containsExactly("ann", "the nightly one", "node-1");
    assertThat(List.of(run.events(), run.open(), run.discarded())).containsExactly(3L, 0L, 0L);
    assertThat(run.progress()).isEqualTo(1.0);
    assertThat(run.tables())
        .singleElement()
        .satisfies(table -> assertThat(table.rows()).isEqualTo(3));
    assertThat(run.detail()).isNull();
  }

  @Test
  void rows_that_differ_are_kept_as_text_and_cut_between_characters() throws Exception {
    log.kind(Kind.ROWS);
    start();
    String hostile = "\"}]\\u0000'; DROP TABLE log_log; --<b>";
    world.execute(
        "INSERT INTO log_log VALUES (repeat('\ud83e\udd2f', 5000), 1, '%s', 1)"
            .formatted(hostile.replace("'", "''")));
    world.execute("DELETE FROM log_log WHERE sequence_number = 2");

    int id = begin(log);
    awaitTheirEnds();

    TableDifference table = find(id).tables().get(0);
    assertThat(find(id).state()).isEqualTo(VerificationState.DIFFERENT);
    assertThat(List.of(table.rows(), table.missing(), table.surplus())).containsExactly(3L, 1L, 1L);
    RowDifference lost = table.examples().get(0);
    assertThat(lost.key()).isEqualTo("[\"a\", 2]");
    assertThat(lost.expected().orElseThrow()).contains("\"sequence_number\": 2");
    assertThat(lost.actual()).isEmpty();
    RowDifference never = table.examples().get(1);
    assertThat(never.key())
        .startsWith("[\"\ud83e\udd2f")
        .endsWith("\ud83e\udd2f… (5007 characters)");
    assertThat(never.actual().orElseThrow()).hasSizeLessThan(2 * TableReports.LONGEST + 50);
    List<VerificationRun> history =
        world
            .database()
            .inTransaction(connection -> VerificationRuns.history(connection, "log", 9));
    assertThat(history)
        .singleElement()
        .satisfies(run -> assertThat(run.tables().get(0).examples()).isEmpty())
        .satisfies(run -> assertThat(run.tables().get(0).missing()).isEqualTo(1));
  }

  @Test
  void one_that_could_not_compare_all_is_incomplete_and_says_why() throws Exception {
    start();
    world.execute("UPDATE log_log SET n = n + 100 WHERE sequence_number > 1");

    int id = begin(log);
    awaitTheirEnds();

    assertThat(find(id).state()).isEqualTo(VerificationState.INCOMPLETE);
    assertThat(find(id).notCompared())
        .singleElement()
        .asString()
        .contains("column \"n\" of table public.log_log", "differs in 2 rows");
    assertThat(find(id).tables()).singleElement().matches(TableDifference::isNone);
    world.execute("DROP TABLE log_log");
    int gone = begin(log);
    awaitTheirEnds();
    assertThat(find(gone).state()).isEqualTo(VerificationState.DIFFERENT);
    assertThat(find(gone).tables()).singleElement().matches(table -> !table.exists());
  }

  @Test
  void how_far_it_is_can_be_seen_by_all() throws Exception {
    start();
    for (int i = 0; i < 1000; i++) {
      world.append(world.event("many-" + i, 1));
    }
    TestProjection.Gate gate = log.holdOn("many-999/1");
    int id = begin(log);
    gate.awaitReached();

    VerificationRun run = find(id);

    gate.open();
    assertThat(run.state()).isEqualTo(VerificationState.RUNNING);
    assertThat(run.events()).isEqualTo(1000);
    assertThat(run.upTo()).isEqualTo(1003);
    assertThat(run.progress()).isEqualTo(1000 / 1003.0);
  }

  @Test
  void one_of_a_projection_at_a_time_and_others_wait_for_their_turn() throws Exception {
    start();
    TestProjection.Gate gate = log.holdOn("a/2");
    int first = begin(log);
    gate.awaitReached();

    int waiting = begin(other);

    assertThatThrownBy(() -> begin(log))
        .isInstanceOf(NotVerifiableException.class)
        .hasMessageContaining("is being verified");
    assertThatThrownBy(() -> node("node-2").begin("other", "ann", "elsewhere"))
        .isInstanceOf(NotVerifiableException.class);
    assertThat(state(waiting)).isEqualTo(VerificationState.WAITING);
    gate.open();
    awaitTheirEnds();
    assertThat(List.of(state(first), state(waiting))).containsOnly(VerificationState.CLEAN);
    begin(log);
  }

  @Test
  void it_goes_on_while_writers_have_all_their_connections_and_leaves_none_of_its_own_open()
      throws Exception {
    start();
    TestProjection.Gate gate = log.holdOn("a/2");
    int id = begin(log);
    gate.awaitReached();
    List<Connection> all = new ArrayList<>();
    try {
      for (int i = 0; i < World.CONNECTIONS; i++) {
        all.add(world.database().connection());
      }
      gate.open();
      awaitTheirEnds();
    } finally {
      for (Connection connection : all) {
        connection.close();
      }
    }
    assertThat(state(id)).isEqualTo(VerificationState.CLEAN);
    assertThat(opened).hasSize(1);
    assertThatThrownBy(() -> opened.get(0).connection()).hasMessageContaining("closed");
    assertThat(world.column("SELECT pid " + LOCKS)).isEmpty();
  }

  @Test
  void eight_at_once_queue_up_while_writers_have_all_their_connections() throws Exception {
    start();
    List<CompletableFuture<Optional<Verification>>> asked = new ArrayList<>();
    List<Connection> all = new ArrayList<>();
    try {
      for (int i = 0; i < World.CONNECTIONS; i++) {
        all.add(world.database().connection());
      }
      TestProjection.Gate gate = log.holdOn("a/2");
      for (int i = 0; i < 8; i++) {
        asked.add(node.verify(i % 2 == 0 ? "log" : "other").toCompletableFuture());
      }
      gate.awaitReached();
      assertThat(opened).hasSize(1);
      assertThat(asked).noneMatch(CompletableFuture::isDone);
      gate.open();
      for (CompletableFuture<Optional<Verification>> one : asked) {
        assertThat(
                one.get(TestSystem.PATIENCE.toSeconds(), TimeUnit.SECONDS).orElseThrow().isClean())
            .isTrue();
      }
    } finally {
      for (Connection connection : all) {
        connection.close();
      }
    }
    awaitTheirEnds();
    assertThat(opened).hasSize(8);
    for (Database connections : opened) {
      assertThatThrownBy(connections::connection).hasMessageContaining("closed");
    }
    assertThat(world.column("SELECT id FROM kintsugi_verification")).isEmpty();
  }

  @Test
  void one_that_nobody_has_on_record_ends_with_its_node() throws Exception {
    start();
    TestProjection.Gate gate = log.holdOn("a/2");
    CompletableFuture<Optional<Verification>> running = node.verify("log").toCompletableFuture();
    CompletableFuture<Optional<Verification>> waiting = node.verify("other").toCompletableFuture();
    gate.awaitReached();

    node.close();
    gate.open();

    assertThatThrownBy(() -> running.get(TestSystem.PATIENCE.toSeconds(), TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class);
    assertThatThrownBy(() -> waiting.get(TestSystem.PATIENCE.toSeconds(), TimeUnit.SECONDS))
        .hasMessageContaining("shutting down");
    assertThat(opened).hasSize(1);
  }

  @Test
  void what_can_not_be_verified_is_refused_and_not_on_record() throws Exception {
    start();
    world.requestRebuild(log);

    assertThatThrownBy(() -> begin(log)).hasMessageContaining("is being rebuilt");
    assertThat(node.begin("nobody", "ann", "why")).isEmpty();
    world.execute("UPDATE kintsugi_projection SET version = 9 WHERE projection = 'other'");
    assertThatThrownBy(() -> begin(other)).hasMessageContaining("no handler for version 9");
    assertThat(world.column("SELECT id FROM kintsugi_verification")).isEmpty();
  }

  @Test
  void one_that_fails_says_why() throws Exception {
    start();
    log.failOn("a/2");

    int id = begin(log);
    awaitTheirEnds();

    assertThat(find(id).state()).isEqualTo(VerificationState.FAILED);
    assertThat(find(id).detail()).contains("can't apply").contains("poison");
  }

  @Test
  void a_rebuild_that_begins_before_its_turn_is_why_it_fails() throws Exception {
    start();
    TestProjection.Gate gate = other.holdOn("a/1");
    begin(other);
    gate.awaitReached();
    int id = begin(log);
    world.requestRebuild(log);

    gate.open();
    awaitTheirEnds();

    assertThat(find(id).state()).isEqualTo(VerificationState.FAILED);
    assertThat(find(id).detail()).contains("is being rebuilt");
  }

  @Test
  void one_that_somebody_stops_leaves_off_and_one_that_waits_never_begins() throws Exception {
    start();
    TestProjection.Gate gate = log.holdOn("a/2");
    int running = begin(log);
    gate.awaitReached();
    int waiting = begin(other);

    assertThat(stop(log, running)).isInstanceOf(StopAnswer.Stopped.class);
    assertThat(stop(other, waiting)).isInstanceOf(StopAnswer.Stopped.class);
    gate.open();
    awaitTheirEnds();

    assertThat(find(running).state()).isEqualTo(VerificationState.STOPPED);
    assertThat(find(running).detail()).isEqualTo("stopped by bob: too slow");
    assertThat(find(running).events()).isZero();
    assertThat(world.column("SELECT started_at FROM kintsugi_verification WHERE id = " + waiting))
        .containsOnlyNulls();
    assertThat(stop(log, running)).isInstanceOf(StopAnswer.HadEnded.class);
    assertThat(stop(other, running)).isInstanceOf(StopAnswer.NotThere.class);
  }

  /** As the server sees the death of a node's process. */
  private void endSession() throws Exception {
    world.column("SELECT pg_terminate_backend(pid) " + LOCKS);
    eventually(() -> assertThat(world.column("SELECT pid " + LOCKS)).isEmpty());
  }

  @Test
  void one_whose_node_has_died_is_found_abandoned_and_another_can_begin() throws Exception {
    start();
    TestProjection.Gate gate = log.holdOn("a/2");
    int lost = begin(log);
    gate.awaitReached();
    endSession();
    assertThat(state(lost)).isEqualTo(VerificationState.RUNNING);

    assertThat(find(lost).state()).isEqualTo(VerificationState.ABANDONED);

    assertThat(find(lost).detail()).contains("node node-1 ended before it");
    gate.open();
    awaitTheirEnds();
    assertThat(state(lost)).isEqualTo(VerificationState.ABANDONED);
    int next = begin(log);
    awaitTheirEnds();
    assertThat(find(next).state()).isEqualTo(VerificationState.CLEAN);
  }

  @Test
  void an_abandoned_one_that_nobody_looked_at_holds_up_no_other() throws Exception {
    start();
    TestProjection.Gate gate = log.holdOn("a/2");
    begin(log);
    gate.awaitReached();
    endSession();

    Verifications second = node("node-2");
    int next = second.begin("log", "ann", "once more").orElseThrow();

    gate.open();
    awaitTheirEnds();
    assertThat(find(next).state()).isEqualTo(VerificationState.CLEAN);
    second.close();
  }

  @Test
  void a_node_that_ends_says_so_of_what_it_has_not_done() throws Exception {
    start();
    TestProjection.Gate gate = log.holdOn("a/2");
    int running = begin(log);
    gate.awaitReached();
    int waiting = begin(other);

    node.close();
    gate.open();
    awaitTheirEnds();

    assertThat(List.of(state(running), state(waiting))).containsOnly(VerificationState.ABANDONED);
    assertThat(find(running).detail()).isEqualTo("node node-1 was shut down before it had ended");
    eventually(() -> assertThat(world.column("SELECT pid " + LOCKS)).isEmpty());
    assertThatThrownBy(() -> begin(log)).hasMessageContaining("shutting down");
  }

  /** Its end is committed between the look of who reads it and the lock that is free by then. */
  @Test
  void one_that_has_just_ended_is_not_taken_for_abandoned() throws Exception {
    start();
    int id =
        Integer.parseInt(
            world
                .column(
                    "INSERT INTO kintsugi_verification (projection, generation, requested_by, reason,"
                        + " node, state) VALUES ('log', 1, 'ann', 'why', 'node-1', 'running')"
                        + " RETURNING id")
                .get(0));
    try (Connection ending = world.database().connection();
        Statement statement = ending.createStatement()) {
      statement.execute(
          "UPDATE kintsugi_verification SET state = 'clean', tables = '[]', ended_at = now()");
      Future<VerificationRun> found = thread.submit(() -> find(id));
      eventually(
          () ->
              assertThat(
                      world.column(
                          "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                              + " AND wait_event_type = 'Lock'"))
                  .hasSize(1));
      ending.commit();
      assertThat(found.get(TestSystem.PATIENCE.toSeconds(), TimeUnit.SECONDS).state())
          .isEqualTo(VerificationState.CLEAN);
    }
  }
}
