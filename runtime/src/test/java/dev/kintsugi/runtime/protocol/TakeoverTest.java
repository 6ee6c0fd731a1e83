package dev.kintsugi.runtime.protocol;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.internal.operations.ChangeRequest;
import dev.kintsugi.runtime.internal.operations.RebuildOperations;
import dev.kintsugi.runtime.internal.operations.RebuildRequest;
import dev.kintsugi.runtime.internal.operations.Renaming;
import dev.kintsugi.runtime.internal.rebuild.RebuildStep;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.operations.RebuildAnswer;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.status.Status;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestProjection.Kind;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A rebuild that is stopped before anything was emptied returns to what was active. */
class TakeoverTest {

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");

  @AfterEach
  void close() {
    world.close();
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void a_rebuild_stopped_in_the_fence_is_active_again_with_nothing_emptied_lost_or_doubled(
      Kind kind) throws Exception {
    world.start(log.kind(kind));
    world.append(world.event("a", 1), world.event("b", 1));
    try (World.HeldWriter applies = world.holdWriter();
        World.HeldWriter rollsBack = world.holdWriter()) {
      applies.write(world.event("a", 2));
      rollsBack.write(world.event("c", 1));
      world.requestRebuild(log);
      world.append(world.event("b", 2));
      RebuildSteps owner = world.owner(log);
      assertThat(world.stepUntilNotDone(owner)).isInstanceOf(RebuildStep.Waiting.class);

      assertThat(world.stopRebuild(log)).isEqualTo(new RebuildAnswer.Returns("log", 2, 1, 1));
      world.append(world.event("b", 3));

      assertThat(world.stepUntilNotDone(owner))
          .as("a transaction may still act on the older generation")
          .isInstanceOf(RebuildStep.Waiting.class);
      assertThat(world.rebuild(log).phase()).isEqualTo(Phase.TAKEOVER);
      applies.commit();
      rollsBack.rollback();
    }
    world.append(world.event("a", 3));

    world.runToTheEnd(log);

    assertThat(world.generation(log).status()).isEqualTo(Status.ACTIVE);
    assertThat(world.rebuild(log).isDone()).isTrue();
    assertThat(world.rebuild(log).replayed()).as("nothing was replayed").isZero();
    assertThat(world.rebuild(log).stoppedBy()).isEqualTo("ann");
    world.append(world.event("a", 4));
    assertThat(world.applied(log)).hasSize(7);
    world.auditWhole(log);
  }

  @Test
  void what_failed_is_parked_and_is_behind_it_stays_so_and_in_order() throws Exception {
    log.failOn("a/1").onFailure(FailurePolicy.skip().withoutRetry());
    world.start(log);
    world.append(world.event("a", 1));
    world.append(world.event("a", 2));
    world.drain(log);
    world.requestRebuild(log);
    world.append(world.event("a", 3), world.event("b", 1));
    world.stopRebuild(log);

    world.runToTheEnd(log);

    assertThat(world.open(log)).containsExactly("a/1 FAILED", "a/2 BEHIND", "a/3 REBUILDING");
    assertThat(world.openSkips(log).get(0).isParked()).isTrue();
    assertThat(world.openSkips(log).get(0).attempts()).isEqualTo(2);
    assertThat(world.applied(log)).containsExactly("b/1");
    world.audit(log);
    log.repair();
    world.operations(log).retryAll(SkipFilter.any(), new ChangeRequest("ann", "mended"), false);
    world.drainAll(log);
    assertThat(world.applied(log)).containsExactly("b/1", "a/1", "a/2", "a/3");
    world.auditWhole(log);
  }

  @Test
  void what_was_discarded_by_name_is_so_in_the_generation_that_takes_over() throws Exception {
    log.failOn("a/1").onFailure(FailurePolicy.skip().withoutRetry().thenDiscard());
    world.start(log.kind(Kind.ROWS)); // whose rows have no numbers that a failed attempt uses up
    world.append(world.event("a", 1), world.event("b", 1));
    world.drain(log);
    world.requestRebuild(log);
    world.stopRebuild(log);

    world.runToTheEnd(log);

    assertThat(world.applied(log)).containsExactly("b/1");
    world.audit(log);
    assertThat(world.verifier().verify("log").orElseThrow().isClean()).isTrue();
  }

  @Test
  void a_raised_version_that_is_stopped_gives_way_to_the_older_one() throws Exception {
    world.start(log);
    world.append(world.event("a", 1));
    world.raise(new TestProjection("log").version(2).uniquePayloads());
    world.append(world.event("a", 2));

    assertThat(world.stopRebuild(log)).isEqualTo(new RebuildAnswer.Returns("log", 2, 1, 2));

    world.haveHandlersOf(log);
    world.runToTheEnd(log);
    assertThat(world.generation(log).version()).isEqualTo(1);
    world.append(world.event("a", 3));
    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "a/3");
    world.auditWhole(log);
    world.haveHandlersOf(new TestProjection("log").version(2));
    world.append(world.event("a", 4));
    assertThat(world.open(log)).containsExactly("a/4 NO_HANDLER");
  }

