package dev.kintsugi.runtime.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.internal.follow.FollowStep;
import dev.kintsugi.runtime.internal.follow.Follower;
import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.handler.HandlerException;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.jdbc.JdbcSettings;
import dev.kintsugi.runtime.internal.metrics.Metrics;
import dev.kintsugi.runtime.internal.node.Counters;
import dev.kintsugi.runtime.internal.operations.Renaming;
import dev.kintsugi.runtime.internal.operations.StatusRows;
import dev.kintsugi.runtime.internal.rebuild.RebuildStep;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.internal.retirement.RetirementSteps;
import dev.kintsugi.runtime.status.Following;
import dev.kintsugi.runtime.status.Overview;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.status.ProjectionStatus;
import dev.kintsugi.runtime.status.Status;
import dev.kintsugi.runtime.status.WaitingDeletions;
import dev.kintsugi.runtime.testing.FailingCommits;
import dev.kintsugi.runtime.testing.FailingCommits.Lost;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestProjection.Kind;
import dev.kintsugi.runtime.testing.World;
import dev.kintsugi.runtime.verify.NotVerifiableException;
import dev.kintsugi.runtime.verify.Verification;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Projections that follow the journal (DESIGN 7a). */
class FollowTest {

  private final World world = new World();
  private final TestProjection log = new TestProjection("log").following();

  @AfterEach
  void close() {
    world.close();
  }

  private void append(String stream, int from, int to) throws Exception {
    for (int number = from; number <= to; number++) {
      world.append(world.event(stream, number));
    }
  }

  private long cursor() throws Exception {
    return Long.parseLong(
        world.column("SELECT position FROM kintsugi_cursor WHERE projection = 'log'").get(0));
  }

