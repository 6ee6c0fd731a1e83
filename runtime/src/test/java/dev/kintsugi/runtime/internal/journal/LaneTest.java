package dev.kintsugi.runtime.internal.journal;

import static dev.kintsugi.runtime.testing.TestSystem.PATIENCE;
import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.internal.event.EventRow;
import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.metrics.Metrics;
import dev.kintsugi.runtime.internal.node.Counters;
import dev.kintsugi.runtime.internal.writer.Appender;
import dev.kintsugi.runtime.persistence.AppendRejectedException;
import dev.kintsugi.runtime.persistence.JournalOverloadedException;
import dev.kintsugi.runtime.status.ProjectionCounts;
import dev.kintsugi.runtime.testing.FailingCommits;
import dev.kintsugi.runtime.testing.FailingCommits.Lost;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Groups of writes on one lane. To have writes in one group, a test locks the journal: the lane
 * then waits with the first write, and what is queued meanwhile becomes the next group.
 */
@Tag("slow")
class LaneTest {

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");
  private final SettableClock clock = new SettableClock();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry(SimpleConfig.DEFAULT, clock);
  private final Metrics metrics = new Metrics();
  private final Counters counters = new Counters(metrics);
  private final Rejections rejections = new Rejections();
  private Lane lane = lane(new JournalSettings(1, 100, 100, 1 << 20, PATIENCE));

  private Lane lane(JournalSettings settings) {
    return lane(settings, world.database());
  }

  private Lane lane(JournalSettings settings, Database database) {
    Lane made =
        new Lane(
            "lane",
            settings,
            new Appender(database, world.writer()),
            new LaneMeters(metrics),
            (written, events) -> counters.written(written),
            rejections,
            new EmptiedStreams());
    made.start();
    return made;
  }

  @AfterEach
  void close() {
    lane.close();
    world.close();
  }

  /** Locks the journal, and waits until the lane waits for it with a write of a stream "held". */
  private Connection holdLane() throws Exception {
    Connection lock = world.database().connection();
    try (Statement statement = lock.createStatement()) {
      statement.execute("LOCK TABLE event_journal IN SHARE MODE");
    }
    lane.submit(write(world.event("held", 1)));
    eventually(() -> assertThat(waitingForTheLock()).isPositive());
    return lock;
  }

  private int waitingForTheLock() throws Exception {
    return world
        .column(
            "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'event_journal'::regclass")
        .size();
  }

  private static void release(Connection lock) throws SQLException {
    lock.rollback();
    lock.close();
  }

  /** Submits all while the lane is held, so that they are one group, and then lets it go. */
  private void submitTogether(LaneWrite... writes) throws Exception {
    Connection lock = holdLane();
    for (LaneWrite write : writes) {
      lane.submit(write);
    }
    release(lock);
  }

  private static LaneWrite write(NewEvent... events) {
    return new LaneWrite(
        events[0].row().persistenceId(), List.of(List.of(events)), List.of(Optional.empty()));
  }

  /** A write of an incarnation of the stream's actor. */
  private LaneWrite writeOf(String incarnation, String persistenceId, long... sequenceNumbers) {
    NewEvent[] events =
        Arrays.stream(sequenceNumbers)
            .mapToObj(number -> by(incarnation, world.event(persistenceId, number)))
            .toArray(NewEvent[]::new);
    return write(events);
  }

  private static NewEvent by(String incarnation, NewEvent event) {
    EventRow row = event.row();
    return new NewEvent(
        new EventRow(
            row.ordering(),
            row.persistenceId(),
            row.sequenceNumber(),
            incarnation,
            row.timestamp(),
            row.adapterManifest(),
            row.event(),
            row.metadata()),
        event.tags(),
        event.payloads());
  }

  private static boolean isStored(LaneWrite write) throws Exception {
    return stream(get(write.result())).allMatch(Optional::isEmpty);
  }

  private static java.util.stream.Stream<Optional<Exception>> stream(
      Iterable<Optional<Exception>> results) {
    List<Optional<Exception>> list = new ArrayList<>();
    results.forEach(list::add);
    return list.stream();
  }

  private static Exception rejectionOf(LaneWrite write) throws Exception {
    return stream(get(write.result())).flatMap(Optional::stream).findFirst().orElseThrow();
  }

