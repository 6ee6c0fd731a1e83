package dev.kintsugi.runtime.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.internal.rebuild.RebuildStep;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.internal.recovery.Drain;
import dev.kintsugi.runtime.internal.recovery.DrainSettings;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.persistence.AppendRejectedException;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestProjection.Kind;
import dev.kintsugi.runtime.testing.World;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What recovery does about events that can't be applied, as failure policies say (DESIGN 8). */
@Tag("slow")
class GivingUpTest {

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");

  @AfterEach
  void close() {
    world.close();
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void of_a_thousand_records_with_a_poison_event_all_others_are_applied_in_one_round(Kind kind)
      throws Exception {
    world.start(log.kind(kind));
    setPaused(true);
    for (int i = 0; i < 1000; i += 100) {
      NewEvent[] events = new NewEvent[100];
      for (int n = 0; n < 100; n++) {
        events[n] = world.event("s" + (i + n), 1);
      }
      world.append(events);
    }
    setPaused(false);
    log.failOn("s637/1");

    Drain.Batch batch = world.drain(log, batchesOf(10_000));

    assertThat(batch).isEqualTo(new Drain.Batch(999, 0, 0, 0, 1, 0, 1000, true));
    assertThat(world.applied(log)).hasSize(999);
    assertThat(world.open(log)).containsExactly("s637/1 FAILED");
    log.repair();
    makeDue();
    world.drainAll(log);
    world.auditWhole(log);
  }

  @Test
  void several_poison_events_of_a_batch_are_all_found_and_what_is_behind_them_waits()
      throws Exception {
    world.start(log.grouped());
    recordWhilePaused(7);
    log.failOn("a/2").failOn("b/1").failOn("b/5");

    Drain.Batch batch = world.drain(log, batchesOf(100));

    assertThat(batch.applied()).isEqualTo(1);
    assertThat(batch.failed()).isEqualTo(2);
    assertThat(world.applied(log)).containsExactly("a/1");
    assertThat(
            world.column(
                "SELECT last_error FROM kintsugi_skip WHERE attempts > 0 ORDER BY ordering"))
        .hasSize(2)
        .satisfiesExactly(
            first -> assertThat(first).contains("poison: b/1"),
            second -> assertThat(second).contains("poison: a/2"));
    log.repair();
    makeDue();
    world.drainAll(log);
    world.auditWhole(log);
  }

  @Test
  void what_is_discarded_is_archived_by_name_and_its_stream_goes_on_in_the_same_batch()
      throws Exception {
    log.failOn("a/1").onFailure(FailurePolicy.skip().withoutRetry().thenDiscard());
    world.start(log);
    world.append(world.event("a", 1), world.event("b", 1));
    world.append(world.event("a", 2));
    assertThat(world.open(log)).containsExactly("a/1 FAILED", "a/2 BEHIND");

    Drain.Batch batch = world.drain(log);

    assertThat(batch).isEqualTo(new Drain.Batch(1, 0, 0, 1, 0, 0, batch.lastOrdering(), false));
    assertThat(world.archived(log)).containsExactly("a/1 discarded", "a/2 applied");
    assertThat(
            world.column(
                "SELECT attempts || ' ' || (last_error LIKE '%poison: a/1%') FROM kintsugi_skip_archive WHERE outcome = 'discarded'"))
        .containsExactly("2 true");
    world.append(world.event("a", 3));
    assertThat(world.applied(log)).containsExactly("b/1", "a/2", "a/3");
    world.audit(log);
  }

  @Test
  void what_stops_a_projection_pauses_it_at_the_event_and_resuming_begins_there() throws Exception {
    log.failOn("a/2").onFailure(FailurePolicy.skip().withoutRetry().thenStop());
    world.start(log);
    recordWhilePaused(3);

    Drain.Batch batch = world.drain(log, batchesOf(100));

    assertThat(batch.failed()).isEqualTo(1);
    assertThat(world.generation(log).paused()).isTrue();
    assertThat(world.applied(log))
        .as("what came before it, and nothing after")
        .containsExactly("b/1", "a/1", "b/2");
    assertThat(
            world.column(
                "SELECT requested_by || ' ' || operation || ' ' || about || ': ' || reason FROM kintsugi_operation"))
        .containsExactly(
            "recovery pause event 2 of stream a: its failure policy is to stop:"
                + " java.lang.IllegalArgumentException: poison: a/2");
    world.append(world.event("c", 1));
    assertThat(world.open(log))
        .containsExactly("a/2 FAILED", "b/3 PAUSED", "a/3 PAUSED", "c/1 PAUSED");
    assertThat(world.drain(log))
        .as("paused")
        .isEqualTo(new Drain.Batch(0, 0, 0, 0, 0, 0, 0, false));
    assertThat(world.column("SELECT parked_at FROM kintsugi_skip WHERE parked_at IS NOT NULL"))
        .isEmpty();

    setPaused(false);
    world.drain(log);
    assertThat(world.generation(log).paused()).as("it fails still").isTrue();
    log.repair();
    setPaused(false);
    world.drainAll(log);
    world.auditWhole(log);
  }

  @Test
  void a_policy_for_a_class_of_errors_applies_to_append_and_recovery() throws Exception {
    log.onFailure(
        FailurePolicy.reject()
            .on(IllegalArgumentException.class, FailurePolicy.skip().withoutRetry().thenDiscard()));
    world.start(log);
    log.failOn("a/1");
    world.append(world.event("a", 1));
    world.drain(log);
    assertThat(world.archived(log)).containsExactly("a/1 discarded");

    log.beforeEach(
        envelope -> {
          throw new IllegalStateException("another error");
        });
    assertThatThrownBy(() -> world.append(world.event("b", 1)))
        .isInstanceOf(AppendRejectedException.class);
    world.audit(log);
  }

  @Test
  void a_record_whose_event_was_deleted_is_archived_as_such_and_its_stream_goes_on()
      throws Exception {
    world.start(log);
    setPaused(true);
    world.append(world.event("a", 1), world.event("a", 2), world.event("a", 3));
    setPaused(false);
    world.execute("UPDATE event_journal SET deleted = TRUE WHERE sequence_number = 1");
    world.execute("DELETE FROM event_journal WHERE sequence_number = 2");

    Drain.Batch batch = world.drain(log);

    assertThat(batch).isEqualTo(new Drain.Batch(1, 0, 2, 0, 0, 0, 3, true));
    assertThat(world.archived(log)).containsExactly("a/1 deleted", "a/2 deleted", "a/3 applied");
    world.append(world.event("a", 4));
    assertThat(world.applied(log)).containsExactly("a/3", "a/4");
  }

  @Test
  void a_database_that_fails_in_a_batch_counts_no_attempts() throws Exception {
    world.start(log);
    recordWhilePaused(2);
    log.beforeEach(
        envelope -> {
          throw new IllegalStateException(new SQLException("the server goes down", "57P01"));
        });

    assertThatThrownBy(() -> world.drain(log)).hasMessageContaining("the server goes down");

    assertThat(world.column("SELECT max(attempts) FROM kintsugi_skip")).containsExactly("0");
    log.beforeEach(envelope -> {});
    world.drainAll(log);
    world.auditWhole(log);
  }

  @Test
  void a_paused_projections_rebuild_waits_for_its_resumption() throws Exception {
    world.start(log);
    world.append(world.event("a", 1), world.event("b", 1), world.event("a", 2));
    setPaused(true);
    world.requestRebuild(log);
    RebuildSteps owner = world.owner(log);

    assertThat(world.stepUntilNotDone(owner))
        .isEqualTo(new RebuildStep.Waiting("its resumption: the projection is paused"));
    assertThat(world.applied(log)).isEmpty();

    setPaused(false);
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  private static DrainSettings batchesOf(int records) {
    // A drain begins with a tenth of them.
    return new DrainSettings(records, Duration.ofMinutes(1));
  }

  /** Of streams a and b, in turns: b/1, a/1, b/2, a/2 and so on. */
  private void recordWhilePaused(int each) throws Exception {
    setPaused(true);
    for (int i = 1; i <= each; i++) {
      world.append(world.event("b", i), world.event("a", i));
    }
    setPaused(false);
  }

  private void setPaused(boolean paused) throws Exception {
    world.database().inTransaction(connection -> Generations.setPaused(connection, "log", paused));
  }

  private void makeDue() throws Exception {
    world.execute("UPDATE kintsugi_skip SET next_attempt_at = '-infinity'");
  }
}
