package dev.kintsugi.runtime.protocol;

import static dev.kintsugi.runtime.testing.TestSystem.PATIENCE;
import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.handler.Gatherer;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.jdbc.JdbcSettings;
import dev.kintsugi.runtime.internal.rebuild.RebuildStep;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.internal.writer.Appender;
import dev.kintsugi.runtime.internal.writer.NotNowException;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A lock that is not to be had, or a statement that is cancelled, is no event's fault. */
class NotNowTest {

  private static final FailurePolicy DISCARD_AT_ONCE =
      FailurePolicy.skip().withoutRetry().thenDiscard();

  private static final String SCRIPT =
      """
      CREATE TABLE gated (stream TEXT NOT NULL);
      CREATE TABLE gate (id INT PRIMARY KEY, passed INT NOT NULL)
      """;

  private final World world = new World();
  private final ExecutorService other = Executors.newSingleThreadExecutor();

  /** How many more times a handler is told "not now". */
  private final AtomicInteger refusals = new AtomicInteger();

  private final TestProjection log =
      new TestProjection("log").onFailure(DISCARD_AT_ONCE).beforeEach(this::refuse);

  /** A handler that waits for nobody. */
  private final TestProjection impatient =
      new TestProjection("gated")
          .handledBy(SCRIPT, () -> JdbcHandler.fromFunction(NotNowTest::pass));

  private void refuse(EventEnvelope<String> envelope) {
    if (envelope.event().equals("late") && refusals.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
      throw new IllegalStateException(new SQLException("canceling statement", "57014"));
    }
  }

  private static void pass(JdbcSession session, EventEnvelope<String> envelope) {
    try {
      session.withConnection(
          connection -> {
            try (Statement statement = connection.createStatement()) {
              if (envelope.event().equals("late")) {
                statement.execute("LOCK TABLE gate IN EXCLUSIVE MODE NOWAIT");
              }
              return statement.executeUpdate(
                  "INSERT INTO gated VALUES ('" + envelope.persistenceId() + "')");
            }
          });
    } catch (Exception e) {
      throw new IllegalStateException("wrapped, as handlers do", e);
    }
  }

  @AfterEach
  void close() {
    other.shutdownNow();
    world.close();
  }

  private Connection hold(String table) throws SQLException {
    Connection holder = world.database().connection();
    try (Statement statement = holder.createStatement()) {
      statement.execute("LOCK TABLE " + table + " IN ACCESS EXCLUSIVE MODE");
    }
    return holder;
  }

  private List<String> gated() throws Exception {
    return world.column("SELECT stream FROM gated ORDER BY 1");
  }

  private void pauseIsOver() throws Exception {
    world.execute("UPDATE kintsugi_skip SET next_attempt_at = '-infinity'");
  }

  // The limits of the role

  @ParameterizedTest
  @ValueSource(strings = {"lock_timeout", "statement_timeout"})
  void a_limit_of_the_role_fails_no_event(String limit) throws Exception {
    world.start(log);
    world.execute(
        "DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET "
            + limit
            + " = ''250ms''', current_database()); END$$");
    try (Database limited =
            Database.open(new JdbcSettings(world.url(), "", "", 2, Duration.ofSeconds(10)));
        Appender appender = new Appender(limited, world.writer())) {
      Connection holder = hold(log.table());
      CompletableFuture<Void> append =
          CompletableFuture.runAsync(
              () -> {
                try {
                  appender.append(List.of(world.event("a", 1)));
                } catch (Exception e) {
                  throw new IllegalStateException(e);
                }
              },
              other);
      eventually(() -> assertThat(waitsForLongerThanTheLimit()).isTrue());
      holder.rollback();
      holder.close();
      append.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    assertThat(world.applied(log)).containsExactly("a/1");
    assertThat(world.archived(log)).isEmpty();
  }

  private boolean waitsForLongerThanTheLimit() throws Exception {
    return !world
        .column(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                + " AND wait_event_type = 'Lock'"
                + " AND clock_timestamp() - query_start > INTERVAL '400 ms'")
        .isEmpty();
  }

  // In an append

  @Test
  void an_append_that_is_refused_now_and_then_is_run_again() throws Exception {
    world.start(log);
    refusals.set(3);
    world.append(world.event("a", 1), world.event("b", 1, "late"));

    assertThat(world.applied(log)).containsExactly("a/1", "b/1");
    world.auditWhole(log);
  }

  @Test
  void an_event_that_is_refused_again_and_again_is_recorded_and_never_discarded() throws Exception {
    world.start(impatient.onFailure(DISCARD_AT_ONCE));
    Connection holder = hold("gate");
    world.append(world.event("a", 1), world.event("b", 1, "late"), world.event("b", 2));
    assertThat(world.open(impatient)).containsExactly("b/1 FAILED", "b/2 BEHIND");
    assertThat(gated()).containsExactly("a");

    pauseIsOver();
    world.drain(impatient);
    assertThat(world.open(impatient)).hasSize(2);
    assertThat(world.generation(impatient).paused()).as("it has ten minutes").isFalse();

    world.execute("UPDATE kintsugi_skip SET first_failed_at = first_failed_at - INTERVAL '1 hour'");
    pauseIsOver();
    world.drain(impatient);
    assertThat(world.generation(impatient).paused()).as("stopped, not discarded").isTrue();
    assertThat(world.open(impatient)).hasSize(2);

    holder.rollback();
    holder.close();
    world.setPaused(impatient, false);
    pauseIsOver();
    world.drainAll(impatient);
    assertThat(gated()).containsExactly("a", "b", "b");
    assertThat(world.archived(impatient)).containsExactly("b/1 applied", "b/2 applied");
  }

  @Test
  void the_policy_for_a_class_of_errors_discards_it_no_more_than_the_others() throws Exception {
    world.start(impatient.onFailure(FailurePolicy.skip().on(SQLException.class, DISCARD_AT_ONCE)));
    try (Connection holder = hold("gate")) {
      world.append(world.event("b", 1, "late"));
      pauseIsOver();
      world.drain(impatient);
      assertThat(world.open(impatient)).containsExactly("b/1 FAILED");
      holder.rollback();
    }
  }

  @Test
  void an_append_that_would_be_rejected_fails_with_the_databases_answer() throws Exception {
    world.start(impatient.onFailure(FailurePolicy.reject()));
    try (Connection holder = hold("gate")) {
      assertThatThrownBy(() -> world.append(world.event("a", 1), world.event("b", 1, "late")))
          .isInstanceOf(NotNowException.class)
          .hasMessageContaining("event 1 of stream b")
          .hasMessageContaining("gated")
          .asInstanceOf(type(NotNowException.class))
          .satisfies(
              e -> {
                assertThat(e.getSQLState()).isEqualTo("55P03");
                assertThat(e.persistenceId()).isEqualTo("b");
              });
      holder.rollback();
    }
    assertThat(world.column("SELECT 1 FROM event_journal")).isEmpty();
    world.append(world.event("a", 1), world.event("b", 1, "late"));
    assertThat(gated()).containsExactly("a", "b");
  }

  @Test
  void an_applications_own_transaction_gets_the_databases_answer_and_can_be_used()
      throws Exception {
    world.start(impatient.onFailure(DISCARD_AT_ONCE));
    try (Connection holder = hold("gate");
        Connection connection = world.database().connection()) {
      assertThatThrownBy(() -> world.eventWriter().append(connection, "b", 0, List.of("late")))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("55P03"));
      world.eventWriter().append(connection, "a", 0, List.of("early"));
      connection.commit();
      holder.rollback();
    }
    assertThat(gated()).containsExactly("a");
    assertThat(world.open(impatient)).isEmpty();
  }

