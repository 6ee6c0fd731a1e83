package dev.kintsugi.runtime.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.internal.rebuild.RebuildStep;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.internal.recovery.Drain;
import dev.kintsugi.runtime.internal.state.Fence;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.writer.WrittenAppend;
import dev.kintsugi.runtime.persistence.AppendRejectedException;
import dev.kintsugi.runtime.persistence.UnsafeTransactionException;
import dev.kintsugi.runtime.skip.SkipReason;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The writer's protocol (DESIGN 5). */
class WriterTest {

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");
  private final TestProjection other = new TestProjection("other");
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void close() {
    threads.shutdownNow();
    world.close();
  }

  // Apply, record

  @Test
  void several_streams_and_several_projections_in_one_transaction() throws Exception {
    world.start(log, other);

    WrittenAppend written =
        world.append(world.event("a", 1), world.event("b", 1), world.event("a", 2));

    assertThat(written.orderings()).isSorted().doesNotHaveDuplicates().hasSize(3);
    assertThat(world.applied(log)).containsExactly("a/1", "b/1", "a/2");
    assertThat(world.applied(other)).containsExactly("a/1", "b/1", "a/2");
    world.auditWhole(log, other);
  }

  @Test
  void an_event_that_no_projection_subscribes_to_is_neither_applied_nor_recorded()
      throws Exception {
    world.start(log);

    WrittenAppend written = world.append(world.event("a", 1, 42));

    assertThat(world.column("SELECT persistence_id FROM event_journal")).containsExactly("a");
    assertThat(written.of("log").appliedInline()).isZero();
    assertThat(world.open(log)).isEmpty();
  }

  @Test
  void while_a_projection_is_rebuilding_the_writer_records_and_applies_to_the_others()
      throws Exception {
    world.start(log, other);
    world.requestRebuild(log);

    WrittenAppend written = world.append(world.event("a", 1), world.event("a", 2));

    assertThat(written.of("log").recordedByReason()).containsEntry(SkipReason.REBUILDING, 2);
    assertThat(world.open(log)).containsExactly("a/1 REBUILDING", "a/2 REBUILDING");
    assertThat(world.applied(log)).isEmpty();
    assertThat(world.applied(other)).containsExactly("a/1", "a/2");
    world.runToTheEnd(log);
    world.auditWhole(log, other);
  }

  @Test
  void a_rollback_leaves_neither_event_nor_row_nor_record() throws Exception {
    world.start(log, other);
    world.requestRebuild(other);
    try (World.HeldWriter writer = world.holdWriter()) {
      writer.write(world.event("a", 1));
      writer.rollback();
    }

    assertThat(world.column("SELECT persistence_id FROM event_journal")).isEmpty();
    assertThat(world.applied(log)).isEmpty();
    assertThat(world.open(other)).isEmpty();
  }

  @Test
  void a_node_without_the_handler_records_no_handler_and_recovery_elsewhere_mends_it()
      throws Exception {
    world.start(log);
    world.forgetHandlers();
    world.append(world.event("a", 1));
    assertThat(world.open(log)).containsExactly("a/1 NO_HANDLER");
    assertThat(world.drain(log).archived()).as("nor can it drain").isZero();

    world.haveHandlersOf(log);
    world.append(world.event("b", 1));
    world.drainAll(log);

    assertThat(world.applied(log)).containsExactlyInAnyOrder("a/1", "b/1");
    world.auditWhole(log);
  }

  @Test
  void a_node_with_another_version_of_the_handler_records_no_handler() throws Exception {
    world.start(log);
    world.haveHandlersOf(new TestProjection("log").version(2));

    world.append(world.event("a", 1));

    assertThat(world.open(log)).containsExactly("a/1 NO_HANDLER");
  }

  @Test
  void what_a_node_without_the_handler_recorded_too_much_is_archived_as_unsubscribed()
      throws Exception {
    world.start(log);
    world.forgetHandlers();
    world.append(world.event("a", 1, 42), world.event("a", 2));
    world.haveHandlersOf(log);

    world.drainAll(log);

    assertThat(world.archived(log)).containsExactly("a/1 unsubscribed", "a/2 applied");
    assertThat(world.open(log)).isEmpty();
  }

