package dev.kintsugi.runtime.internal.writer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.internal.rebuild.RebuildStep;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.internal.state.Fence;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.persistence.AppendRejectedException;
import dev.kintsugi.runtime.persistence.AppendResult;
import dev.kintsugi.runtime.persistence.AppendResult.Appended;
import dev.kintsugi.runtime.persistence.AppendResult.Conflict;
import dev.kintsugi.runtime.persistence.StreamAppend;
import dev.kintsugi.runtime.persistence.UnsafeTransactionException;
import dev.kintsugi.runtime.persistence.UnstorableEventException;
import dev.kintsugi.runtime.skip.SkipReason;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.pekko.persistence.journal.Tagged;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Appends from plain JDBC code, in a transaction that has other writes of the application. */
@Tag("slow")
class EventWriterTest {

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");
  private final TestProjection other = new TestProjection("other");
  private final ExecutorService threads = Executors.newCachedThreadPool();

  /** The application's. */
  private Connection connection;

  @BeforeEach
  void open() throws Exception {
    world.execute("CREATE TABLE orders (id TEXT PRIMARY KEY)");
    connection = world.database().connection();
  }

  @AfterEach
  void close() throws Exception {
    threads.shutdownNow();
    connection.close();
    world.close();
  }

  private AppendResult append(String persistenceId, long expected, Object... events)
      throws Exception {
    return append(connection, persistenceId, expected, events);
  }

  private AppendResult append(Connection on, String persistenceId, long expected, Object... events)
      throws Exception {
    return world.eventWriter().append(on, persistenceId, expected, Arrays.asList(events));
  }

  private void insertOrder(String id) throws SQLException {
    execute(connection, "INSERT INTO orders VALUES ('" + id + "')");
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private List<String> orders() throws Exception {
    return world.column("SELECT id FROM orders ORDER BY id");
  }

  private List<String> stored() throws Exception {
    return world.column(
        "SELECT persistence_id || '/' || sequence_number FROM event_journal ORDER BY ordering");
  }

  /** The transaction goes on as if the append had not been tried. */
  private void assertUsableAndEmpty() throws Exception {
    insertOrder("after");
    connection.commit();
    assertThat(orders()).contains("after");
    assertThat(stored()).isEmpty();
    assertThat(world.column("SELECT persistence_id FROM kintsugi_skip")).isEmpty();
  }

  private void setPaused(boolean paused) throws Exception {
    world.database().inTransaction(c -> Generations.setPaused(c, "log", paused));
  }

  // All together, or not at all

  @Test
  void events_read_model_and_the_applications_own_rows_are_stored_together() throws Exception {
    world.start(log);

    insertOrder("17");
    AppendResult result = append("order-17", 0, "placed", "paid");
    assertThat(stored()).as("before the commit").isEmpty();
    connection.commit();

    assertThat(result)
        .isEqualTo(
            new Appended(
                Map.of("order-17", 2L), Map.of("log", new AppendResult.Projected(2, Map.of()))));
    assertThat(orders()).containsExactly("17");
    assertThat(world.applied(log)).containsExactly("order-17/1", "order-17/2");
    world.auditWhole(log);
  }

  @Test
  void a_rollback_takes_all_of_it() throws Exception {
    world.start(log, other);
    world.requestRebuild(other);

    insertOrder("17");
    append("order-17", 0, new Tagged("placed", Set.of("orders")));
    connection.rollback();

    assertThat(orders()).isEmpty();
    assertThat(stored()).isEmpty();
    assertThat(world.column("SELECT tag FROM event_tag")).isEmpty();
    assertThat(world.applied(log)).isEmpty();
    assertThat(world.open(other)).isEmpty();
  }

  @Test
  void so_does_a_rollback_to_a_savepoint_of_the_applications() throws Exception {
    world.start(log);
    insertOrder("17");
    Savepoint savepoint = connection.setSavepoint();
    append("order-17", 0, "placed");

    connection.rollback(savepoint);
    assertThat(append("order-17", 0, "placed otherwise")).isInstanceOf(Appended.class);
    connection.commit();

    assertThat(orders()).containsExactly("17");
    assertThat(world.column("SELECT payload FROM log_log")).containsExactly("placed otherwise");
    world.auditWhole(log);
  }

  @Test
  void several_streams_in_one_append_and_several_appends_in_one_transaction() throws Exception {
    world.start(log);

    AppendResult result =
        world
            .eventWriter()
            .append(
                connection,
                List.of(
                    new StreamAppend("a", 0, List.of("one", "two")),
                    new StreamAppend("b", 0, List.of("one"))));
    append("a", 2, "three");
    connection.commit();

    assertThat(result).isInstanceOf(Appended.class);
    assertThat(((Appended) result).sequenceNumbers()).isEqualTo(Map.of("a", 2L, "b", 1L));
    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "b/1", "a/3");
    world.auditWhole(log);
  }