  /** Writers of either build record for both: what the newer version ignores the older needs. */
  @Test
  void a_raised_version_that_subscribes_to_less_loses_nothing_when_it_is_stopped()
      throws Exception {
    log.entityTypes("Order", "Bill");
    world.start(log);
    world.raise(new TestProjection("log").version(2).entityTypes("Order", "Till"));
    world.append(world.event("Bill|1", 1), world.event("Till|1", 1), world.event("File|1", 1));
    world.haveHandlersOf(log);
    world.append(world.event("Bill|1", 2), world.event("Till|1", 2), world.event("File|1", 2));
    world.forgetHandlers();
    world.append(world.event("Bill|1", 3), world.event("Till|1", 3), world.event("File|1", 3));
    assertThat(world.open(log)).hasSize(6).allMatch(record -> !record.startsWith("File"));

    world.stopRebuild(log);
    world.append(world.event("Till|1", 4), world.event("Bill|1", 4));

    world.haveHandlersOf(log);
    world.runToTheEnd(log);
    assertThat(world.applied(log)).containsExactly("Bill|1/1", "Bill|1/2", "Bill|1/3", "Bill|1/4");
    assertThat(world.archived(log)).contains("Till|1/1 unsubscribed").doesNotContain("Till|1/4");
    assertThat(world.verifier().verify("log").orElseThrow().isClean()).isTrue();
  }

  @Test
  void once_the_read_model_is_being_emptied_only_the_newer_version_is_recorded_for()
      throws Exception {
    world.start(log.entityTypes("Order", "Bill"));
    TestProjection raised = new TestProjection("log").version(2).entityTypes("Order");
    world.raise(raised);
    assertThat(world.generation(log).returnsTo()).isEqualTo(1);
    RebuildSteps owner = world.owner(raised);
    while (world.rebuild(log).phase() == Phase.FENCE) {
      world.step(owner);
    }

    assertThat(world.generation(log).returnsTo()).isNull();
    world.append(world.event("Bill|1", 1), world.event("Order|1", 1));
    assertThat(world.open(log)).containsExactly("Order|1/1 REBUILDING");
    assertThat(world.stopRebuild(log))
        .isEqualTo(new RebuildAnswer.Stopped("log", 2, world.rebuild(log).phase()));
  }

  @Test
  void each_step_of_it_can_be_another_owners() throws Exception {
    world.start(log);
    world.append(world.event("a", 1));
    world.requestRebuild(log);
    world.append(world.event("a", 2));
    world.stopRebuild(log);

    RebuildStep step;
    do {
      RebuildSteps late = world.owner(log);
      step = world.step(world.owner(log));
      world.drainAll(log);
      assertThat(world.step(late)).isNotInstanceOf(RebuildStep.GivenUp.class);
      world.audit(log);
    } while (!(step instanceof RebuildStep.TakenOver));

    assertThat(world.applied(log)).containsExactly("a/1", "a/2");
    world.auditWhole(log);
  }