  private List<String> stored() throws Exception {
    return world.column(
        "SELECT persistence_id || '/' || sequence_number FROM event_journal"
            + " WHERE persistence_id <> 'held' ORDER BY persistence_id, sequence_number");
  }

  private void takeByHand(String persistenceId, long sequenceNumber) throws Exception {
    world.execute(
        """
        INSERT INTO event_journal (persistence_id, sequence_number, writer, event_ser_id,
          event_ser_manifest, event_payload) VALUES ('%s', %d, 'by hand', 20, '', 'other')
        """
            .formatted(persistenceId, sequenceNumber));
  }

  @Test
  void writes_that_wait_together_are_stored_in_one_transaction() throws Exception {
    world.start(log);
    LaneWrite[] writes = new LaneWrite[20];
    for (int i = 0; i < writes.length; i++) {
      writes[i] = write(world.event("s" + i % 10, 1 + i / 10));
    }

    submitTogether(writes);

    for (LaneWrite write : writes) {
      assertThat(isStored(write)).isTrue();
    }
    assertThat(
            world.column(
                "SELECT DISTINCT xmin::text FROM event_journal WHERE persistence_id <> 'held'"))
        .hasSize(1);
    world.auditWhole(log);
  }

  @Test
  void a_group_is_no_larger_than_the_settings_say() throws Exception {
    lane.close();
    lane = lane(new JournalSettings(1, 100, 3, 1 << 20, PATIENCE));

    LaneWrite[] writes = new LaneWrite[7];
    for (int i = 0; i < writes.length; i++) {
      writes[i] = write(world.event("s" + i, 1));
    }
    submitTogether(writes);

    for (LaneWrite write : writes) {
      assertThat(isStored(write)).isTrue();
    }
    assertThat(
            world.column(
                "SELECT count(*) FROM event_journal WHERE persistence_id <> 'held'"
                    + " GROUP BY xmin::text ORDER BY min(ordering)"))
        .containsExactly("3", "3", "1");
  }

  @Test
  void a_group_has_no_more_bytes_than_the_settings_say() throws Exception {
    lane.close();
    lane = lane(new JournalSettings(1, 100, 100, 10_000, PATIENCE));

    LaneWrite[] writes = new LaneWrite[5];
    for (int i = 0; i < writes.length; i++) {
      writes[i] = write(world.event("s" + i, 1, new byte[i == 3 ? 20_000 : 3_000]));
    }
    submitTogether(writes);

    for (LaneWrite write : writes) {
      assertThat(isStored(write)).isTrue();
    }
    assertThat(
            world.column(
                "SELECT count(*) FROM event_journal WHERE persistence_id <> 'held'"
                    + " GROUP BY xmin::text ORDER BY min(ordering)"))
        .containsExactly("3", "1", "1");
  }