  private List<String> records() throws Exception {
    return world.column(
        "SELECT persistence_id FROM kintsugi_skip UNION ALL SELECT persistence_id FROM kintsugi_skip_archive");
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void it_is_built_from_history_and_then_follows_with_no_record_by_any_writer(Kind kind)
      throws Exception {
    append("a", 1, 7);
    world.register(log.kind(kind));
    append("b", 1, 3);
    assertThat(world.generation(log).status()).isEqualTo(Status.FOLLOWING);

    world.runToTheEnd(log);
    append("a", 8, 20);
    assertThat(world.applied(log)).as("writers do nothing for it").hasSize(10);
    world.audit(log);

    assertThat(world.follow(log)).isInstanceOf(FollowStep.Moved.class);

    assertThat(world.applied(log)).hasSize(23);
    assertThat(records()).isEmpty();
    world.auditWhole(log);
  }

  @Test
  void an_event_that_commits_late_is_not_passed_over_by_its_build() throws Exception {
    append("a", 1, 2);
    try (World.HeldWriter late = world.holdWriter()) {
      late.write(world.event("late", 1)); // has drawn a low ordering
      append("a", 3, 4);
      world.register(log);
      RebuildSteps owner = world.owner(log);
      assertThat(world.stepUntilNotDone(owner)).isInstanceOf(RebuildStep.Waiting.class);
      assertThat(world.applied(log)).isEmpty();
      late.commit();
    }
    world.runToTheEnd(log);
    world.follow(log);

    world.auditWhole(log);
    assertThat(world.applied(log)).contains("late/1");
  }

  @Test
  void a_bound_that_is_not_proven_final_is_waited_for_also_once_the_fence_has_passed()
      throws Exception {
    append("a", 1, 2);
    world.register(log);
    RebuildSteps owner = world.owner(log);
    RebuildStep step = world.step(owner); // the fence
    try (World.HeldWriter late = world.holdWriter()) {
      late.write(world.event("late", 1)); // began after the fence
      append("a", 3, 4);
      step = world.stepUntilNotDone(owner);

      assertThat(step).isInstanceOf(RebuildStep.Waiting.class);
      assertThat(((RebuildStep.Waiting) step).what()).contains("final");
      late.commit();
    }
    world.runToTheEnd(log);
    world.follow(log);

    world.auditWhole(log);
  }

  /** Rows, records and cursor are one transaction: what a crash takes back, it follows again. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void its_commits_wait_for_the_disk_only_where_the_settings_say_so(boolean synchronousCommit)
      throws Exception {
    world.start(log);
    world.execute(
        "ALTER TABLE %s ADD COLUMN committed TEXT DEFAULT current_setting('synchronous_commit')"
            .formatted(log.table()));
    append("a", 1, 2);
    try (Database sessions =
        Database.open(
            new JdbcSettings(
                world.url() + "&options=-c%20synchronous_commit=on",
                "",
                "",
                2,
                Duration.ofSeconds(10)))) {
      world.follow(log, world.follower(log, sessions, synchronousCommit));

      assertThat(world.column("SELECT DISTINCT committed FROM " + log.table()))
          .containsExactly(synchronousCommit ? "on" : "off");
      assertThat(sessions.inTransaction(FollowTest::settingOf))
          .as("the session's own, afterwards")
          .isEqualTo("on");
    }
    world.auditWhole(log);
  }

  private static String settingOf(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SHOW synchronous_commit")) {
      row.next();
      return row.getString(1);
    }
  }

  @Test
  void a_poison_event_is_recorded_and_holds_up_its_stream_alone() throws Exception {
    world.start(log.failOn("a/2"));
    append("a", 1, 4);
    append("b", 1, 4);

    world.follow(log);

    assertThat(world.open(log)).containsExactly("a/2 FAILED", "a/3 BEHIND", "a/4 BEHIND");
    assertThat(world.applied(log)).containsExactly("a/1", "b/1", "b/2", "b/3", "b/4");
    world.audit(log);

    append("a", 5, 5);
    world.follow(log);
    assertThat(world.open(log)).contains("a/5 BEHIND");
    log.repair();
    world.execute("UPDATE kintsugi_skip SET next_attempt_at = '-infinity'");
    world.drainAll(log);
    world.auditWhole(log);
  }

  @Test
  void a_stream_whose_records_were_drained_is_followed_again() throws Exception {
    world.start(log.failOn("a/1"));
    append("a", 1, 2);
    world.follow(log);
    log.repair();
    world.execute("UPDATE kintsugi_skip SET next_attempt_at = '-infinity'");
    world.drainAll(log);

    append("a", 3, 3);
    world.follow(log);

    world.auditWhole(log);
    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "a/3");
  }

  @ParameterizedTest
  @EnumSource(names = {"HANDLER", "GROUPED"})
  void there_is_nobody_to_reject_an_event_to(Kind kind) throws Exception {
    world.start(log.kind(kind).onFailure(FailurePolicy.reject()).failOn("a/2"));
    append("a", 1, 3);
    append("b", 1, 2);

    world.follow(log);

    assertThat(world.open(log)).containsExactly("a/2 FAILED", "a/3 BEHIND");
    assertThat(world.applied(log)).containsExactlyInAnyOrder("a/1", "b/1", "b/2");
    world.audit(log);
  }

  @Test
  void two_followers_do_what_one_does() throws Exception {
    world.start(log);
    append("a", 1, 3);
    Follower first = world.follower(log);
    Follower second = world.follower(log);
    first.open();
    second.open();
    long upTo = world.finalOrdering();
    try (Applier applier = new Applier()) {
      assertThat(first.take(applier, world.page(first.position(), upTo, 9)))
          .isInstanceOf(FollowStep.Moved.class);

      assertThat(second.take(applier, world.page(second.position(), upTo, 9)))
          .isEqualTo(new FollowStep.Resting("another follower has moved its cursor"));
    }
    world.auditWhole(log);
  }

  @ParameterizedTest
  @EnumSource(names = {"BEFORE_THE_COMMIT", "AFTER_THE_COMMIT"})
  void a_follower_that_is_cut_off_at_any_commit_loses_and_doubles_nothing(Lost lost)
      throws Exception {
    world.start(log.failOn("a/3"));
    append("a", 1, 5);
    append("b", 1, 9);
    boolean cutOff;
    int commit = 1;
    do {
      cutOff = false;
      try {
        Database unreliable =
            new Database(FailingCommits.only(commit, lost, world.database()::connection));
        world.follow(log, world.follower(log, unreliable));
      } catch (SQLException e) {
        cutOff = true;
      }
      world.audit(log);
      append("b", 9 + commit, 9 + commit);
      commit++;
    } while (cutOff && commit < 30);

    world.follow(log);
    assertThat(commit).isGreaterThan(3);
    assertThat(world.open(log)).containsExactly("a/3 FAILED", "a/4 BEHIND", "a/5 BEHIND");
    world.audit(log);
  }

  @Test
  void its_cursor_need_not_be_written_where_nothing_is_of_interest() throws Exception {
    world.start(log.entityTypes("Wanted"));
    append("Other|a", 1, 4);
    long before = cursor();
    Follower follower = world.follower(log);
    follower.open();
    long upTo = world.finalOrdering();
    try (Applier applier = new Applier()) {
      follower.take(applier, world.page(follower.position(), upTo, 9));
    }
    assertThat(follower.position()).isEqualTo(upTo);
    assertThat(cursor()).isEqualTo(before);

    follower.store();
    assertThat(cursor()).isEqualTo(upTo);
  }

  @Test
  void a_pause_stops_the_cursor_and_no_record_piles_up() throws Exception {
    world.start(log);
    world.setPaused(log, true);
    append("a", 1, 3);

    assertThat(world.follow(log)).isEqualTo(new FollowStep.Resting("it is paused"));
    assertThat(records()).isEmpty();
    world.setPaused(log, false);

    world.follow(log);
    world.auditWhole(log);
  }

  @Test
  void a_pause_in_the_midst_of_a_page_is_kept_to() throws Exception {
    world.start(log);
    append("a", 1, 3);
    Follower follower = world.follower(log);
    follower.open();
    long upTo = world.finalOrdering();
    world.setPaused(log, true);
    try (Applier applier = new Applier()) {
      assertThat(follower.take(applier, world.page(follower.position(), upTo, 9)))
          .isInstanceOf(FollowStep.Resting.class);
    }
    assertThat(world.applied(log)).isEmpty();
  }

  @Test
  void it_is_rebuilt_in_place_and_its_older_follower_stops() throws Exception {
    world.start(log.failOn("a/2"));
    append("a", 1, 3);
    append("b", 1, 1);
    world.follow(log);
    Follower older = world.follower(log);
    older.open();
    log.repair();

    world.requestRebuild(log);
    append("b", 2, 4);
    long upTo = world.finalOrdering();
    try (Applier applier = new Applier()) {
      assertThat(older.take(applier, world.page(older.position(), upTo, 9)))
          .isInstanceOf(FollowStep.Resting.class);
    }
    world.runToTheEnd(log);
    world.follow(log);

    assertThat(world.archived(log)).containsExactly("a/2 superseded", "a/3 superseded");
    assertThat(world.column("SELECT generation::text FROM kintsugi_cursor")).containsExactly("2");
    world.auditWhole(log);
  }

  @Test
  void a_rebuild_is_done_once_what_it_could_not_apply_is_recovered() throws Exception {
    append("a", 1, 3);
    append("b", 1, 1);
    world.register(log.failOn("a/2"));
    RebuildSteps owner = world.owner(log);
    assertThat(world.stepUntilNotDone(owner)).isInstanceOf(RebuildStep.Follows.class);
    assertThat(world.open(log)).containsExactly("a/2 FAILED", "a/3 BEHIND");
    assertThat(world.stepUntilNotDone(owner)).isEqualTo(new RebuildStep.Waiting("recovery"));

    append("a", 4, 4);
    world.follow(log);
    assertThat(world.open(log)).contains("a/4 BEHIND");
    log.repair();
    world.execute("UPDATE kintsugi_skip SET next_attempt_at = '-infinity'");
    world.drainAll(log);

    assertThat(world.stepUntilNotDone(owner)).isEqualTo(new RebuildStep.Proven());
    world.auditWhole(log);
  }

  @Test
  void nothing_of_it_is_drained_before_its_replay_has_ended() throws Exception {
    append("a", 1, 3);
    append("b", 1, 9);
    world.register(log.failOn("a/2"));
    RebuildSteps owner = world.owner(log);
    while (world.open(log).isEmpty()) {
      world.step(owner);
    }
    assertThat(world.rebuild(log).phase()).isEqualTo(Phase.REPLAY);
    log.repair();
    world.execute("UPDATE kintsugi_skip SET next_attempt_at = '-infinity'");

    world.drainAll(log);

    assertThat(world.open(log)).contains("a/2 FAILED");
    world.runToTheEnd(log);
    world.follow(log);
    world.auditWhole(log);
  }

  @Test
  void a_rebuild_that_is_stopped_before_anything_was_emptied_follows_on_from_the_older_cursor()
      throws Exception {
    world.start(log.failOn("a/2"));
    append("a", 1, 2);
    world.follow(log);
    append("b", 1, 2);
    world.requestRebuild(log);
    world.step(world.owner(log)); // the fence
    world.stopRebuild(log);
    append("b", 3, 4);

    RebuildSteps owner = world.owner(log);
    assertThat(world.stepUntilNotDone(owner)).isInstanceOf(RebuildStep.Follows.class);
    world.follow(log);

    assertThat(world.applied(log)).containsExactly("a/1", "b/1", "b/2", "b/3", "b/4");
    assertThat(world.open(log)).containsExactly("a/2 FAILED");
    log.repair();
    world.execute("UPDATE kintsugi_skip SET next_attempt_at = '-infinity'");
    world.drainAll(log);
    assertThat(world.stepUntilNotDone(owner)).isInstanceOf(RebuildStep.TakenOver.class);
    world.auditWhole(log);
  }

  @Test
  void an_inline_one_that_is_built_anew_to_follow_is_left_to_nobody_meanwhile() throws Exception {
    TestProjection inline = new TestProjection("log");
    world.start(inline);
    append("a", 1, 3);
    try (World.HeldWriter early = world.holdWriter()) {
      early.write(world.event("early", 1)); // applies inline
      world.raise(log.version(2));
      RebuildSteps owner = world.owner(log);
      assertThat(world.stepUntilNotDone(owner)).isInstanceOf(RebuildStep.Waiting.class);
      early.commit();
    }
    append("a", 4, 5);
    world.runToTheEnd(log);
    world.follow(log);

    world.auditWhole(log);
  }

  @Test
  void one_that_follows_is_built_anew_to_be_inline() throws Exception {
    world.start(log);
    append("a", 1, 3);
    world.follow(log);
    TestProjection inline = new TestProjection("log").version(2);
    world.raise(inline);
    append("a", 4, 5);
    world.runToTheEnd(inline);
    append("a", 6, 6);

    assertThat(world.column("SELECT projection FROM kintsugi_cursor")).isEmpty();
    world.auditWhole(inline);
  }

  @Test
  void a_lock_that_others_hold_is_no_fault_of_an_event() throws Exception {
    world.start(
        log.beforeEach(
            envelope -> {
              throw new IllegalStateException(new SQLException("canceled", "57014"));
            }));
    append("a", 1, 2);

    assertThatThrownBy(() -> world.follow(log)).isInstanceOf(HandlerException.class);

    assertThat(records()).isEmpty();
    log.beforeEach(envelope -> {});
    world.follow(log);
    world.auditWhole(log);
  }

  @Test
  void a_cursor_beyond_the_journal_is_told_and_nothing_is_applied() throws Exception {
    world.start(log);
    append("a", 1, 3);
    world.follow(log);
    world.execute("DELETE FROM event_journal WHERE ordering > 1");
    world.column("SELECT setval('event_journal_ordering_seq', 1)::text");

    assertThat(world.follower(log).open()).isEqualTo(new FollowStep.BeyondJournal(3, 1));
    assertThat(following().problem().orElseThrow())
        .contains("'log', generation 1", "ordering 3", "none above 1", "Kintsugi.rebuild(\"log\"");
  }

  @Test
  void an_event_that_it_has_yet_to_come_to_is_not_deleted() throws Exception {
    world.start(log);
    append("a", 1, 2);
    world.follow(log);
    append("a", 3, 4);
    world
        .database()
        .inTransaction(
            connection -> {
              world.journal().deleteUpTo(connection, "a", 4);
              return true;
            });
    assertThat(world.column("SELECT sequence_number::text FROM event_journal ORDER BY 1"))
        .containsExactly("2", "3", "4");
    world.journal().carryOutDeletions(world.database());
    assertThat(world.column("SELECT persistence_id FROM kintsugi_deletion")).containsExactly("a");
    assertThat(status().waitingDeletions()).isEqualTo(new WaitingDeletions(2, 1, List.of("a")));

    world.follow(log);
    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "a/3", "a/4");
    world.journal().carryOutDeletions(world.database());

    assertThat(world.column("SELECT persistence_id FROM kintsugi_deletion")).isEmpty();
    assertThat(world.column("SELECT sequence_number::text FROM event_journal"))
        .containsExactly("4");
  }

  @Test
  void an_event_beyond_the_replay_of_one_that_is_to_follow_is_not_deleted() throws Exception {
    append("a", 1, 4);
    world.register(log);
    RebuildSteps owner = world.owner(log);
    while (world.rebuild(log).phase() != Phase.REPLAY) {
      world.step(owner);
    }
    append("b", 1, 2); // beyond R
    world
        .database()
        .inTransaction(
            connection -> {
              world.journal().deleteUpTo(connection, "b", 2);
              return true;
            });
    world.runToTheEnd(log);
    world.follow(log);

    assertThat(world.applied(log)).contains("b/1", "b/2");
  }

  private ProjectionStatus status() throws Exception {
    return world
        .database()
        .inTransaction(
            connection ->
                StatusRows.status(connection, "log", world.journal(), new Counters(new Metrics())))
        .orElseThrow();
  }

  private Following following() throws Exception {
    return status().following().orElseThrow();
  }

  @Test
  void its_status_says_how_far_it_has_come_and_how_much_is_to_come() throws Exception {
    world.register(log);
    assertThat(status().following()).as("while it is built").isEmpty();
    world.runToTheEnd(log);
    append("a", 1, 4);

    assertThat(following().position()).isZero();
    assertThat(following().lag()).isEqualTo(4);
    assertThat(following().behind())
        .as("written at a fixed time")
        .isGreaterThan(Duration.ofDays(1));

    world.follow(log);
    assertThat(following()).isEqualTo(new Following(4, 0, Duration.ZERO, Optional.empty()));
    Overview overview =
        world
            .database()
            .inTransaction(connection -> StatusRows.overview(connection, world.journal()));
    assertThat(overview.projections().get(0).following()).contains(following());
  }

  @Test
  void it_is_verified_up_to_its_cursor_less_what_is_open() throws Exception {
    world.register(log.kind(Kind.ROWS).failOn("a/2"));
    assertThatThrownBy(() -> world.verifier().verify("log"))
        .isInstanceOf(NotVerifiableException.class);
    world.runToTheEnd(log);
    append("a", 1, 2);
    append("b", 1, 2);
    world.follow(log);
    append("b", 3, 9);

    Verification verified = world.verifier().verify("log").orElseThrow();

    assertThat(verified.isClean()).as("%s", verified).isTrue();
    assertThat(verified.open()).isEqualTo(1);
  }

  @Test
  void it_follows_on_under_another_name() throws Exception {
    world.start(log);
    append("a", 1, 2);
    world.follow(log);
    append("a", 3, 3);
    world.database().inTransaction(new Renaming("log", "book", "ann", "a test")::begin);
    TestProjection book = new TestProjection("book").following().inTableOf(log);
    world.haveHandlersOf(book);

    world.runToTheEnd(book);
    world.follow(book);

    assertThat(world.column("SELECT projection FROM kintsugi_cursor")).containsExactly("book");
    world.auditWhole(book);
  }

  @Test
  void its_cursor_goes_when_it_is_retired() throws Exception {
    world.start(log);
    world
        .database()
        .inTransaction(
            connection -> RetirementSteps.begin(connection, "log", "ann", "of no use", true));
    RetirementSteps steps = new RetirementSteps(world.database());
    while (steps.run() > 0) {}

    assertThat(world.column("SELECT projection FROM kintsugi_cursor")).isEmpty();
  }
}
