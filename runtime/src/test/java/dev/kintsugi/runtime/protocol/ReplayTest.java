package dev.kintsugi.runtime.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.internal.rebuild.OnRaisedVersion;
import dev.kintsugi.runtime.internal.rebuild.RebuildSettings;
import dev.kintsugi.runtime.internal.rebuild.RebuildStep;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.testing.FailingCommits;
import dev.kintsugi.runtime.testing.FailingCommits.Lost;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestProjection.Kind;
import dev.kintsugi.runtime.testing.World;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * How history is replayed (DESIGN 6, step 4): read ahead, page by page or gathered in memory, and
 * written with the checkpoint.
 */
@Tag("slow")
class ReplayTest {

  private static final RebuildSettings ALL_IN_ONE_WINDOW = window(1 << 20);
  private static final RebuildSettings NO_MEMORY = window(1);

  private static RebuildSettings window(long memory) {
    return new RebuildSettings(
        2,
        Duration.ofSeconds(1),
        Duration.ofMillis(1),
        Duration.ofSeconds(5),
        memory,
        Duration.ofHours(1),
        0,
        OnRaisedVersion.AUTOMATIC,
        Duration.ofMinutes(1),
        Duration.ofHours(1));
  }

  private final World world = new World();

  @AfterEach
  void close() {
    world.close();
  }

  /** Appends events 1 to n of each of the streams, in turn. */
  private void append(int n, String... streams) throws Exception {
    for (int i = 1; i <= n; i++) {
      for (String stream : streams) {
        world.append(world.event(stream, i));
      }
    }
  }

  private void stepUntil(RebuildSteps owner, TestProjection projection, Phase phase)
      throws Exception {
    while (world.rebuild(projection).phase() != phase) {
      assertThat(world.step(owner))
          .isInstanceOfAny(RebuildStep.Done.class, RebuildStep.Waiting.class);
    }
  }

  // Gathered in memory