  @Test
  void a_paused_projection_is_recorded_and_after_resuming_a_writer_helps() throws Exception {
    world.start(log);
    setPaused(true);
    world.append(world.event("a", 1));
    assertThat(world.open(log)).containsExactly("a/1 PAUSED");
    assertThat(world.drain(log).archived()).as("nor is it drained").isZero();

    setPaused(false);
    world.append(world.event("a", 2));

    assertThat(world.applied(log)).containsExactly("a/1", "a/2");
    world.auditWhole(log);
  }

  private void setPaused(boolean paused) throws Exception {
    world.database().inTransaction(connection -> Generations.setPaused(connection, "log", paused));
  }

  @Test
  void transactions_apply_one_after_the_other_to_a_projection_whose_rows_streams_share()
      throws Exception {
    log.sharedRows();
    world.start(log);
    try (World.HeldWriter first = world.holdWriter()) {
      first.write(world.event("a", 1));
      Future<WrittenAppend> second = threads.submit(() -> world.append(world.event("b", 1)));
      await().until(world::someoneWaitsForALock);
      first.commit();
      assertThat(second.get().of("log").appliedInline()).isEqualTo(1);
    }
    world.auditWhole(log);
  }

  @Test
  void transactions_of_different_streams_do_not_wait_for_each_other_otherwise() throws Exception {
    world.start(log);
    try (World.HeldWriter first = world.holdWriter()) {
      first.write(world.event("a", 1));
      world.append(world.event("b", 1));
      assertThat(world.applied(log)).containsExactly("b/1");
      first.commit();
    }
    world.auditWhole(log);
  }

  @Test
  void a_drain_waits_for_its_turn_at_shared_rows_too() throws Exception {
    log.sharedRows();
    world.start(log);
    setPaused(true);
    world.append(world.event("a", 1));
    setPaused(false);
    try (World.HeldWriter writer = world.holdWriter()) {
      writer.write(world.event("b", 1));
      Future<Drain.Batch> drain = threads.submit(() -> world.drain(log));
      await().until(world::someoneWaitsForALock);
      writer.commit();
      assertThat(drain.get().applied()).isEqualTo(1);
    }
    world.auditWhole(log);
  }

  // Help, BEHIND

  @Test
  void a_writer_helps_with_the_older_records_of_its_stream_first() throws Exception {
    world.start(log);
    world.append(world.event("b", 1));
    setPaused(true);
    world.append(world.event("a", 1));
    world.append(world.event("a", 2));
    setPaused(false);

    WrittenAppend written = world.append(world.event("a", 3), world.event("b", 2));

    assertThat(written.of("log").helpedRecords()).isEqualTo(2);
    assertThat(world.applied(log)).containsExactly("b/1", "a/1", "a/2", "a/3", "b/2");
    assertThat(world.archived(log)).containsExactly("a/1 applied", "a/2 applied");
    world.auditWhole(log);
  }

  /**
   * That would run each of these appends twice, with all that is in its group, for as long as the
   * event fails.
   */
  @Test
  void a_record_that_failed_is_left_to_recovery_also_when_it_is_due() throws Exception {
    world.start(log);
    log.failOn("a/1");
    world.append(world.event("a", 1));
    makeDue();
    AtomicInteger calls = new AtomicInteger();
    log.beforeEach(envelope -> calls.incrementAndGet());

    world.append(world.event("a", 2), world.event("b", 1));

    assertThat(calls).as("b/1 alone, and once").hasValue(1);
    assertThat(world.open(log)).containsExactly("a/1 FAILED", "a/2 BEHIND");
    log.repair();
    world.drainAll(log);
    world.auditWhole(log);
  }

  @Test
  void behind_a_record_that_is_not_due_a_writer_records_behind() throws Exception {
    world.start(log);
    log.failOn("a/1");
    world.append(world.event("a", 1));
    log.repair();

    world.append(world.event("a", 2));

    assertThat(world.open(log)).containsExactly("a/1 FAILED", "a/2 BEHIND");
    world.audit(log);
  }

  @Test
  void behind_a_parked_record_a_writer_records_behind() throws Exception {
    world.start(log);
    log.failOn("a/1");
    world.append(world.event("a", 1), world.event("b", 1));
    log.repair();
    makeDue();
    world.execute("UPDATE kintsugi_skip SET parked_at = now()");

    world.append(world.event("a", 2), world.event("b", 2));

    assertThat(world.open(log)).containsExactly("a/1 FAILED", "a/2 BEHIND");
    assertThat(world.applied(log)).containsExactly("b/1", "b/2");
    world.audit(log);
  }