  @Test
  void a_write_that_conflicts_fails_alone() throws Exception {
    world.start(log);
    LaneWrite before = write(world.event("a", 1), world.event("a", 2));
    LaneWrite conflicting = write(world.event("b", 1));
    LaneWrite after = write(world.event("c", 1));
    takeByHand("b", 1);

    submitTogether(before, conflicting, after);

    assertThat(isStored(before)).isTrue();
    assertThat(isStored(after)).isTrue();
    assertThatThrownBy(() -> get(conflicting.result()))
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("23505"));
    assertThat(stored()).containsExactly("a/1", "a/2", "b/1", "c/1");
    assertThat(world.applied(log)).containsExactlyInAnyOrder("held/1", "a/1", "a/2", "c/1");
  }

  @Test
  void of_two_incarnations_in_one_group_the_first_is_stored_and_the_second_fails()
      throws Exception {
    LaneWrite first = writeOf("older", "a", 1);
    LaneWrite second = writeOf("newer", "a", 1);

    submitTogether(first, second);

    assertThat(isStored(first)).isTrue();
    assertThatThrownBy(() -> get(second.result())).isInstanceOf(SQLException.class);
    assertThat(world.column("SELECT writer FROM event_journal WHERE persistence_id = 'a'"))
        .containsExactly("older");
  }

  @Test
  void a_write_whose_event_a_projection_rejects_is_rejected_alone() throws Exception {
    world.start(log.onFailure(FailurePolicy.reject()).failOn("b/1"));
    LaneWrite before = write(world.event("a", 1));
    LaneWrite rejected = write(world.event("b", 1));
    LaneWrite after = write(world.event("c", 1));

    submitTogether(before, rejected, after);

    assertThat(isStored(before)).isTrue();
    assertThat(isStored(after)).isTrue();
    assertThat(rejectionOf(rejected))
        .isInstanceOf(AppendRejectedException.class)
        .hasMessageContaining("event 1 of stream b")
        .hasMessageContaining("nothing is stored");
    assertThat(stored()).containsExactly("a/1", "c/1");
    world.auditWhole(log);
  }

  @Test
  void an_atomic_write_is_rejected_whole() throws Exception {
    world.start(log.onFailure(FailurePolicy.reject()).failOn("a/2"));
    LaneWrite rejected = write(world.event("a", 1), world.event("a", 2), world.event("a", 3));

    lane.submit(rejected);

    assertThat(rejectionOf(rejected)).hasMessageContaining("event 2 of stream a");
    assertThat(stored()).isEmpty();
    assertThat(world.applied(log)).isEmpty();
  }

  @Test
  void of_several_atomic_writes_sent_at_once_only_the_one_at_fault_is_rejected() throws Exception {
    world.start(log.onFailure(FailurePolicy.reject()).failOn("a/2"));
    LaneWrite write =
        new LaneWrite(
            "a",
            List.of(
                List.of(world.event("a", 1)),
                List.of(world.event("a", 2)),
                List.of(world.event("a", 3))),
            List.of(Optional.empty(), Optional.empty(), Optional.empty()));

    lane.submit(write);

    assertThat(stream(get(write.result())).map(Optional::isPresent))
        .containsExactly(false, true, false);
    assertThat(stored()).containsExactly("a/1", "a/3");
    world.auditWhole(log);
  }

  @Test
  void an_event_that_a_handler_fails_on_is_stored_and_recorded_where_the_policy_is_to_skip()
      throws Exception {
    world.start(log.failOn("b/1"));
    LaneWrite before = write(world.event("a", 1));
    LaneWrite failing = write(world.event("b", 1));
    LaneWrite behind = write(world.event("b", 2));

    submitTogether(before, failing, behind);

    assertThat(isStored(before)).isTrue();
    assertThat(isStored(failing)).isTrue();
    assertThat(isStored(behind)).isTrue();
    assertThat(world.open(log)).containsExactly("b/1 FAILED", "b/2 BEHIND");
    assertThat(world.applied(log)).containsExactly("held/1", "a/1");
    assertThat(counters.counts("log"))
        .returns(2L, ProjectionCounts::appliedInline)
        .returns(2L, ProjectionCounts::recorded)
        .returns(0L, ProjectionCounts::recovered);
    world.audit(log);
  }

  // A handler's own unique violation

  @Test
  void a_handlers_unique_violation_is_recorded_and_no_conflict_where_the_policy_is_to_skip()
      throws Exception {
    world.start(log.uniquePayloads());
    LaneWrite first = write(world.event("a", 1, "name"));
    LaneWrite second = write(world.event("b", 1, "name"));

    submitTogether(first, second);

    assertThat(isStored(first)).isTrue();
    assertThat(isStored(second)).isTrue();
    assertThat(stored()).containsExactly("a/1", "b/1");
    assertThat(world.column("SELECT persistence_id || ' ' || reason FROM kintsugi_skip"))
        .containsExactly("b FAILED");
    assertThat(world.column("SELECT last_error FROM kintsugi_skip").get(0))
        .contains("log_log_payload_key");
  }

  @Test
  void a_write_that_others_keep_from_being_stored_fails_alone_and_is_not_rejected()
      throws Exception {
    world.start(
        log.onFailure(FailurePolicy.reject())
            .beforeEach(
                envelope -> {
                  if (envelope.event().equals("late")) {
                    throw new IllegalStateException(new SQLException("could not lock", "55P03"));
                  }
                }));
    LaneWrite before = write(world.event("a", 1));
    LaneWrite late = write(world.event("b", 1, "late"));
    LaneWrite behind = write(world.event("b", 2));
    LaneWrite after = write(world.event("c", 1));

    submitTogether(before, late, behind, after);

    assertThat(isStored(before)).isTrue();
    assertThat(isStored(after)).isTrue();
    assertThatThrownBy(() -> get(late.result()))
        .hasRootCauseInstanceOf(SQLException.class)
        .hasMessageContaining("event 1 of stream b");
    assertThatThrownBy(() -> get(behind.result())).hasMessageContaining("stream b");
  }

  @Test
  void a_handlers_unique_violation_is_a_rejection_and_no_failure_where_the_policy_is_to_reject()
      throws Exception {
    world.start(log.uniquePayloads().onFailure(FailurePolicy.reject()));
    LaneWrite first = write(world.event("a", 1, "name"));
    LaneWrite second = write(world.event("b", 1, "name"));

    submitTogether(first, second);

    assertThat(isStored(first)).isTrue();
    assertThat(rejectionOf(second)).isInstanceOf(AppendRejectedException.class);
    assertThat(stored()).containsExactly("a/1");
  }

  // Meters

  /** A registry's clock, which can be made to fail it whenever something is recorded. */
  private static final class SettableClock implements Clock {
    private volatile boolean broken;

    @Override
    public long wallTime() {
      if (broken) {
        throw new IllegalStateException("the clock is broken");
      }
      return Clock.SYSTEM.wallTime();
    }

    @Override
    public long monotonicTime() {
      return wallTime();
    }
  }

  @Test
  void a_group_is_measured_by_the_writes_that_were_stored() throws Exception {
    world.start(log.onFailure(FailurePolicy.reject()).failOn("b/1"));
    metrics.reportTo(registry);
    LaneWrite before = write(world.event("a", 1));
    LaneWrite rejected = write(world.event("b", 1));
    LaneWrite after = write(world.event("c", 1), world.event("c", 2));

    submitTogether(before, rejected, after);
    get(after.result());

    DistributionSummary group = registry.get("kintsugi.journal.group").summary();
    assertThat(group.count()).as("the one that was held, and the group").isEqualTo(2);
    assertThat(group.totalAmount()).isEqualTo(3);
    assertThat(registry.get("kintsugi.append").timer().count()).isEqualTo(2);
    assertThat(counters.totals().appended()).isEqualTo(4);
  }

  @Test
  void a_write_is_stored_once_though_the_registry_fails_on_what_was_measured() throws Exception {
    world.start(log);
    metrics.reportTo(registry);
    clock.broken = true;
    LaneWrite first = write(world.event("a", 1));
    LaneWrite second = write(world.event("a", 2));

    lane.submit(first);
    lane.submit(second);

    assertThat(isStored(first)).isTrue();
    assertThat(isStored(second)).isTrue();
    assertThat(stored()).containsExactly("a/1", "a/2");
  }

  // No gap behind a failure

  @Test
  void what_an_actor_sent_after_a_write_that_failed_fails_too() throws Exception {
    takeByHand("a", 1);
    LaneWrite failing = writeOf("x", "a", 1);
    LaneWrite queued = writeOf("x", "a", 2);
    LaneWrite neighbour = writeOf("y", "b", 1);

    submitTogether(failing, queued, neighbour);
    LaneWrite late = writeOf("x", "a", 3);
    assertThat(isStored(neighbour)).isTrue();
    lane.submit(late);

    assertThatThrownBy(() -> get(failing.result())).isInstanceOf(SQLException.class);
    assertThatThrownBy(() -> get(queued.result()))
        .hasMessage("event 2 of stream a is not stored, as event 1 before it was not");
    assertThatThrownBy(() -> get(late.result())).hasMessageContaining("event 3 of stream a");
    assertThat(stored()).containsExactly("a/1", "b/1");
  }

  @Test
  void the_next_incarnation_may_write_the_event_that_failed() throws Exception {
    takeByHand("a", 1);
    LaneWrite failing = writeOf("x", "a", 1);
    submitTogether(failing);
    assertThatThrownBy(() -> get(failing.result())).isInstanceOf(SQLException.class);
    world.execute("DELETE FROM event_journal WHERE persistence_id = 'a'");

    LaneWrite again = writeOf("next", "a", 1);
    LaneWrite more = writeOf("next", "a", 2);
    lane.submit(again);
    lane.submit(more);

    assertThat(isStored(again)).isTrue();
    assertThat(isStored(more)).isTrue();
  }

  @Test
  void the_next_incarnation_may_go_on_behind_the_event_that_another_one_stored() throws Exception {
    takeByHand("a", 1);
    LaneWrite failing = writeOf("x", "a", 1);
    submitTogether(failing);
    assertThatThrownBy(() -> get(failing.result())).isInstanceOf(SQLException.class);

    LaneWrite next = writeOf("next", "a", 2);
    lane.submit(next);

    assertThat(isStored(next)).isTrue();
    assertThat(stored()).containsExactly("a/1", "a/2");
  }

  @Test
  void what_an_actor_sent_after_a_write_that_found_no_room_fails_too() throws Exception {
    lane.close();
    lane = lane(new JournalSettings(1, 1, 100, 1 << 20, PATIENCE));
    Connection lock = holdLane();
    LaneWrite queued = writeOf("x", "a", 1);
    LaneWrite refused = writeOf("x", "a", 2);
    lane.submit(queued);
    lane.submit(refused);
    release(lock);
    assertThat(isStored(queued)).as("what was queued before the refused one").isTrue();

    LaneWrite late = writeOf("x", "a", 3);
    lane.submit(late);

    assertThatThrownBy(() -> get(late.result())).hasMessageContaining("event 3 of stream a");
    assertThat(stored()).as("no gap").containsExactly("a/1");
    LaneWrite next = writeOf("next", "a", 2);
    lane.submit(next);
    assertThat(isStored(next)).isTrue();
  }

  @Test
  void an_actor_whose_rejected_number_was_forgotten_is_refused_and_its_next_incarnation_goes_on()
      throws Exception {
    world.start(log.onFailure(FailurePolicy.reject()).failOn("a/2"));
    lane.submit(writeOf("x", "a", 1));
    LaneWrite rejected = writeOf("x", "a", 2);
    lane.submit(rejected);
    assertThat(rejectionOf(rejected)).isInstanceOf(AppendRejectedException.class);
    rejections.forget("a"); // as when too many others were rejected since

    LaneWrite behindIt = writeOf("x", "a", 3);
    lane.submit(behindIt);

    assertThatThrownBy(() -> get(behindIt.result())).hasMessageContaining("a");
    assertThat(stored()).as("no gap that nothing explains").containsExactly("a/1");
    log.repair();
    LaneWrite next = writeOf("next", "a", 2);
    lane.submit(next);
    assertThat(isStored(next)).isTrue();
    world.auditWhole(log);
  }

  // Bounds

  @Test
  void a_write_that_finds_the_queue_full_fails_at_once_and_says_how_large_it_is() throws Exception {
    lane.close();
    lane = lane(new JournalSettings(1, 2, 100, 1 << 20, PATIENCE));
    Connection lock = holdLane();
    LaneWrite first = write(world.event("a", 1));
    LaneWrite second = write(world.event("b", 1));
    LaneWrite third = write(world.event("c", 1));
    lane.submit(first);
    lane.submit(second);
    lane.submit(third);

    assertThat(third.result().toCompletableFuture()).isCompletedExceptionally();
    assertThatThrownBy(() -> get(third.result()))
        .isInstanceOf(JournalOverloadedException.class)
        .hasMessageContaining("stream c")
        .hasMessageContaining("2 writes")
        .hasMessageContaining("kintsugi.journal.queue-size");
    release(lock);
    assertThat(isStored(first)).isTrue();
    assertThat(isStored(second)).isTrue();
    assertThat(stored()).containsExactly("a/1", "b/1");
  }

  @Test
  void when_the_lane_is_closed_what_is_queued_fails_and_nothing_hangs() throws Exception {
    Connection lock = holdLane();
    LaneWrite queued = write(world.event("a", 1));
    lane.submit(queued);

    lane.close();
    LaneWrite late = write(world.event("b", 1));
    lane.submit(late);
    release(lock);

    assertThatThrownBy(() -> get(queued.result())).hasMessageContaining("closed");
    assertThatThrownBy(() -> get(late.result())).hasMessageContaining("closed");
    assertThat(stored()).isEmpty();
  }

  @Test
  void when_no_connection_is_to_be_had_a_group_waits_for_one_once_and_fails_whole()
      throws Exception {
    lane.close();
    try (PoolOfOne pool = new PoolOfOne(world.url())) {
      lane = lane(new JournalSettings(1, 100, 100, 1 << 20, PATIENCE), new Database(pool));
      LaneWrite[] writes = new LaneWrite[8];
      for (int i = 0; i < writes.length; i++) {
        writes[i] = write(world.event("s" + i, 1));
      }

      submitTogether(writes); // the held write takes the one connection there ever is

      for (LaneWrite write : writes) {
        assertThatThrownBy(() -> get(write.result())).isInstanceOf(SQLException.class);
      }
      assertThat(pool.requests()).isEqualTo(2);
    }
    assertThat(stored()).isEmpty();
  }

  @Test
  void when_no_connection_is_to_be_had_all_that_is_queued_fails_with_the_group_that_waited_for_one()
      throws Exception {
    lane.close();
    try (PoolOfOne pool = new PoolOfOne(world.url())) {
      lane = lane(new JournalSettings(1, 100, 2, 1 << 20, PATIENCE), new Database(pool));
      LaneWrite[] writes = new LaneWrite[8];
      for (int i = 0; i < writes.length; i++) {
        writes[i] = writeOf("x", "s" + i % 4, 1 + i / 4);
      }

      submitTogether(writes);

      for (LaneWrite write : writes) {
        assertThatThrownBy(() -> get(write.result())).isInstanceOf(SQLException.class);
      }
      assertThat(pool.requests()).as("the held write's, and the first group's").isEqualTo(2);
      LaneWrite late = writeOf("x", "s0", 3);
      lane.submit(late);
      assertThatThrownBy(() -> get(late.result())).hasMessageContaining("event 3 of stream s0");
    }
    assertThat(stored()).isEmpty();
  }

  @Test
  void a_write_whose_commits_answer_is_lost_fails_and_is_stored_once() throws Exception {
    lane.close();
    lane =
        lane(
            new JournalSettings(1, 100, 100, 1 << 20, PATIENCE),
            new Database(
                FailingCommits.from(1, Lost.AFTER_THE_COMMIT, world.database()::connection)));
    LaneWrite unanswered = writeOf("x", "a", 1);
    lane.submit(unanswered);
    assertThatThrownBy(() -> get(unanswered.result())).hasMessageContaining("after the commit");
    lane.close();
    lane = lane(new JournalSettings(1, 100, 100, 1 << 20, PATIENCE));

    LaneWrite again = writeOf("x", "a", 1);
    lane.submit(again);
    assertThatThrownBy(() -> get(again.result()))
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("23505"));

    LaneWrite next = writeOf("next", "a", 2);
    lane.submit(next);
    assertThat(isStored(next)).isTrue();
    assertThat(stored()).containsExactly("a/1", "a/2");
  }

  @Test
  void a_write_whose_connection_is_lost_before_its_commit_fails_and_is_not_stored()
      throws Exception {
    lane.close();
    lane =
        lane(
            new JournalSettings(1, 100, 100, 1 << 20, PATIENCE),
            new Database(
                FailingCommits.from(1, Lost.BEFORE_THE_COMMIT, world.database()::connection)));
    LaneWrite lost = writeOf("x", "a", 1);
    lane.submit(lost);

    assertThatThrownBy(() -> get(lost.result())).hasMessageContaining("before the commit");
    assertThat(stored()).isEmpty();
  }

  /** A pool whose connection is taken by somebody else once it has been used. */
  private static final class PoolOfOne extends HikariDataSource {
    private int requests;
    private @Nullable Connection taken;

    PoolOfOne(String url) {
      super(settings(url));
    }

    private static HikariConfig settings(String url) {
      HikariConfig config = new HikariConfig();
      config.setJdbcUrl(url);
      config.setMaximumPoolSize(1);
      config.setConnectionTimeout(250);
      config.setAutoCommit(false);
      return config;
    }

    @Override
    public synchronized Connection getConnection() throws SQLException {
      if (++requests > 1 && taken == null) {
        taken = super.getConnection();
      }
      return super.getConnection();
    }

    synchronized int requests() {
      return requests;
    }
  }
}