  @Test
  void an_owner_about_to_empty_the_read_model_waits_for_the_stop_and_empties_nothing()
      throws Exception {
    world.start(log);
    world.append(world.event("a", 1));
    world.requestRebuild(log);
    RebuildSteps owner = world.owner(log);
    world.step(owner); // takes the fence
    world.step(owner); // counts
    Thread reset;
    AtomicReference<Object> came = new AtomicReference<>();
    try (Connection stopping = world.database().connection()) {
      RebuildOperations.stop(stopping, "log", new ChangeRequest("ann", "a test"));
      reset =
          new Thread(
              () -> {
                try {
                  came.set(world.step(owner));
                } catch (Exception e) {
                  came.set(e);
                }
              });
      reset.start();
      eventually(() -> assertThat(came.get() != null || world.someoneWaitsForALock()).isTrue());
      stopping.commit();
    }
    reset.join();

    assertThat(came.get()).isNotInstanceOf(Exception.class);
    assertThat(world.applied(log)).containsExactly("a/1");
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  @Test
  void where_nothing_was_active_before_a_stop_leaves_the_read_model_incomplete() throws Exception {
    world.register(log);
    assertThat(world.stopRebuild(log)).isEqualTo(new RebuildAnswer.Stopped("log", 1, Phase.FENCE));

    world.requestRebuild(log);
    assertThat(world.stopRebuild(log)).isEqualTo(new RebuildAnswer.Stopped("log", 2, Phase.FENCE));
  }

  @Test
  void what_takes_over_can_be_stopped_no_more_and_a_new_rebuild_waits_for_its_end()
      throws Exception {
    world.start(log);
    world.requestRebuild(log);
    world.stopRebuild(log);

    assertThat(world.stopRebuild(log)).isInstanceOf(RebuildAnswer.NoneUnderWay.class);
    assertThat(world.requestRebuild(log)).isInstanceOf(RebuildRequest.InProgress.class);
    world.runToTheEnd(log);
    assertThat(world.requestRebuild(log)).isEqualTo(new RebuildRequest.Accepted(3));
    world.runToTheEnd(log);
    assertThat(world.rebuild(log).takesOver()).isFalse();
    world.auditWhole(log);
  }

  /** Leaves an owner in the phase settle, waiting for the second fence, and stops it. */
  private RebuildSteps stoppedWhileItSettles(TestProjection projection) throws Exception {
    RebuildSteps owner = world.owner(projection);
    while (world.rebuild(projection).phase() != Phase.DRAIN) {
      world.step(owner);
    }
    try (World.HeldWriter early = world.holdWriter()) {
      early.write(world.event("b", 2)); // records, and holds the second fence up
      assertThat(world.stepUntilNotDone(owner)).isInstanceOf(RebuildStep.Activated.class);
      assertThat(world.stepUntilNotDone(owner)).isInstanceOf(RebuildStep.Waiting.class);

      int generation = world.generation(projection).generation();
      assertThat(world.stopRebuild(projection))
          .isEqualTo(new RebuildAnswer.Stopped(projection.name(), generation, Phase.SETTLE));
      assertThat(world.stopRebuild(projection))
          .isEqualTo(
              new RebuildAnswer.NoneUnderWay(
                  projection.name(), "generation %d is stopped".formatted(generation)));
      early.commit();
    }
    assertThat(world.step(owner)).isEqualTo(new RebuildStep.GivenUp("ann", true));
    assertThat(world.step(world.owner(projection))).isEqualTo(new RebuildStep.GivenUp("ann", true));
    return owner;
  }

  @Test
  void what_takes_over_can_be_stopped_while_it_settles_and_its_read_model_stays_in_use()
      throws Exception {
    world.start(log);
    world.append(world.event("a", 1), world.event("b", 1));
    world.requestRebuild(log);
    world.stopRebuild(log);

    RebuildSteps late = stoppedWhileItSettles(log);

    world.append(world.event("a", 2));
    assertThat(world.open(log)).containsExactly("b/2 REBUILDING");
    world.drainAll(log);
    assertThat(world.applied(log)).containsExactly("a/1", "b/1", "a/2", "b/2");
    assertThat(world.rebuild(log).phase()).isEqualTo(Phase.SETTLE);
    world.auditWhole(log);

    assertThat(world.requestRebuild(log)).isEqualTo(new RebuildRequest.Accepted(3));
    assertThat(world.step(late)).isInstanceOf(RebuildStep.NotOurs.class);
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  @Test
  void a_renaming_can_be_stopped_while_it_settles_and_the_newer_name_stays_in_use()
      throws Exception {
    world.start(log);
    world.append(world.event("a", 1), world.event("b", 1));
    TestProjection renamed = new TestProjection("diary").inTableOf(log);
    assertThat(rename("diary")).isEqualTo(new Renaming.Renamed(1));
    world.haveHandlersOf(renamed);

    stoppedWhileItSettles(renamed);

    world.drainAll(renamed);
    world.append(world.event("a", 2));
    assertThat(world.applied(renamed)).containsExactly("a/1", "b/1", "b/2", "a/2");
    world.auditWhole(renamed);
    world.requestRebuild(renamed);
    world.runToTheEnd(renamed);
    world.auditWhole(renamed);
  }

  private Renaming.Answer rename(String to) throws Exception {
    return world.database().inTransaction(new Renaming("log", to, "ann", "a better name")::begin);
  }

  @Test
  void a_projection_that_is_renamed_keeps_its_read_model_and_what_is_open_of_it() throws Exception {
    log.failOn("a/1").onFailure(FailurePolicy.skip().withoutRetry());
    world.start(log);
    world.append(world.event("a", 1), world.event("b", 1));
    world.drain(log);
    TestProjection renamed = new TestProjection("diary").inTableOf(log);
    try (World.HeldWriter early = world.holdWriter()) {
      early.write(world.event("b", 2), world.event("a", 2)); // applies one, records the other
      assertThat(rename("diary")).isEqualTo(new Renaming.Renamed(1));
      world.append(world.event("b", 3), world.event("a", 3));
      world.haveHandlersOf(renamed);
      world.append(world.event("b", 4));
      assertThat(world.open(renamed))
          .containsExactly("b/3 REBUILDING", "a/3 REBUILDING", "b/4 REBUILDING");
      assertThat(world.stepUntilNotDone(world.owner(renamed)))
          .isInstanceOf(RebuildStep.Waiting.class);
      early.commit();
    }

    world.runToTheEnd(renamed);

    assertThat(world.open(renamed)).containsExactly("a/1 FAILED", "a/2 BEHIND", "a/3 REBUILDING");
    assertThat(world.applied(renamed)).containsExactly("b/1", "b/2", "b/3", "b/4");
    world.audit(renamed);
    world.operations(renamed).retryAll(SkipFilter.any(), new ChangeRequest("ann", "mended"), false);
    world.drainAll(renamed);
    world.append(world.event("a", 4));
    world.auditWhole(renamed);
    assertThat(world.column("SELECT projection || table_name FROM kintsugi_table"))
        .containsExactly("diarylog_log");
    assertThat(world.column("SELECT projection FROM kintsugi_projection")).containsExactly("diary");
    assertThat(world.column("SELECT projection FROM kintsugi_subscription"))
        .containsExactly("diary");
    assertThat(
            world.column(
                "SELECT projection || ' ' || about FROM kintsugi_operation WHERE operation = 'rename' ORDER BY id"))
        .containsExactly("log to 'diary'", "diary from 'log', generation 1");
  }

  @Test
  void only_what_is_active_is_renamed_and_only_to_a_name_that_is_free() throws Exception {
    assertThat(rename("diary")).isEqualTo(new Renaming.Unknown());
    world.start(log, new TestProjection("other"));
    assertThat(rename("other")).isEqualTo(new Renaming.Refused("there is a projection 'other'"));
    world.requestRebuild(log);
    assertThat(rename("diary"))
        .isEqualTo(new Renaming.Refused("generation 2 is being built; wait for its end"));
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  @Test
  void a_raised_version_supersedes_what_takes_over() throws Exception {
    world.start(log);
    world.append(world.event("a", 1));
    world.requestRebuild(log);
    world.stopRebuild(log);
    RebuildSteps late = world.owner(log);
    world.append(world.event("a", 2));

    TestProjection raised = new TestProjection("log").version(2);
    world.raise(raised);

    assertThat(world.step(late)).isInstanceOf(RebuildStep.NotOurs.class);
    world.runToTheEnd(raised);
    assertThat(world.applied(raised)).containsExactly("a/1", "a/2");
    world.auditWhole(raised);
  }
}