  @Test
  void with_more_records_than_it_may_help_with_a_writer_records_behind() throws Exception {
    world.start(log);
    setPaused(true);
    for (int i = 1; i <= 5; i++) {
      world.append(world.event("a", i));
    }
    setPaused(false);

    world.append(world.event("a", 6));

    assertThat(world.applied(log)).isEmpty();
    assertThat(world.open(log)).hasSize(6).endsWith("a/6 BEHIND");
    world.drainAll(log);
    world.auditWhole(log);
  }

  @Test
  void where_helping_fails_the_writer_records_behind_and_leaves_the_older_record_to_recovery()
      throws Exception {
    world.start(log);
    log.failOn("a/2");
    setPaused(true);
    world.append(world.event("a", 1));
    world.append(world.event("a", 2));
    setPaused(false);

    world.append(world.event("a", 3), world.event("b", 1));

    assertThat(world.open(log)).containsExactly("a/2 PAUSED", "a/3 BEHIND");
    assertThat(world.column("SELECT attempts FROM kintsugi_skip WHERE attempts > 0"))
        .as("attempts are recovery's to count")
        .isEmpty();
    assertThat(world.applied(log)).containsExactly("a/1", "b/1");
    world.audit(log);
  }

  @Test
  void a_writer_that_would_help_waits_for_a_drain_and_finds_the_records_gone() throws Exception {
    world.start(log);
    setPaused(true);
    world.append(world.event("a", 1));
    setPaused(false);
    try (Connection drain = world.database().connection();
        Statement statement = drain.createStatement()) {
      // As a drain does it: locks the record, applies, archives; and has not committed.
      statement.execute("SELECT * FROM kintsugi_skip FOR UPDATE");
      statement.execute(
          "INSERT INTO log_log (persistence_id, sequence_number, payload) VALUES ('a', 1, '')");
      statement.execute("DELETE FROM kintsugi_skip");
      Future<WrittenAppend> helping = threads.submit(() -> world.append(world.event("a", 2)));
      await().until(world::someoneWaitsForALock);
      drain.commit();
      assertThat(helping.get().of("log").helpedRecords()).isZero();
    }

    assertThat(world.applied(log)).containsExactly("a/1", "a/2");
    world.auditWhole(log);
  }

  // Handlers that throw

  /** With one failure of late, the next ones don't have all of an append run again. */
  @Test
  void further_failures_cost_no_more_than_what_was_applied_just_before_them() throws Exception {
    world.start(log, other);
    log.failOn("poison");
    world.append(world.event("x", 1, "poison"));
    AtomicInteger calls = new AtomicInteger();
    AtomicInteger callsOfOther = new AtomicInteger();
    log.beforeEach(envelope -> calls.incrementAndGet());
    other.beforeEach(envelope -> callsOfOther.incrementAndGet());
    NewEvent[] events = new NewEvent[100];
    for (int i = 0; i < events.length; i++) {
      boolean fails = i == 37 || i == 40 || i == 99;
      events[i] = world.event("s" + i % 90, 1 + i / 90, fails ? "poison" : "text");
    }

    world.append(events);

    assertThat(callsOfOther).hasValue(100);
    assertThat(calls.get()).isBetween(100, 100 + 3 * 16);
    assertThat(world.open(log))
        .containsExactly("x/1 FAILED", "s37/1 FAILED", "s40/1 FAILED", "s9/2 FAILED");
    world.audit(log, other);
    log.repair();
    makeDue();
    world.drainAll(log);
    world.auditWhole(log, other);
  }

  @Test
  void under_skip_a_failing_event_is_recorded_and_only_its_stream_waits_in_that_projection()
      throws Exception {
    log.failOn("a/2").onFailure(FailurePolicy.skip());
    world.start(log, other);

    world.append(
        world.event("a", 1), world.event("a", 2), world.event("b", 1), world.event("a", 3));

    assertThat(world.applied(log)).containsExactly("a/1", "b/1");
    assertThat(world.open(log)).containsExactly("a/2 FAILED", "a/3 BEHIND");
    assertThat(world.column("SELECT last_error FROM kintsugi_skip WHERE attempts = 1"))
        .singleElement()
        .asString()
        .contains("IllegalArgumentException: poison: a/2");
    assertThat(world.applied(other)).containsExactly("a/1", "a/2", "b/1", "a/3");
    world.audit(log, other);
  }