  @ParameterizedTest
  @EnumSource(names = {"FOLD", "ROWS"})
  void what_was_gathered_is_written_at_once_and_a_crash_before_that_loses_no_more_than_work(
      Kind kind) throws Exception {
    TestProjection log = new TestProjection("log").kind(kind);
    append(3, "a", "b", "c");
    world.register(log);
    RebuildSteps owner = world.owner(log, ALL_IN_ONE_WINDOW);
    stepUntil(owner, log, Phase.REPLAY);

    for (int page = 0; page < 5; page++) {
      assertThat(world.step(owner)).isInstanceOf(RebuildStep.Done.class);
    }
    assertThat(world.applied(log)).isEmpty();
    assertThat(world.rebuild(log).checkpoint()).isZero();

    RebuildSteps next = world.owner(log, ALL_IN_ONE_WINDOW);
    while (world.rebuild(log).checkpoint() == 0) {
      assertThat(world.step(next)).isInstanceOf(RebuildStep.Done.class);
    }
    assertThat(world.rebuild(log).replayed()).isEqualTo(9);
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  @Test
  void an_owner_whose_window_another_one_has_written_gathers_anew_behind_it() throws Exception {
    TestProjection log = new TestProjection("log").kind(Kind.FOLD);
    append(3, "a", "b");
    world.register(log);
    RebuildSteps one = world.owner(log, ALL_IN_ONE_WINDOW);
    RebuildSteps other = world.owner(log, World.SMALL_STEPS);
    stepUntil(one, log, Phase.REPLAY);
    for (int page = 0; page < 3; page++) {
      assertThat(world.step(one)).isInstanceOf(RebuildStep.Done.class);
      assertThat(world.step(other)).isInstanceOf(RebuildStep.Done.class);
    }
    assertThat(world.rebuild(log).checkpoint()).isPositive();

    while (world.rebuild(log).phase() == Phase.REPLAY) {
      assertThat(world.step(one)).isInstanceOf(RebuildStep.Done.class);
    }
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  @Test
  void an_owner_that_waited_for_another_ones_write_does_not_write_the_same_events_again()
      throws Exception {
    TestProjection log = new TestProjection("log").kind(Kind.ROWS);
    append(3, "a", "b");
    world.register(log);
    RebuildSteps one = world.owner(log);
    RebuildSteps other = world.owner(log);
    stepUntil(one, log, Phase.REPLAY);
    while (world.rebuild(log).checkpoint() == 0) {
      assertThat(world.step(one)).isInstanceOf(RebuildStep.Done.class);
    }
    assertThat(world.step(one)).as("gathers").isInstanceOf(RebuildStep.Done.class);
    assertThat(world.step(other)).as("gathers the same").isInstanceOf(RebuildStep.Done.class);
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try (Connection reader = world.database().connection()) {
      reader.createStatement().execute("LOCK TABLE log_log IN SHARE MODE");
      Future<RebuildStep> first = threads.submit(() -> world.step(other));
      await().until(() -> waitingForLocks() == 1);
      Future<RebuildStep> second = threads.submit(() -> world.step(one));
      await().until(() -> waitingForLocks() == 2);
      reader.rollback();
      assertThat(first.get()).isInstanceOf(RebuildStep.Done.class);
      assertThat(second.get()).isInstanceOf(RebuildStep.Done.class);
    } finally {
      threads.shutdownNow();
    }
    assertThat(world.rebuild(log).replayed()).isEqualTo(4);
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  private int waitingForLocks() throws Exception {
    return world
        .column(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                + " AND wait_event_type = 'Lock'")
        .size();
  }

  @ParameterizedTest
  @EnumSource(names = {"FOLD", "ROWS"})
  void what_does_not_fit_into_memory_is_written_and_read_again(Kind kind) throws Exception {
    TestProjection log = new TestProjection("log").kind(kind);
    append(4, "a", "b", "c");
    world.register(log);
    RebuildSteps owner = world.owner(log, NO_MEMORY);
    stepUntil(owner, log, Phase.REPLAY);
    int writes = 0;
    long checkpoint = 0;
    while (world.rebuild(log).phase() == Phase.REPLAY) {
      assertThat(world.step(owner)).isInstanceOf(RebuildStep.Done.class);
      if (world.rebuild(log).checkpoint() > checkpoint) {
        checkpoint = world.rebuild(log).checkpoint();
        writes++;
      }
    }
    assertThat(writes).as("after each page").isEqualTo(6);
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  @ParameterizedTest
  @EnumSource(names = {"FOLD", "ROWS"})
  void a_poison_event_is_recorded_with_what_is_behind_it_and_all_else_is_replayed(Kind kind)
      throws Exception {
    TestProjection log = new TestProjection("log").kind(kind).failOn("b/2");
    append(4, "a", "b", "c");
    world.register(log);
    RebuildSteps owner = world.owner(log, ALL_IN_ONE_WINDOW);
    stepUntil(owner, log, Phase.DRAIN);

    assertThat(world.open(log)).containsExactly("b/2 FAILED", "b/3 BEHIND", "b/4 BEHIND");
    assertThat(world.applied(log)).hasSize(9).contains("b/1");
    world.audit(log);

    log.repair();
    world.execute("UPDATE kintsugi_skip SET next_attempt_at = '-infinity'");
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  @ParameterizedTest
  @EnumSource(names = {"HANDLER", "FOLD", "ROWS"})
  void an_error_is_the_events_failure_too_and_not_the_rebuilds(Kind kind) throws Exception {
    TestProjection log =
        new TestProjection("log")
            .kind(kind)
            .beforeEach(
                envelope -> {
                  if (envelope.event().equals("a/2")) {
                    throw new AssertionError("no");
                  }
                });
    append(2, "a", "b");
    world.register(log);
    stepUntil(world.owner(log), log, Phase.REPLAY);
    stepUntil(world.owner(log), log, Phase.DRAIN);

    assertThat(world.open(log)).containsExactly("a/2 FAILED");
    assertThat(world.applied(log)).containsExactlyInAnyOrder("a/1", "b/1", "b/2");
    world.audit(log);
  }

  @ParameterizedTest
  @EnumSource(names = {"FOLD", "ROWS"})
  void where_the_policy_is_to_reject_the_replay_stops_right_at_the_event_and_goes_on_there(
      Kind kind) throws Exception {
    TestProjection log =
        new TestProjection("log").kind(kind).failOn("b/3").onFailure(FailurePolicy.reject());
    append(5, "a", "b", "c");
    world.register(log);
    RebuildStep stopped = world.stepUntilNotDone(world.owner(log, ALL_IN_ONE_WINDOW));
    if (stopped instanceof RebuildStep.Waiting) {
      stopped = world.stepUntilNotDone(world.owner(log, ALL_IN_ONE_WINDOW));
    }

    assertThat(stopped).isInstanceOf(RebuildStep.Stopped.class);
    assertThat(((RebuildStep.Stopped) stopped).error())
        .contains("event 3 of stream b (ordering 8)");
    assertThat(world.rebuild(log).checkpoint()).as("right before it").isEqualTo(7);
    assertThat(world.applied(log)).hasSize(7);
    assertThat(world.open(log)).isEmpty();

    log.repair();
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  @Test
  void an_evolve_that_throws_on_the_ten_thousandth_event_leaves_no_half_of_a_batch()
      throws Exception {
    TestProjection log =
        new TestProjection("log").kind(Kind.FOLD).onFailure(FailurePolicy.reject());
    int streams = 505;
    for (int i = 1; i <= 20; i++) {
      NewEvent[] events = new NewEvent[streams];
      for (int stream = 0; stream < streams; stream++) {
        events[stream] = world.event("s" + stream, i);
      }
      world.append(events);
    }
    List<String> tenThousandth =
        world.column(
            "SELECT persistence_id || '/' || sequence_number FROM event_journal WHERE ordering = 10000");
    log.failOn(tenThousandth.get(0));
    world.register(log);
    RebuildSettings inThousands =
        new RebuildSettings(
            1000,
            Duration.ofSeconds(1),
            Duration.ofMillis(1),
            Duration.ofSeconds(5),
            1 << 30,
            Duration.ofHours(1),
            0,
            OnRaisedVersion.AUTOMATIC,
            Duration.ofMinutes(1),
            Duration.ofHours(1));
    RebuildSteps owner = world.owner(log, inThousands);
    stepUntil(owner, log, Phase.REPLAY);
    RebuildStep stopped = world.stepUntilNotDone(owner);

    assertThat(stopped)
        .isInstanceOfSatisfying(
            RebuildStep.Stopped.class,
            step -> assertThat(step.error()).contains("(ordering 10000)", "can't evolve key"));
    assertThat(world.rebuild(log).checkpoint()).isEqualTo(9999);
    assertThat(world.applied(log)).hasSize(9999);

    log.repair();
    RebuildSteps next = world.owner(log, inThousands);
    stepUntil(next, log, Phase.DRAIN);
    assertThat(world.rebuild(log).replayed()).isEqualTo(10_100);
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  @ParameterizedTest
  @EnumSource(names = {"FOLD", "ROWS"})
  void an_event_whose_outcome_the_database_refuses_is_found_and_recorded(Kind kind)
      throws Exception {
    TestProjection log = new TestProjection("log").kind(kind);
    append(4, "a", "b", "c");
    world.register(log);
    world.execute(
        kind == Kind.FOLD
            ? "ALTER TABLE log_log ADD CHECK (state::text NOT LIKE '%b/3%')"
            : "ALTER TABLE log_log ADD CHECK (payload <> 'b/3')");
    RebuildSteps owner = world.owner(log, ALL_IN_ONE_WINDOW);
    stepUntil(owner, log, Phase.DRAIN);

    assertThat(world.open(log)).containsExactly("b/3 FAILED", "b/4 BEHIND");
    assertThat(world.applied(log)).hasSize(10);
    world.audit(log);
  }

  /** The page behind the window was read ahead before the window's events were recorded. */
  @ParameterizedTest
  @EnumSource(names = {"FOLD", "ROWS"})
  void what_was_read_ahead_of_an_event_that_the_database_refuses_does_not_get_past_it(Kind kind)
      throws Exception {
    TestProjection log = new TestProjection("log").kind(kind);
    append(3, "a", "b");
    world.register(log);
    world.execute(
        kind == Kind.FOLD
            ? "ALTER TABLE log_log ADD CHECK (state::text NOT LIKE '%a/1%')"
            : "ALTER TABLE log_log ADD CHECK (payload <> 'a/1')");
    RebuildSteps owner = world.owner(log, World.steps(2));
    stepUntil(owner, log, Phase.DRAIN);

    assertThat(world.applied(log)).containsExactlyInAnyOrder("b/1", "b/2", "b/3");
    assertThat(world.open(log)).containsExactly("a/1 FAILED", "a/2 BEHIND", "a/3 BEHIND");
    world.audit(log);
  }

  /** It has only gathered, and finds its window outdated before it would write. */
  @ParameterizedTest
  @EnumSource(names = {"FOLD", "ROWS"})
  void what_was_read_ahead_of_a_window_that_another_owner_wrote_does_not_get_past_its_records(
      Kind kind) throws Exception {
    TestProjection log = new TestProjection("log").kind(kind).failOn("a/1");
    append(3, "a", "b");
    world.register(log);
    RebuildSteps slow = world.owner(log, World.steps(2));
    stepUntil(slow, log, Phase.REPLAY);
    world.step(slow); // gathers a/1 and b/1, and reads a/2 and b/2 ahead
    RebuildSteps quick = world.owner(log, World.steps(2));
    while (world.rebuild(log).checkpoint() < 2) {
      world.step(quick);
    }

    stepUntil(slow, log, Phase.DRAIN);

    assertThat(world.applied(log)).containsExactlyInAnyOrder("b/1", "b/2", "b/3");
    assertThat(world.open(log)).containsExactly("a/1 FAILED", "a/2 BEHIND", "a/3 BEHIND");
    world.audit(log);
  }

  @ParameterizedTest
  @EnumSource(names = {"FOLD", "ROWS"})
  void a_write_that_lost_a_race_is_made_again_with_all_that_was_gathered(Kind kind)
      throws Exception {
    TestProjection log = new TestProjection("log").kind(kind);
    append(3, "a", "b");
    world.register(log);
    world.execute("CREATE SEQUENCE tries");
    world.execute(
        """
        CREATE FUNCTION lose_the_first_race() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF nextval('tries') = 1 THEN
            RAISE EXCEPTION 'lost a race' USING ERRCODE = '40001';
          END IF;
          RETURN NEW;
        END $$
        """);
    world.execute(
        """
        CREATE CONSTRAINT TRIGGER race AFTER INSERT ON log_log DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION lose_the_first_race()
        """);
    RebuildSteps owner = world.owner(log, ALL_IN_ONE_WINDOW);
    stepUntil(owner, log, Phase.DRAIN);

    assertThat(world.column("SELECT last_value > 1 FROM tries")).containsExactly("t");
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  @ParameterizedTest
  @EnumSource(names = {"FOLD", "ROWS"})
  void declared_indexes_are_built_after_the_bulk_load(Kind kind) throws Exception {
    TestProjection log = new TestProjection("log").kind(kind);
    append(2, "a");
    world.register(log);
    assertThat(indexes()).hasSize(2);
    RebuildSteps owner = world.owner(log);
    stepUntil(owner, log, Phase.REPLAY);
    assertThat(indexes()).containsExactly("log_log_pkey");
    stepUntil(owner, log, Phase.DRAIN);
    assertThat(indexes()).hasSize(2);
  }

  private List<String> indexes() throws Exception {
    return world.column(
        "SELECT indexname FROM pg_indexes WHERE tablename = 'log_log' ORDER BY indexname");
  }

  // Read ahead

  @ParameterizedTest
  @EnumSource(names = {"HANDLER", "FOLD"})
  void a_page_that_was_read_ahead_is_not_used_after_another_owner_recorded_what_is_in_it(Kind kind)
      throws Exception {
    List<Integer> failedAt = new ArrayList<>();
    for (int commit = 1; commit <= 7; commit++) {
      try (World own = new World()) {
        if (isRight(own, kind, commit)) {
          failedAt.add(commit);
        }
      } catch (Throwable e) {
        throw new AssertionError("commit " + commit + " of the first owner failed", e);
      }
    }
    assertThat(failedAt).as("commits that failed").isNotEmpty();
  }

  /** Returns whether the first owner had so many commits. */
  private static boolean isRight(World world, Kind kind, int commit) throws Exception {
    TestProjection log = new TestProjection("log").kind(kind);
    for (int i = 1; i <= 3; i++) {
      world.append(world.event("s", i), world.event("t", i));
    }
    world.register(log);
    RebuildSteps first =
        world.owner(
            log,
            World.SMALL_STEPS,
            new Database(
                FailingCommits.only(commit, Lost.BEFORE_THE_COMMIT, world.database()::connection)));
    RebuildSteps second = world.owner(log);
    while (world.rebuild(log).phase() == Phase.FENCE) {
      assertThat(world.step(second))
          .isInstanceOfAny(RebuildStep.Done.class, RebuildStep.Waiting.class);
    }
    boolean failed = false;
    while (!failed && world.rebuild(log).checkpoint() == 0) {
      failed = isCutOff(world, first);
    }
    log.failOn("s/1");
    while (world.rebuild(log).checkpoint() == 0) {
      assertThat(world.step(second)).isInstanceOf(RebuildStep.Done.class);
    }
    log.repair();
    while (world.rebuild(log).phase() == Phase.REPLAY) {
      failed |= isCutOff(world, first);
    }
    world.audit(log);
    world.execute("UPDATE kintsugi_skip SET next_attempt_at = '-infinity'");
    world.runToTheEnd(log);
    world.auditWhole(log);
    return failed;
  }

  private static boolean isCutOff(World world, RebuildSteps owner) throws Exception {
    try {
      assertThat(world.step(owner)).isInstanceOf(RebuildStep.Done.class);
      return false;
    } catch (SQLException e) {
      assertThat(SqlStates.isDatabaseAtFault(e)).isTrue();
      return true;
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"HANDLER", "FOLD"})
  void an_event_that_commits_while_a_page_is_read_is_replayed_or_drained_and_never_both(Kind kind)
      throws Exception {
    TestProjection log = new TestProjection("log").kind(kind);
    append(1, "before");
    world.register(log);
    while (world.rebuild(log).fence() == null) {
      assertThat(world.step(world.owner(log))).isInstanceOf(RebuildStep.Done.class);
    }
    try (World.HeldWriter late = world.holdWriter()) {
      late.write(world.event("late", 1));
      append(1, "after");
      stepUntil(world.owner(log), log, Phase.REPLAY);
      assertThat(world.rebuild(log).replayTo()).as("the late one is below R").isEqualTo(3);

      RebuildSteps owner =
          world.owner(log, World.SMALL_STEPS, new Database(betweenStatements(late::commit)));
      stepUntil(owner, log, Phase.DRAIN);
    }
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  private interface Hook {
    void run() throws Exception;
  }

  /** Connections that run a hook between the two statements by which a page is read, once. */
  private DataSource betweenStatements(Hook hook) {
    AtomicInteger statements = new AtomicInteger();
    return (DataSource)
        Proxy.newProxyInstance(
            ReplayTest.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (proxy, method, arguments) -> hooked(world.database().connection(), statements, hook));
  }

  private static Connection hooked(Connection connection, AtomicInteger statements, Hook hook) {
    return (Connection)
        Proxy.newProxyInstance(
            ReplayTest.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) -> {
              boolean readsAPage =
                  method.getName().equals("prepareStatement")
                      && (arguments[0].toString().contains("s.ordering > ? AND s.ordering <= ?")
                          || arguments[0].toString().contains("LIMIT ?"));
              if (readsAPage && statements.incrementAndGet() == 2) {
                hook.run();
              }
              return method.invoke(connection, arguments);
            });
  }

  @ParameterizedTest
  @EnumSource(names = {"HANDLER", "GROUPED", "FOLD"})
  void what_was_read_ahead_of_a_failure_does_not_get_past_it(Kind kind) throws Exception {
    TestProjection log = new TestProjection("log").kind(kind).failOn("a/1");
    append(3, "a", "b");
    world.register(log);
    stepUntil(world.owner(log), log, Phase.REPLAY);
    stepUntil(world.owner(log), log, Phase.DRAIN);

    assertThat(world.applied(log)).containsExactlyInAnyOrder("b/1", "b/2", "b/3");
    assertThat(world.open(log)).containsExactly("a/1 FAILED", "a/2 BEHIND", "a/3 BEHIND");
    world.audit(log);
  }

  @ParameterizedTest
  @EnumSource(names = {"HANDLER", "FOLD"})
  void a_replay_waits_for_no_thread_to_read_ahead(Kind kind) throws Exception {
    TestProjection log = new TestProjection("log").kind(kind);
    append(3, "a", "b");
    world.register(log);
    RebuildSteps owner = world.owner(log, World.SMALL_STEPS, world.database(), neverRun -> {});
    stepUntil(owner, log, Phase.DRAIN);
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  // The rate

  @Test
  void a_rate_that_is_set_while_the_replay_runs_makes_its_batches_small() throws Exception {
    TestProjection log = new TestProjection("log");
    append(4, "a", "b");
    world.register(log);
    RebuildSteps owner = world.owner(log);
    stepUntil(owner, log, Phase.REPLAY);
    assertThat(world.step(owner)).isInstanceOf(RebuildStep.Done.class);
    assertThat(world.rebuild(log).replayed()).isEqualTo(2);

    assertThat(limit(10)).isTrue();
    assertThat(world.step(owner)).isInstanceOf(RebuildStep.Done.class); // read ahead before
    assertThat(world.step(owner)).isInstanceOf(RebuildStep.Done.class);
    assertThat(world.rebuild(log).replayed()).isEqualTo(5);

    assertThat(limit(0)).isTrue();
    world.runToTheEnd(log);
    world.auditWhole(log);
    assertThat(limit(10)).as("no rebuild is under way any more").isFalse();
  }

  private boolean limit(int eventsPerSecond) throws Exception {
    return world
        .database()
        .inTransaction(connection -> Rebuilds.setMaxRate(connection, "log", eventsPerSecond));
  }
}
