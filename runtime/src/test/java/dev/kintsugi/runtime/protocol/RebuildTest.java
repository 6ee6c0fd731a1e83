package dev.kintsugi.runtime.protocol;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.internal.metrics.Metrics;
import dev.kintsugi.runtime.internal.node.Counters;
import dev.kintsugi.runtime.internal.operations.ChangeRequest;
import dev.kintsugi.runtime.internal.operations.RebuildOperations;
import dev.kintsugi.runtime.internal.operations.RebuildRequest;
import dev.kintsugi.runtime.internal.operations.StatusRows;
import dev.kintsugi.runtime.internal.rebuild.RebuildStep;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.operations.RebuildAnswer;
import dev.kintsugi.runtime.persistence.SchemaException;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.status.Status;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rebuilds in place, held up and cut off by hand (DESIGN 6). */
class RebuildTest {

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void a_new_projection_is_built_from_history() throws Exception {
    for (int i = 1; i <= 5; i++) {
      world.append(world.event("a", i), world.event("b", i));
    }

    world.start(log);

    assertThat(world.applied(log)).hasSize(10);
    assertThat(world.rebuild(log).eventsToReplay()).isEqualTo(10);
    assertThat(world.rebuild(log).replayed()).isEqualTo(10);
    world.auditWhole(log);
  }

  @Test
  void an_active_projection_is_applied_inline() throws Exception {
    world.start(log);

    world.append(world.event("a", 1), world.event("b", 1), world.event("a", 2));

    assertThat(world.applied(log)).containsExactly("a/1", "b/1", "a/2");
    assertThat(world.open(log)).isEmpty();
  }

  /** The race of the article: what no peer survives. */
  @Test
  void an_event_of_a_writer_that_saw_rebuilding_and_commits_after_the_rebuild_is_not_lost()
      throws Exception {
    world.start(log);
    world.append(world.event("a", 1));
    world.requestRebuild(log);
    RebuildSteps owner = world.owner(log);
    assertThat(world.step(owner)).isInstanceOf(RebuildStep.Done.class); // takes the fence

    try (World.HeldWriter late = world.holdWriter()) {
      late.write(world.event("a", 2)); // sees rebuilding, after the fence
      assertThat(world.stepUntilNotDone(owner)).isInstanceOf(RebuildStep.Activated.class);
      assertThat(world.applied(log)).containsExactly("a/1");

      assertThat(world.stepUntilNotDone(owner))
          .as("the rebuild is not done while a writer may hold a record")
          .isInstanceOf(RebuildStep.Waiting.class);
      late.commit();
    }

    assertThat(world.open(log)).containsExactly("a/2 REBUILDING");
    assertThat(world.stepUntilNotDone(owner))
        .as("it is not done while a record is open")
        .isEqualTo(new RebuildStep.Waiting("recovery"));
    world.drainAll(log);
    assertThat(world.stepUntilNotDone(owner)).isInstanceOf(RebuildStep.Proven.class);
    assertThat(world.applied(log)).containsExactly("a/1", "a/2");
    world.auditWhole(log);
  }