  @Test
  void a_statement_that_an_administrator_cancels_is_done_again() throws Exception {
    AtomicInteger cancels = new AtomicInteger(1);
    TestProjection cancelled =
        new TestProjection("gated")
            .onFailure(FailurePolicy.reject())
            .handledBy(
                SCRIPT,
                () ->
                    new JdbcHandler<EventEnvelope<String>, JdbcSession>() {
                      @Override
                      public void process(JdbcSession session, EventEnvelope<String> envelope)
                          throws Exception {
                        session.withConnection(
                            connection -> {
                              try (Statement statement = connection.createStatement()) {
                                if (cancels.getAndDecrement() > 0) {
                                  statement.execute(
                                      "SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(60)");
                                }
                                return statement.executeUpdate("INSERT INTO gated VALUES ('done')");
                              }
                            });
                      }
                    });
    world.start(cancelled);
    world.append(world.event("a", 1));

    assertThat(gated()).containsExactly("done");
  }

  // In a drain, in a replay

  @Test
  void a_drain_that_is_refused_now_and_then_counts_no_attempt() throws Exception {
    log.grouped();
    world.start(log);
    world.setPaused(log, true);
    world.append(world.event("a", 1), world.event("b", 1, "late"), world.event("c", 1));
    world.setPaused(log, false);
    refusals.set(3);

    assertThat(world.drain(log).applied()).isEqualTo(3);
    assertThat(log.groups()).as("never by halves").containsOnly(3);
    world.auditWhole(log);
  }

  @Test
  void a_replay_that_is_refused_now_and_then_goes_on_in_groups() throws Exception {
    world.append(world.event("a", 1), world.event("b", 1, "late"));
    log.grouped();
    world.register(log);
    refusals.set(3);
    RebuildSteps owner = world.owner(log);
    while (world.rebuild(log).phase() != Phase.DRAIN) {
      world.step(owner);
    }

    assertThat(log.groups()).as("never one by one").containsOnly(2);
    assertThat(world.open(log)).isEmpty();
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  @Test
  void a_replay_that_is_refused_again_and_again_stops_and_discards_nothing() throws Exception {
    world.append(world.event("a", 1), world.event("b", 1, "late"));
    log.onFailure(FailurePolicy.reject());
    world.register(log);
    refusals.set(Integer.MAX_VALUE);
    RebuildSteps owner = world.owner(log);
    try (Applier applier = new Applier()) {
      RebuildStep step;
      do {
        step = owner.next(applier);
      } while (step instanceof RebuildStep.Done);
      assertThat(step).isInstanceOf(RebuildStep.Stopped.class);
    }

    refusals.set(0);
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  @Test
  void what_was_gathered_is_not_taken_apart_for_it() {
    for (String state : List.of("55P03", "57014", "55006", "40P01", "25006", "53300")) {
      assertThat(Gatherer.isEventAtFault(new IllegalStateException(new SQLException("", state))))
          .as(state)
          .isFalse();
    }
    assertThat(Gatherer.isEventAtFault(new SQLException("", "23505"))).isTrue();
  }
}