  @Test
  void under_reject_a_failing_event_is_not_stored_nor_is_anything_with_it() throws Exception {
    log.failOn("a/2").onFailure(FailurePolicy.reject());
    world.start(log, other);

    assertThatThrownBy(() -> world.append(world.event("a", 1), world.event("a", 2)))
        .isInstanceOf(AppendRejectedException.class)
        .hasMessageContaining("projection 'log'")
        .hasMessageContaining("event 2 of stream a")
        .hasMessageContaining("poison: a/2");

    assertThat(world.column("SELECT persistence_id FROM event_journal")).isEmpty();
    assertThat(world.applied(other)).isEmpty();
    assertThat(world.open(log)).isEmpty();
  }

  @Test
  void a_handlers_own_unique_violation_is_no_conflict_in_the_journal() throws Exception {
    world.start(log);
    world.execute("CREATE UNIQUE INDEX ON log_log (payload)");

    world.append(world.event("a", 1, "same"), world.event("b", 1, "same"));

    assertThat(world.applied(log)).containsExactly("a/1");
    assertThat(world.open(log)).containsExactly("b/1 FAILED");
    assertThat(world.column("SELECT last_error FROM kintsugi_skip").get(0)).contains("payload");
    world.audit(log);
  }

  @Test
  void a_conflict_in_the_journal_is_the_databases_answer_and_nothing_is_stored() throws Exception {
    world.start(log);
    world.append(world.event("a", 1));

    assertThatThrownBy(() -> world.append(world.event("b", 1), world.event("a", 1)))
        .satisfies(e -> assertThat(SqlStates.isUniqueViolation(e)).isTrue());

    assertThat(world.applied(log)).containsExactly("a/1");
    world.auditWhole(log);
  }

  // The transaction

  @ParameterizedTest
  @ValueSource(ints = {Connection.TRANSACTION_REPEATABLE_READ, Connection.TRANSACTION_SERIALIZABLE})
  void a_transaction_whose_snapshot_may_be_older_than_its_id_is_refused(int isolation)
      throws Exception {
    world.start(log);
    try (World.HeldWriter writer = world.holdWriter()) {
      writer.connection().setTransactionIsolation(isolation);

      assertThatThrownBy(() -> writer.write(world.event("a", 1)))
          .isInstanceOf(UnsafeTransactionException.class)
          .hasMessageContaining("READ COMMITTED");
      writer.rollback();
    }
    assertThat(world.column("SELECT persistence_id FROM event_journal")).isEmpty();
  }

  @Test
  void autocommit_is_refused() throws Exception {
    world.start(log);
    try (World.HeldWriter writer = world.holdWriter()) {
      writer.connection().setAutoCommit(true);

      assertThatThrownBy(() -> writer.write(world.event("a", 1)))
          .isInstanceOf(UnsafeTransactionException.class)
          .hasMessageContaining("autocommit");
      writer.connection().setAutoCommit(false);
    }
    assertThat(world.column("SELECT persistence_id FROM event_journal")).isEmpty();
  }

  /**
   * The writer is stopped where it would have read the status already, were that read before the
   * id.
   */
  @Test
  void a_writer_has_its_id_before_it_reads_a_status() throws Exception {
    world.start(log);
    try (Connection stopsInserts = world.database().connection();
        Statement statement = stopsInserts.createStatement()) {
      statement.execute("LOCK TABLE event_journal IN SHARE MODE");
      Future<WrittenAppend> writing = threads.submit(() -> world.append(world.event("a", 1)));
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
    assertThat(world.open(log)).containsExactly("a/1 REBUILDING");
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  @Test
  void a_writer_sees_a_status_that_was_committed_after_it_had_begun() throws Exception {
    world.start(log);
    try (World.HeldWriter writer = world.holdWriter();
        Statement statement = writer.connection().createStatement()) {
      statement.execute("SELECT pg_current_xact_id(); SELECT 1 FROM kintsugi_projection");
      world.requestRebuild(log);
      RebuildSteps owner = world.owner(log);
      assertThat(world.stepUntilNotDone(owner)).isInstanceOf(RebuildStep.Waiting.class);

      writer.write(world.event("a", 1));
      writer.commit();
    }

    assertThat(world.open(log)).containsExactly("a/1 REBUILDING");
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  private void makeDue() throws Exception {
    world.execute("UPDATE kintsugi_skip SET next_attempt_at = '-infinity'");
  }

  private Fence takeFence() throws SQLException {
    try (Connection connection = world.database().connection()) {
      return Fence.take(connection);
    }
  }
}