  @Test
  void the_read_model_is_not_emptied_while_a_writer_may_still_apply_to_the_older_generation()
      throws Exception {
    world.start(log);
    world.append(world.event("a", 1));
    try (World.HeldWriter early = world.holdWriter()) {
      early.write(world.event("b", 1)); // sees active, applies
      world.requestRebuild(log);
      RebuildSteps owner = world.owner(log);

      assertThat(world.stepUntilNotDone(owner)).isInstanceOf(RebuildStep.Waiting.class);
      assertThat(world.rebuild(log).phase()).isEqualTo(Phase.FENCE);
      assertThat(world.applied(log)).containsExactly("a/1");
      early.commit();

      assertThat(world.stepUntilNotDone(owner)).isInstanceOf(RebuildStep.Activated.class);
    }
    assertThat(world.applied(log)).containsExactly("a/1", "b/1");
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  @Test
  void an_older_generations_records_are_superseded() throws Exception {
    world.start(log);
    log.failOn("a/1");
    world.append(world.event("a", 1));
    world.append(world.event("a", 2));
    assertThat(world.open(log)).containsExactly("a/1 FAILED", "a/2 BEHIND");
    log.repair();

    world.requestRebuild(log);
    world.runToTheEnd(log);

    assertThat(world.archived(log)).containsExactly("a/1 superseded", "a/2 superseded");
    assertThat(world.applied(log)).containsExactly("a/1", "a/2");
    world.auditWhole(log);
  }

  @Test
  void nothing_is_drained_before_the_replay_has_ended() throws Exception {
    world.start(log);
    world.append(world.event("a", 1));
    world.requestRebuild(log);
    RebuildSteps owner = world.owner(log);
    world.step(owner);
    world.append(world.event("a", 2), world.event("b", 1));
    while (world.rebuild(log).phase() == Phase.FENCE) {
      world.step(owner);
    }

    assertThat(world.drain(log).archived()).isZero();
    assertThat(world.open(log)).containsExactly("a/2 REBUILDING", "b/1 REBUILDING");

    world.runToTheEnd(log);
    assertThat(world.applied(log)).containsExactlyInAnyOrder("a/1", "a/2", "b/1");
    world.auditWhole(log);
  }

  @Test
  void two_rebuilds_in_a_row_with_writers_held_over_both() throws Exception {
    world.start(log);
    world.append(world.event("a", 1));
    world.requestRebuild(log);
    RebuildSteps first = world.owner(log);
    world.step(first);
    try (World.HeldWriter late = world.holdWriter()) {
      late.write(world.event("b", 1));
      assertThat(world.stepUntilNotDone(first)).isInstanceOf(RebuildStep.Activated.class);
      assertThat(world.requestRebuild(log))
          .as("refused until the first is proven")
          .isInstanceOf(RebuildRequest.InProgress.class);
      late.commit();
    }
    world.append(world.event("b", 2));
    world.runToTheEnd(log);
    world.auditWhole(log);

    try (World.HeldWriter late = world.holdWriter()) {
      late.write(world.event("a", 2));
      assertThat(world.requestRebuild(log)).isEqualTo(new RebuildRequest.Accepted(3));
      RebuildSteps second = world.owner(log);
      assertThat(world.stepUntilNotDone(second)).isInstanceOf(RebuildStep.Waiting.class);
      world.append(world.event("b", 3));
      late.commit();
    }
    world.append(world.event("a", 3));
    world.runToTheEnd(log);

    assertThat(world.generation(log).status()).isEqualTo(Status.ACTIVE);
    assertThat(world.applied(log)).hasSize(6);
    world.auditWhole(log);
  }

  @Test
  void a_poison_event_in_a_replay_is_recorded_and_holds_up_its_stream_alone() throws Exception {
    world.append(world.event("a", 1), world.event("b", 1), world.event("a", 2));
    world.append(world.event("b", 2), world.event("a", 3), world.event("b", 3));
    log.failOn("a/2").onFailure(FailurePolicy.skip());
    world.register(log);
    RebuildSteps owner = world.owner(log);

    assertThat(world.stepUntilNotDone(owner)).isInstanceOf(RebuildStep.Activated.class);
    assertThat(world.applied(log)).containsExactly("a/1", "b/1", "b/2", "b/3");
    assertThat(world.open(log)).containsExactly("a/2 FAILED", "a/3 BEHIND");
    world.append(world.event("a", 4));
    assertThat(world.open(log)).containsExactly("a/2 FAILED", "a/3 BEHIND", "a/4 BEHIND");
    world.audit(log);

    log.repair();
    world.execute("UPDATE kintsugi_skip SET next_attempt_at = '-infinity'");
    world.runToTheEnd(log);
    assertThat(world.applied(log)).endsWith("a/2", "a/3", "a/4");
    world.auditWhole(log);
  }

  @Test
  void a_poison_event_stops_the_replay_where_the_policy_is_to_reject() throws Exception {
    world.append(world.event("a", 1), world.event("a", 2), world.event("a", 3));
    log.failOn("a/3").onFailure(FailurePolicy.reject());
    world.register(log);
    RebuildSteps owner = world.owner(log);

    assertThat(world.stepUntilNotDone(owner)).isInstanceOf(RebuildStep.Stopped.class);
    assertThat(world.rebuild(log).isStopped()).isTrue();
    assertThat(world.rebuild(log).lastError()).contains("event 3 of stream a");
    assertThat(world.applied(log)).containsExactly("a/1", "a/2");

    log.repair();
    RebuildSteps next = world.owner(log);
    assertThat(world.step(next)).isInstanceOf(RebuildStep.Done.class);
    assertThat(world.rebuild(log).isStopped()).as("stopped, though an owner goes on").isFalse();
    world.runToTheEnd(log);
    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "a/3");
    world.auditWhole(log);
  }