  @Test
  void tags_are_stored_as_those_of_actors() throws Exception {
    append("a", 0, new Tagged("one", Set.of("red", "blue")), "two");
    connection.commit();

    assertThat(
            world.column(
                """
                SELECT sequence_number || ' ' || tag || ' ' || convert_from(event_payload, 'UTF8')
                FROM event_journal JOIN event_tag ON event_id = ordering ORDER BY 1
                """))
        .containsExactly("1 blue one", "1 red one");
  }

  // Conflicts

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 3, 7})
  void a_stream_that_is_elsewhere_than_expected_is_a_conflict_and_the_transaction_goes_on(
      long expected) throws Exception {
    world.start(log);
    world.append(world.event("a", 1), world.event("a", 2));
    insertOrder("before");

    assertThat(append("a", expected, "one", "two")).isEqualTo(new Conflict("a", expected, 2));

    insertOrder("after");
    assertThat(append("a", 2, "three")).isInstanceOf(Appended.class);
    connection.commit();
    assertThat(orders()).containsExactly("after", "before");
    assertThat(stored()).containsExactly("a/1", "a/2", "a/3");
    world.auditWhole(log);
  }

  @Test
  void a_stream_with_no_events_is_at_zero_and_nowhere_else() throws Exception {
    assertThat(append("a", 1, "two")).isEqualTo(new Conflict("a", 1, 0));

    assertUsableAndEmpty();
  }

  @Test
  void a_conflict_in_one_stream_is_one_for_the_whole_append() throws Exception {
    world.start(log);
    world.append(world.event("b", 1), world.event("c", 1));

    assertThat(
            world
                .eventWriter()
                .append(
                    connection,
                    List.of(
                        new StreamAppend("a", 0, List.of("one")),
                        new StreamAppend("b", 7, List.of("eight")),
                        new StreamAppend("c", 0, List.of("one")))))
        .as("of b the number is wrong, of c it is taken")
        .isEqualTo(new Conflict("b", 7, 1));
    connection.commit();

    assertThat(stored()).containsExactly("b/1", "c/1");
    world.auditWhole(log);
  }

  @Test
  void deleted_events_had_their_numbers_and_these_are_not_given_again() throws Exception {
    for (int i = 1; i <= 5; i++) {
      world.append(world.event("a", i));
    }
    world
        .database()
        .inTransaction(
            c -> {
              world.journal().deleteUpTo(c, "a", 5);
              return c;
            });
    assertThat(stored()).as("the highest is kept, marked").containsExactly("a/5");

    assertThat(append("a", 2, "three")).isEqualTo(new Conflict("a", 2, 5));
    assertThat(append("a", 0, "one")).isEqualTo(new Conflict("a", 0, 5));
    assertThat(world.eventWriter().highestSequenceNumber(connection, "a")).isEqualTo(5);
    assertThat(append("a", 5, "six")).isInstanceOf(Appended.class);
    connection.commit();

    assertThat(stored()).containsExactly("a/5", "a/6");
  }

  /** The other writer has stored three events and deleted them by the time that ours is let in. */
  @Test
  void nor_are_they_when_they_came_and_went_while_the_append_waited() throws Exception {
    try (Connection first = world.database().connection()) {
      execute(first, "LOCK TABLE event_journal IN SHARE MODE");
      Future<AppendResult> waiting = threads.submit(() -> append("a", 0, "one"));
      await().until(world::someoneWaitsForALock);
      append(first, "a", 0, "one", "two", "three");
      world.journal().deleteUpTo(first, "a", 3);
      first.commit();

      assertThat(waiting.get()).isEqualTo(new Conflict("a", 0, 3));
    }
    connection.commit();
    assertThat(stored()).containsExactly("a/3");
  }

  @Test
  void of_two_at_once_the_one_that_commits_later_gets_the_conflict_and_goes_on() throws Exception {
    world.start(log);
    try (Connection first = world.database().connection()) {
      append(first, "a", 0, "one", "two");
      insertOrder("17");
      Future<AppendResult> second = threads.submit(() -> append("a", 0, "other one"));
      await().until(world::someoneWaitsForALock);
      first.commit();

      assertThat(second.get()).isEqualTo(new Conflict("a", 0, 2));
    }
    append("a", 2, "three");
    connection.commit();

    assertThat(orders()).containsExactly("17");
    assertThat(stored()).containsExactly("a/1", "a/2", "a/3");
    world.auditWhole(log);
  }

  @Test
  void of_two_at_once_the_second_is_stored_if_the_first_rolls_back() throws Exception {
    world.start(log);
    try (Connection first = world.database().connection()) {
      append(first, "a", 0, "one", "two");
      Future<AppendResult> second = threads.submit(() -> append("a", 0, "other one"));
      await().until(world::someoneWaitsForALock);
      first.rollback();

      assertThat(second.get()).isInstanceOf(Appended.class);
    }
    connection.commit();
    assertThat(world.column("SELECT payload FROM log_log")).containsExactly("other one");
    world.auditWhole(log);
  }

  @Test
  void a_unique_violation_elsewhere_in_the_journal_is_no_conflict() throws Exception {
    world.append(world.event("a", 1));
    world.column("SELECT setval('event_journal_ordering_seq', 1, FALSE)");

    assertThatThrownBy(() -> append("b", 0, "one"))
        .isInstanceOfSatisfying(
            SQLException.class,
            e -> assertThat(e.getSQLState()).isEqualTo(SqlStates.UNIQUE_VIOLATION))
        .hasMessageContaining("event_journal_ordering_idx");

    insertOrder("17");
    connection.commit();
    assertThat(orders()).containsExactly("17");
  }

  // Handlers that fail

  @Test
  void a_handlers_unique_violation_is_no_conflict() throws Exception {
    log.uniquePayloads();
    world.start(log);

    assertThat(append("a", 0, "same", "same")).isInstanceOf(Appended.class);
    connection.commit();

    assertThat(world.applied(log)).containsExactly("a/1");
    assertThat(world.open(log)).containsExactly("a/2 FAILED");
    world.audit(log);
  }

  @Test
  void under_skip_a_failing_event_is_recorded_and_what_can_be_applied_is_applied_once()
      throws Exception {
    log.failOn("poison");
    world.start(log, other);
    insertOrder("17");

    AppendResult result =
        world
            .eventWriter()
            .append(
                connection,
                List.of(
                    new StreamAppend("a", 0, List.of("one", "poison", "three")),
                    new StreamAppend("b", 0, List.of("one"))));
    connection.commit();

    assertThat(((Appended) result).projections())
        .isEqualTo(
            Map.of(
                "log",
                new AppendResult.Projected(2, Map.of(SkipReason.FAILED, 1, SkipReason.BEHIND, 1)),
                "other",
                new AppendResult.Projected(4, Map.of())));
    assertThat(orders()).containsExactly("17");
    assertThat(world.applied(log)).containsExactly("a/1", "b/1");
    assertThat(world.applied(other)).containsExactly("a/1", "a/2", "a/3", "b/1");
    assertThat(world.open(log)).containsExactly("a/2 FAILED", "a/3 BEHIND");
    world.audit(log, other);
  }

  @Test
  void a_handler_of_groups_gets_an_appends_events_at_once_and_each_by_itself_only_where_one_fails()
      throws Exception {
    world.start(log.grouped().failOn("poison"));

    append("a", 0, "one", "two");
    append("b", 0, "one", "poison");
    connection.commit();

    assertThat(log.groups()).containsExactly(2, 2, 1, 1);
    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "b/1");
    assertThat(world.open(log)).containsExactly("b/2 FAILED");
    world.audit(log);
  }

  @Test
  void a_handler_that_swallows_an_error_of_the_database_does_not_break_the_transaction()
      throws Exception {
    log.swallowErrorOn("poison");
    world.start(log);
    insertOrder("17");

    append("a", 0, "poison");
    connection.commit();

    assertThat(orders()).containsExactly("17");
    assertThat(world.open(log)).containsExactly("a/1 FAILED");
    world.audit(log);
  }

  @Test
  void under_reject_nothing_of_the_append_is_stored_and_the_transaction_goes_on() throws Exception {
    log.failOn("poison").onFailure(FailurePolicy.reject());
    world.start(other, log);

    assertThatThrownBy(() -> append("a", 0, "one", "poison"))
        .isInstanceOfSatisfying(
            AppendRejectedException.class,
            e -> {
              assertThat(e.projection()).isEqualTo("log");
              assertThat(e.persistenceId()).isEqualTo("a");
              assertThat(e.sequenceNumber()).isEqualTo(2);
            })
        .hasMessageContainingAll("projection 'log'", "event 2 of stream a", "poison: poison");

    assertUsableAndEmpty();
    assertThat(world.applied(log)).isEmpty();
    assertThat(world.applied(other)).isEmpty();
  }

  @Test
  void a_deadlock_that_a_handler_ran_into_is_the_callers_to_retry_by_its_sqlstate()
      throws Exception {
    world.start(log);
    log.beforeEach(
        envelope -> {
          throw new IllegalStateException(new SQLException("deadlock detected", "40P01"));
        });

    assertThatThrownBy(() -> append("a", 0, "one"))
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("40P01"));

    assertUsableAndEmpty();
  }

  @Test
  void a_deadlock_between_two_writers_leaves_one_of_them_to_be_run_again() throws Exception {
    world.start(log);
    try (Connection first = world.database().connection()) {
      append(first, "a", 0, "one");
      append(connection, "b", 0, "one");
      Future<Optional<String>> failures1 = threads.submit(() -> appendAndEnd(first, "b"));
      Future<Optional<String>> failures2 = threads.submit(() -> appendAndEnd(connection, "a"));

      assertThat(List.of(failures1.get(), failures2.get()))
          .containsExactlyInAnyOrder(Optional.of("40P01"), Optional.empty());
    }
    assertThat(stored()).containsExactlyInAnyOrder("a/1", "b/1");
    world.auditWhole(log);
  }

  /** Commits, or rolls back by an error and returns its SQLSTATE. */
  private Optional<String> appendAndEnd(Connection on, String persistenceId) throws Exception {
    try {
      assertThat(append(on, persistenceId, 0, "one")).isInstanceOf(Appended.class);
      on.commit();
      return Optional.empty();
    } catch (SQLException e) {
      on.rollback();
      return Optional.ofNullable(e.getSQLState());
    }
  }

  // The protocol

  @Test
  void while_a_projection_is_rebuilding_it_records_and_the_rebuild_mends_it() throws Exception {
    world.start(log);
    world.append(world.event("a", 1));
    world.requestRebuild(log);

    AppendResult result = append("a", 1, "two");
    connection.commit();

    assertThat(((Appended) result).projections().get("log"))
        .isEqualTo(new AppendResult.Projected(0, Map.of(SkipReason.REBUILDING, 1)));
    assertThat(world.open(log)).containsExactly("a/2 REBUILDING");
    world.runToTheEnd(log);
    assertThat(world.applied(log)).containsExactly("a/1", "a/2");
    world.auditWhole(log);
  }

  @Test
  void a_rebuild_waits_for_a_transaction_that_has_appended_before_it_empties_the_read_model()
      throws Exception {
    world.start(log);
    append("a", 0, "one");

    world.requestRebuild(log);
    RebuildSteps owner = world.owner(log);
    assertThat(world.stepUntilNotDone(owner)).isInstanceOf(RebuildStep.Waiting.class);
    connection.commit();

    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  @Test
  void a_transaction_that_began_long_before_sees_the_status_as_it_is_at_each_append()
      throws Exception {
    world.start(log);
    insertOrder("17");
    append("a", 0, "one");
    world.requestRebuild(log);
    append("a", 1, "two");
    append("b", 0, "one");
    connection.commit();

    assertThat(world.open(log)).containsExactly("a/2 REBUILDING", "b/1 REBUILDING");
    world.runToTheEnd(log);
    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "b/1");
    world.auditWhole(log);
  }

  /**
   * The writer is stopped where it would have read the status already, were that read before the
   * id.
   */
  @Test
  void it_has_its_id_before_it_reads_a_status() throws Exception {
    world.start(log);
    try (Connection stopsInserts = world.database().connection()) {
      execute(stopsInserts, "LOCK TABLE event_journal IN SHARE MODE");
      Future<AppendResult> writing = threads.submit(() -> append("a", 0, "one"));
      await().until(world::someoneWaitsForALock);

      world.requestRebuild(log);
      Fence fence = takeFence();
      assertThat(world.idsOfThoseThatWaitForALock())
          .as("the writer's id")
          .singleElement()
          .satisfies(id -> assertThat(id).isBetween(1L, fence.xid()));
      assertThat(world.database().inTransaction(fence::hasPassed))
          .as("it has yet to read a status, and will read the newer one")
          .isTrue();
      stopsInserts.rollback();
      writing.get();
    }
    connection.commit();

    assertThat(world.open(log)).containsExactly("a/1 REBUILDING");
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  @Test
  void it_helps_with_older_open_records_of_its_stream() throws Exception {
    world.start(log);
    setPaused(true);
    append("a", 0, "one");
    connection.commit();
    assertThat(world.open(log)).containsExactly("a/1 PAUSED");
    setPaused(false);

    append("a", 1, "two");
    connection.commit();

    assertThat(world.applied(log)).containsExactly("a/1", "a/2");
    assertThat(world.archived(log)).containsExactly("a/1 applied");
    world.auditWhole(log);
  }

  @Test
  void it_helps_with_a_record_of_its_own_transaction_too() throws Exception {
    world.start(log);
    setPaused(true);
    append("a", 0, "one");
    setPaused(false);
    append("a", 1, "two");
    connection.commit();

    assertThat(world.applied(log)).containsExactly("a/1", "a/2");
    world.auditWhole(log);
  }

  @Test
  void where_helping_fails_it_records_behind_and_the_transaction_goes_on() throws Exception {
    world.start(log);
    log.failOn("one");
    append("a", 0, "one");
    connection.commit();
    world.execute("UPDATE kintsugi_skip SET next_attempt_at = '-infinity'");
    insertOrder("17");

    append("a", 1, "two");
    connection.commit();

    assertThat(orders()).containsExactly("17");
    assertThat(world.open(log)).containsExactly("a/1 FAILED", "a/2 BEHIND");
    world.audit(log);
  }

  @Test
  void without_the_handler_it_records_no_handler() throws Exception {
    world.start(log);
    world.forgetHandlers();

    append("a", 0, "one");
    connection.commit();

    assertThat(world.open(log)).containsExactly("a/1 NO_HANDLER");
  }

  // The connection

  @ParameterizedTest
  @ValueSource(ints = {Connection.TRANSACTION_REPEATABLE_READ, Connection.TRANSACTION_SERIALIZABLE})
  void a_transaction_whose_snapshot_may_be_older_than_its_id_is_refused(int isolation)
      throws Exception {
    world.start(log);
    connection.setTransactionIsolation(isolation);

    assertThatThrownBy(() -> append("a", 0, "one"))
        .isInstanceOf(UnsafeTransactionException.class)
        .hasMessageContaining("READ COMMITTED");

    assertUsableAndEmpty();
    assertThat(world.applied(log)).isEmpty();
  }

  @Test
  void autocommit_is_refused() throws Exception {
    world.start(log);
    connection.setAutoCommit(true);

    assertThatThrownBy(() -> append("a", 0, "one"))
        .isInstanceOf(UnsafeTransactionException.class)
        .hasMessageContaining("autocommit");

    connection.setAutoCommit(false);
    assertUsableAndEmpty();
  }

  @Test
  void a_transaction_that_is_aborted_already_is_refused() throws Exception {
    assertThatThrownBy(() -> execute(connection, "SELECT 1 / 0")).isInstanceOf(SQLException.class);

    assertThatThrownBy(() -> append("a", 0, "one"))
        .isInstanceOfSatisfying(
            SQLException.class,
            e -> assertThat(e.getSQLState()).isEqualTo(SqlStates.IN_FAILED_TRANSACTION))
        .hasMessageContaining("before the append");

    connection.rollback();
    assertUsableAndEmpty();
  }

  @Test
  void a_connection_that_is_none_of_postgresqls_is_refused() {
    Connection foreign =
        (Connection)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {Connection.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("isWrapperFor")) {
                    return false;
                  }
                  throw new UnsupportedOperationException(method.getName());
                });

    assertThatThrownBy(() -> append(foreign, "a", 0, "one"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("unwrapped to one of PostgreSQL's driver");
  }

  @Test
  void a_connection_that_is_lost_is_said_to_be() throws Exception {
    world.start(log);
    insertOrder("17");
    log.beforeEach(
        envelope -> {
          try {
            world.column(
                "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity"
                    + " WHERE datname = current_database() AND state = 'idle in transaction'");
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });

    assertThatThrownBy(() -> append("a", 0, "one"))
        .isInstanceOf(SQLException.class)
        .satisfies(e -> assertThat(SqlStates.isDatabaseAtFault(e)).isTrue())
        .hasMessageContaining("must be rolled back");

    assertThat(stored()).isEmpty();
    assertThat(orders()).isEmpty();
  }

  @Test
  void settings_of_the_transaction_are_afterwards_what_they_were() throws Exception {
    world.start(log);
    execute(connection, "SET LOCAL enable_sort = off");
    execute(connection, "SET LOCAL enable_bitmapscan = off");

    append("a", 0, "one");

    assertThat(setting("enable_sort")).isEqualTo("off");
    assertThat(setting("enable_bitmapscan")).isEqualTo("off");
    assertThat(setting("enable_seqscan")).isEqualTo("on");
  }

  private String setting(String name) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SHOW " + name)) {
      row.next();
      return row.getString(1);
    }
  }

  // Bad input

  /** Serializers know nothing of it. */
  private record Unknown(String text) {}

  @Test
  void an_event_that_cant_be_serialized_is_named_and_nothing_is_stored() throws Exception {
    assertThatThrownBy(() -> append("a", 0, "one", new Unknown("x")))
        .isInstanceOf(UnstorableEventException.class)
        .hasMessageContainingAll("event 2 of stream 'a'", "Unknown");

    assertUsableAndEmpty();
  }

  @Test
  @SuppressWarnings("NullAway") // not everybody has it
  void nothing_to_append_is_refused() {
    assertThatThrownBy(() -> append("a", 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("there are no events to append to stream 'a'");
    assertThatThrownBy(() -> world.eventWriter().append(connection, List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no stream");
    assertThatThrownBy(() -> append("a", 0, "one", null))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("event 2 of those for stream 'a'");
  }

  @Test
  void a_stream_named_twice_is_refused() {
    StreamAppend append = new StreamAppend("a", 0, List.of("one"));

    assertThatThrownBy(() -> world.eventWriter().append(connection, List.of(append, append)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'a' is named twice");
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, Long.MAX_VALUE})
  void a_number_that_no_stream_is_at_is_refused(long expected) {
    assertThatThrownBy(() -> append("a", expected, "one"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("stream 'a' can't be expected to be at sequence number " + expected);
  }

  @Test
  @SuppressWarnings("NullAway") // not everybody has it
  void a_persistence_id_that_the_journal_cant_hold_is_refused() {
    for (String id : List.of("", " ", "x\0", "x".repeat(256))) {
      assertThatThrownBy(() -> append(id, 0, "one"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("persistence id");
    }
    assertThatThrownBy(() -> append(null, 0, "one"))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("persistenceId");
  }

  // What it costs to consult

  private static final String PROBES =
      """
      SELECT COALESCE(sum(idx_scan), 0) FROM pg_stat_xact_user_tables WHERE relname = 'kintsugi_skip'
      """;

  @Test
  void a_stream_without_open_records_is_looked_up_once_however_many_projections_there_are()
      throws Exception {
    world.start(log);
    world.execute(
        """
        INSERT INTO kintsugi_projection (projection, generation, status, version)
        SELECT 'other_' || n, 1, 'rebuilding', 1 FROM generate_series(1, 50) AS n
        """);
    world.execute("UPDATE kintsugi_projection SET status = 'active'");
    world.execute(
        """
        INSERT INTO kintsugi_skip
          (projection, generation, persistence_id, sequence_number, ordering, reason)
        SELECT 'other_1', 1, 'behind', n, -n, 'NO_HANDLER' FROM generate_series(101, 120) AS n
        """);

    append("clean", 0, "a");
    long clean = probes();
    append("behind", 0, "b");
    long behind = probes() - clean;

    assertThat(clean).as("look-ups of one stream").isLessThanOrEqualTo(2);
    assertThat(behind).as("look-ups of a stream behind in one of 51").isLessThanOrEqualTo(5);
  }

  /** The first that a stream is behind in, by name, is not the one that is asked about. */
  @Test
  void a_stream_that_is_behind_in_several_projections_is_seen_to_be_behind_in_each()
      throws Exception {
    world.start(log, other);
    world.setPaused(log, true);
    world.setPaused(other, true);
    append("a", 0, "first");
    connection.commit();
    world.setPaused(other, false);

    append("a", 1, "second");
    connection.commit();

    assertThat(world.applied(other)).hasSize(2);
    assertThat(world.openSkips(other)).isEmpty();
    assertThat(world.openSkips(log)).hasSize(2);
    world.audit(log, other);
  }

  private static final String PLANS =
      """
      SELECT COALESCE(sum(generic_plans) FILTER (WHERE statement LIKE '%FROM kintsugi_projection p%'), 0),
        COALESCE(sum(generic_plans) FILTER (WHERE statement LIKE '%AS stream_end%'), 0)
      FROM pg_prepared_statements
      """;

  @Test
  void it_is_not_planned_anew_in_every_append() throws Exception {
    assumeTrue(
        connection.getMetaData().getDatabaseMajorVersion() >= 14,
        "PostgreSQL 13 does not tell which plans it used");
    world.start(log);
    for (int i = 0; i < 20; i++) {
      append("a", i, "event");
    }
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(PLANS)) {
      row.next();
      assertThat(row.getInt(1)).as("consults with a plan that was there already").isPositive();
      assertThat(row.getInt(2)).as("checks with a plan that was there already").isPositive();
    }
  }

  /** Of this transaction so far. */
  private long probes() throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(PROBES)) {
      row.next();
      return row.getLong(1);
    }
  }

  private Fence takeFence() throws SQLException {
    try (Connection connection = world.database().connection()) {
      return Fence.take(connection);
    }
  }
}