  @Test
  void a_stopped_rebuild_gives_way_to_a_new_one() throws Exception {
    world.append(world.event("a", 1));
    log.failOn("a/1").onFailure(FailurePolicy.reject());
    world.register(log);
    assertThat(world.stepUntilNotDone(world.owner(log))).isInstanceOf(RebuildStep.Stopped.class);

    log.repair();
    assertThat(world.requestRebuild(log)).isEqualTo(new RebuildRequest.Accepted(2));
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  @Test
  void an_event_that_can_not_be_deserialized_is_recorded_as_failed() throws Exception {
    world.append(world.event("a", 1), world.event("a", 2), world.event("b", 1));
    world.execute(
        "UPDATE event_journal SET event_ser_id = 987654 WHERE persistence_id = 'a' AND"
            + " sequence_number = 1");
    world.register(log);

    assertThat(world.stepUntilNotDone(world.owner(log))).isInstanceOf(RebuildStep.Activated.class);

    assertThat(world.applied(log)).containsExactly("b/1");
    assertThat(world.open(log)).containsExactly("a/1 FAILED", "a/2 BEHIND");
    assertThat(world.column("SELECT last_error FROM kintsugi_skip WHERE attempts > 0").get(0))
        .contains("event 1 of stream a", "987654");
  }

  @Test
  void a_fence_that_came_from_another_cluster_is_taken_anew_and_blamed_on_nobody()
      throws Exception {
    world.start(log);
    world.append(world.event("a", 1));
    world.requestRebuild(log);
    RebuildSteps owner = world.owner(log);
    for (String phase : List.of("fence", "settle")) {
      world.step(owner);
      world.execute("UPDATE kintsugi_rebuild SET fence = '4000000000000' WHERE phase <> 'done'");
      assertThat(world.rebuild(log).phase().name()).isEqualToIgnoringCase(phase);
      try (Connection innocent = world.database().connection();
          Statement statement = innocent.createStatement()) {
        statement.execute("SELECT pg_current_xact_id(); SELECT 1 FROM kintsugi_projection");
        assertThat(
                world
                    .database()
                    .inTransaction(
                        c ->
                            StatusRows.status(
                                c, "log", world.journal(), new Counters(new Metrics())))
                    .orElseThrow()
                    .waitsFor())
            .isEmpty();
        innocent.rollback();
      }
      assertThat(world.stepUntilNotDone(owner)).isInstanceOf(RebuildStep.Waiting.class);
      assertThat(world.rebuild(log).fence()).as("taken anew").isNull();
      if (phase.equals("fence")) {
        assertThat(world.stepUntilNotDone(owner)).isInstanceOf(RebuildStep.Activated.class);
      }
    }
    world.runToTheEnd(log);
    assertThat(world.applied(log)).containsExactly("a/1");
  }

  @Test
  void a_settling_rebuild_can_be_stopped_and_its_read_model_stays_in_use() throws Exception {
    world.start(log);
    world.append(world.event("a", 1), world.event("b", 1));
    world.requestRebuild(log);
    RebuildSteps owner = world.owner(log);
    while (world.rebuild(log).phase() != Phase.REPLAY) {
      world.step(owner);
    }
    try (World.HeldWriter early = world.holdWriter()) {
      early.write(world.event("b", 2)); // records, and holds the second fence up
      assertThat(world.stepUntilNotDone(owner)).isInstanceOf(RebuildStep.Activated.class);
      assertThat(world.stepUntilNotDone(owner)).isInstanceOf(RebuildStep.Waiting.class);

      RebuildAnswer answer = world.stopRebuild(log);

      assertThat(answer).isEqualTo(new RebuildAnswer.Stopped("log", 2, Phase.SETTLE));
      assertThat(answer.message()).contains("stays in use").doesNotContain("incomplete");
      assertThat(world.stopRebuild(log))
          .isEqualTo(new RebuildAnswer.NoneUnderWay("log", "generation 2 is stopped"));
      assertThat(world.step(owner)).isEqualTo(new RebuildStep.GivenUp("ann", true));
      world.append(world.event("a", 2));
      assertThat(world.applied(log)).containsExactly("a/1", "b/1", "a/2");
      early.commit();
    }
    assertThat(world.open(log)).containsExactly("b/2 REBUILDING");
    world.drainAll(log);
    world.append(world.event("b", 3));
    assertThat(world.applied(log)).containsExactly("a/1", "b/1", "a/2", "b/2", "b/3");
    world.auditWhole(log);

    assertThat(world.requestRebuild(log)).isEqualTo(new RebuildRequest.Accepted(3));
    world.stopRebuild(log);
    world.runToTheEnd(log);
    assertThat(world.rebuild(log).takesOver()).as("what settled was in use").isTrue();
    world.auditWhole(log);
  }

  @Test
  void events_deleted_from_the_journal_are_counted() throws Exception {
    world.append(world.event("a", 1), world.event("a", 2), world.event("a", 3));
    world.append(world.event("b", 1));
    world
        .database()
        .inTransaction(
            connection -> {
              world.journal().deleteUpTo(connection, "a", 2);
              return connection;
            });

    world.start(log);

    assertThat(world.rebuild(log).eventsDeleted()).isEqualTo(2);
    assertThat(world.rebuild(log).eventsToReplay()).isEqualTo(2);
    assertThat(world.applied(log)).containsExactly("a/3", "b/1");
  }

  @Test
  void a_raised_version_begins_the_next_generation_also_in_the_midst_of_a_rebuild()
      throws Exception {
    world.append(world.event("a", 1), world.event("a", 2), world.event("a", 3));
    world.register(log);
    RebuildSteps older = world.owner(log);
    world.step(older);
    log.version(2);
    world.haveHandlersOf(log);
    world
        .database()
        .inTransaction(
            connection ->
                new RebuildRequest("log", 2, false, true, "test", "raised")
                    .beginIfRaised(connection));

    assertThat(world.stepUntilNotDone(older)).isInstanceOf(RebuildStep.NotOurs.class);
    world.runToTheEnd(log);
    assertThat(world.generation(log).version()).isEqualTo(2);
    world.auditWhole(log);
  }

  @Test
  void a_rebuild_that_somebody_stopped_is_gone_on_with_by_nobody_until_a_new_one_begins()
      throws Exception {
    world.start(log);
    for (int i = 1; i <= 6; i++) {
      world.append(world.event("a", i));
    }
    world.requestRebuild(log);
    RebuildSteps owner = world.owner(log);
    while (world.rebuild(log).checkpoint() == 0) {
      world.step(owner);
    }
    RebuildAnswer stopped =
        world
            .database()
            .inTransaction(
                connection ->
                    RebuildOperations.stop(connection, "log", new ChangeRequest("ann", "a test")));
    assertThat(stopped).isEqualTo(new RebuildAnswer.Stopped("log", 2, Phase.REPLAY));
    long checkpoint = world.rebuild(log).checkpoint();

    assertThat(world.step(owner)).isEqualTo(new RebuildStep.GivenUp("ann", false));
    assertThat(world.step(world.owner(log))).isEqualTo(new RebuildStep.GivenUp("ann", false));
    world.append(world.event("a", 7));
    assertThat(world.open(log)).containsExactly("a/7 REBUILDING");
    assertThat(world.rebuild(log).checkpoint()).isEqualTo(checkpoint);

    world.requestRebuild(log);
    world.runToTheEnd(log);
    assertThat(world.applied(log)).hasSize(7);
    world.auditWhole(log);
  }

  @Test
  void a_batch_that_began_before_somebody_stopped_the_rebuild_changes_nothing_after_it()
      throws Exception {
    world.start(log);
    world.append(world.event("a", 1), world.event("a", 2), world.event("a", 3));
    world.requestRebuild(log);
    RebuildSteps owner = world.owner(log);
    while (world.rebuild(log).phase() != Phase.REPLAY) {
      world.step(owner);
    }
    Thread batch;
    AtomicReference<Object> came = new AtomicReference<>();
    try (Connection stopping = world.database().connection()) {
      RebuildOperations.stop(stopping, "log", new ChangeRequest("ann", "a test"));
      batch =
          new Thread(
              () -> {
                try {
                  came.set(world.step(owner));
                } catch (Exception e) {
                  came.set(e);
                }
              });
      batch.start();
      eventually(() -> assertThat(world.someoneWaitsForALock()).isTrue());
      stopping.commit();
    }
    batch.join();
    assertThat(came.get()).isEqualTo(new RebuildStep.NotOurs("somebody has stopped the rebuild"));
    assertThat(world.rebuild(log).checkpoint()).isZero();
    assertThat(world.applied(log)).isEmpty();
  }

  private void raise() throws Exception {
    world.haveHandlersOf(log.version(2).uniquePayloads());
    world
        .database()
        .inTransaction(
            connection ->
                new RebuildRequest("log", 2, false, true, "test", "raised")
                    .beginIfRaised(connection));
  }

  private List<String> uniqueConstraints() throws Exception {
    return world.column(
        "SELECT conname FROM pg_constraint WHERE conrelid = 'log_log'::regclass AND contype = 'u'");
  }

  @Test
  void a_raised_versions_rebuild_makes_the_tables_anew_once_no_writer_uses_the_older_ones()
      throws Exception {
    world.start(log);
    world.append(world.event("a", 1));
    try (World.HeldWriter early = world.holdWriter()) {
      early.write(world.event("b", 1)); // sees active, applies by the older version
      raise();
      assertThat(world.stepUntilNotDone(world.owner(log))).isInstanceOf(RebuildStep.Waiting.class);
      assertThat(uniqueConstraints()).isEmpty();
      early.commit();
    }

    world.runToTheEnd(log);
    assertThat(uniqueConstraints()).hasSize(1);
    world.auditWhole(log);

    world.requestRebuild(log);
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  @Test
  void a_rebuild_stays_where_it_is_while_older_tables_are_depended_on_and_then_goes_on()
      throws Exception {
    world.start(log);
    world.append(world.event("a", 1));
    raise();
    world.execute("CREATE VIEW report AS SELECT payload FROM log_log");
    RebuildSteps owner = world.owner(log);

    assertThatThrownBy(() -> world.stepUntilNotDone(owner))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("the older ones (log_log) can't be dropped")
        .hasMessageContaining("view report");
    assertThat(world.rebuild(log).phase()).isEqualTo(Phase.FENCE);
    assertThat(world.column("SELECT payload FROM report")).containsExactly("a/1");
    world.append(world.event("a", 2));

    world.execute("DROP VIEW report");
    world.runToTheEnd(log);
    assertThat(uniqueConstraints()).hasSize(1);
    world.auditWhole(log);
  }

  @Test
  void an_older_build_does_not_turn_the_version_back() throws Exception {
    world.register(log.version(2));
    world.runToTheEnd(log);
    log.version(1);

    assertThat(world.requestRebuild(log)).isEqualTo(new RebuildRequest.NewerVersion(2));
    assertThat(world.generation(log).version()).isEqualTo(2);
  }

  @Test
  void an_older_build_that_is_asked_to_turns_the_version_back() throws Exception {
    world.start(log.version(2).uniquePayloads());
    world.append(world.event("a", 1));
    TestProjection older = new TestProjection("log");
    world.haveHandlersOf(older);
    world.append(world.event("a", 2));

    RebuildRequest request = new RebuildRequest("log", 1, false, true, "test", "back");
    RebuildRequest.Answer answer =
        world
            .database()
            .inTransaction(connection -> request.begin(connection, Optional.empty(), true));
    assertThat(answer).isEqualTo(new RebuildRequest.Accepted(2));
    world.runToTheEnd(older);

    assertThat(world.generation(older).version()).isEqualTo(1);
    assertThat(uniqueConstraints()).as("made by the older script").isEmpty();
    world.append(world.event("a", 3));
    world.auditWhole(older);
  }
}
