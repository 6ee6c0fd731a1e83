package dev.kintsugi.runtime.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.internal.follow.FollowStep;
import dev.kintsugi.runtime.internal.follow.Follower;
import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.rebuild.RebuildStep;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.status.Status;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestProjection.Kind;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** From inline to following and back, with no rebuild (DESIGN 7a). */
class ModeChangeTest {

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");

  @AfterEach
  void close() {
    world.close();
  }

  private void append(String stream, int from, int to) throws Exception {
    for (int number = from; number <= to; number++) {
      world.append(world.event(stream, number));
    }
  }

  /** Steps, recovery and follower in turns, until the change is proven. */
  private void runToTheEnd() throws Exception {
    RebuildSteps owner = world.owner(log);
    for (int i = 0; i < 100; i++) {
      RebuildStep step = world.stepUntilNotDone(owner);
      if (step instanceof RebuildStep.TakenOver) {
        return;
      }
      assertThat(step)
          .isInstanceOfAny(
              RebuildStep.Waiting.class, RebuildStep.Follows.class, RebuildStep.Activated.class);
      world.follow(log);
      world.execute("UPDATE kintsugi_skip SET next_attempt_at = '-infinity'");
      world.drainAll(log);
      world.audit(log);
    }
    throw new AssertionError("the change does not end: " + world.rebuild(log));
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void there_and_back_its_read_model_stays_and_nothing_is_lost(Kind kind) throws Exception {
    world.start(log.kind(kind));
    append("a", 1, 3);

    assertThat(world.changeMode(log.following())).contains(2);
    append("a", 4, 5); // recorded
    runToTheEnd();
    assertThat(world.generation(log).status()).isEqualTo(Status.FOLLOWING);
    append("a", 6, 7);
    assertThat(world.applied(log)).hasSize(5);
    world.follow(log);
    world.auditWhole(log);

    append("b", 1, 4); // not followed yet
    assertThat(world.changeMode(log.inline())).contains(3);
    append("b", 5, 6); // recorded
    runToTheEnd();
    assertThat(world.generation(log).status()).isEqualTo(Status.ACTIVE);
    assertThat(world.column("SELECT projection FROM kintsugi_cursor")).isEmpty();
    append("b", 7, 7);
    assertThat(world.applied(log)).hasSize(14);
    world.auditWhole(log);
  }

  @Test
  void what_is_as_the_definition_says_is_left_alone() throws Exception {
    world.start(log);
    assertThat(world.changeMode(log)).isEmpty();

    world.changeMode(log.following());
    assertThat(world.changeMode(log)).as("while it changes").isEmpty();
    runToTheEnd();
    assertThat(world.changeMode(log)).isEmpty();
    assertThat(world.changeMode(log.version(2).inline())).as("another version").isEmpty();
  }

  @Test
  void a_writer_that_still_applies_is_waited_for() throws Exception {
    world.start(log);
    try (World.HeldWriter early = world.holdWriter()) {
      early.write(world.event("early", 1)); // applied, not committed
      append("a", 1, 2);
      world.changeMode(log.following());
      append("a", 3, 3);

      RebuildSteps owner = world.owner(log);
      RebuildStep step = world.stepUntilNotDone(owner);
      assertThat(step).isInstanceOf(RebuildStep.Waiting.class);
      assertThat(((RebuildStep.Waiting) step).what()).startsWith("fence");
      early.commit();
    }
    runToTheEnd();
    world.auditWhole(log);
  }

  @Test
  void a_low_ordering_whose_writer_may_yet_read_that_it_follows_is_waited_for() throws Exception {
    world.start(log);
    append("a", 1, 2);
    world.changeMode(log.following());
    RebuildSteps owner = world.owner(log);
    world.step(owner); // the fence, which passes
    try (Connection drawn = world.database().connection();
        Statement statement = drawn.createStatement()) {
      // It has drawn its ordering, and reads the row later.
      statement.execute("SELECT pg_current_xact_id(), nextval('event_journal_ordering_seq')");
      append("a", 3, 4); // highest

      RebuildStep step = world.stepUntilNotDone(owner);

      assertThat(step).isInstanceOf(RebuildStep.Waiting.class);
      assertThat(((RebuildStep.Waiting) step).what()).contains("final");
      assertThat(world.generation(log).status()).isEqualTo(Status.REBUILDING);
      drawn.rollback();
    }
    runToTheEnd();
    world.auditWhole(log);
  }

  /**
   * It follows behind ordering 3, and event a/4 has a record by a writer that saw it rebuilding.
   */
  private RebuildSteps followingWithARecordBeyond() throws Exception {
    world.start(log);
    append("a", 1, 3);
    world.changeMode(log.following());
    RebuildSteps owner = world.owner(log);
    world.step(owner); // the fence
    try (Connection open = world.database().connection();
        Statement statement = open.createStatement()) {
      statement.execute("LOCK TABLE event_journal IN ROW EXCLUSIVE MODE"); // a writer's
      assertThat(world.stepUntilNotDone(owner)).isInstanceOf(RebuildStep.Waiting.class);
      append("a", 4, 4);
      open.rollback();
    }
    assertThat(world.stepUntilNotDone(owner)).isEqualTo(new RebuildStep.Follows(3));
    assertThat(world.open(log)).containsExactly("a/4 REBUILDING");
    return owner;
  }

  @Test
  void nothing_is_drained_before_the_follower_has_passed_what_writers_recorded() throws Exception {
    followingWithARecordBeyond();

    world.drainAll(log);
    assertThat(world.open(log)).as("an archived record would not keep it out").hasSize(1);
    world.follow(log);

    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "a/3");
    world.audit(log);
    runToTheEnd();
    world.auditWhole(log);
  }

  @Test
  void what_comes_behind_a_record_of_a_writer_keeps_its_place() throws Exception {
    followingWithARecordBeyond();
    append("a", 5, 6); // nobody records these
    append("b", 1, 1);

    world.follow(log);

    assertThat(world.open(log)).containsExactly("a/4 REBUILDING", "a/5 BEHIND", "a/6 BEHIND");
    assertThat(world.applied(log)).contains("b/1");
    runToTheEnd();
    world.auditWhole(log);
  }

  @Test
  void it_has_not_caught_up_while_a_writer_runs_that_saw_it_rebuilding() throws Exception {
    world.start(log);
    append("a", 1, 3);
    world.changeMode(log.following());
    RebuildSteps owner = world.owner(log);
    world.step(owner);
    try (World.HeldWriter late = world.holdWriter();
        Connection open = world.database().connection();
        Statement statement = open.createStatement()) {
      statement.execute("LOCK TABLE event_journal IN ROW EXCLUSIVE MODE"); // a writer's
      assertThat(world.stepUntilNotDone(owner)).isInstanceOf(RebuildStep.Waiting.class);
      late.write(world.event("late", 1)); // records
      open.rollback();
      assertThat(world.stepUntilNotDone(owner)).isEqualTo(new RebuildStep.Follows(3));

      RebuildStep step = world.stepUntilNotDone(owner);

      assertThat(step).isInstanceOf(RebuildStep.Waiting.class);
      assertThat(((RebuildStep.Waiting) step).what()).startsWith("fence");
      assertThat(world.rebuild(log).phase()).isEqualTo(Phase.REPLAY);
      late.commit();
    }
    append("late", 2, 2);
    runToTheEnd();
    world.auditWhole(log);
  }

  @Test
  void a_change_back_before_it_has_caught_up_takes_these_records_over() throws Exception {
    followingWithARecordBeyond();
    append("a", 5, 6);
    append("b", 1, 1);

    world.changeMode(log.inline());
    append("b", 2, 2);
    append("a", 7, 7);
    runToTheEnd();

    world.auditWhole(log);
    assertThat(world.generation(log).status()).isEqualTo(Status.ACTIVE);
  }

  @Test
  void the_older_follower_is_waited_for_before_the_new_generation_goes_on_from_its_cursor()
      throws Exception {
    world.start(log.following());
    append("a", 1, 3);
    Follower older = world.follower(log);
    older.open();
    long upTo = world.finalOrdering();
    List<RebuildStep> steps = new ArrayList<>();
    log.beforeEach(
        envelope -> {
          if (steps.isEmpty()) {
            try { // in the midst of its transaction, on another connection
              world.changeMode(log.inline());
              steps.add(world.stepUntilNotDone(world.owner(log)));
            } catch (Exception e) {
              throw new IllegalStateException(e);
            }
          }
        });
    try (Applier applier = new Applier()) {
      assertThat(older.take(applier, world.page(older.position(), upTo, 9)))
          .isInstanceOf(FollowStep.Moved.class);
      assertThat(steps.get(0)).isInstanceOf(RebuildStep.Waiting.class);

      append("a", 4, 4);
      assertThat(older.open()).isInstanceOf(FollowStep.Resting.class);
    }
    runToTheEnd();
    world.auditWhole(log);
  }

  @Test
  void an_event_that_fails_while_it_catches_up_is_recorded_whatever_its_policy() throws Exception {
    world.start(log.following().onFailure(FailurePolicy.reject()));
    append("a", 1, 3);
    append("b", 1, 2);
    log.failOn("a/2");
    world.changeMode(log.inline());
    RebuildSteps owner = world.owner(log);

    RebuildStep step = world.stepUntilNotDone(owner);

    assertThat(step).isInstanceOf(RebuildStep.Activated.class);
    assertThat(world.open(log)).containsExactly("a/2 FAILED", "a/3 BEHIND");
    world.audit(log);
    log.repair();
    runToTheEnd();
    world.auditWhole(log);
  }

  @Test
  void a_paused_one_catches_up_when_it_is_resumed() throws Exception {
    world.start(log.following());
    append("a", 1, 3);
    world.setPaused(log, true);
    world.changeMode(log.inline());
    append("a", 4, 4);
    assertThat(world.stepUntilNotDone(world.owner(log))).isInstanceOf(RebuildStep.Waiting.class);
    assertThat(world.applied(log)).isEmpty();

    world.setPaused(log, false);
    runToTheEnd();
    world.auditWhole(log);
  }

  /** Any of what can happen, in any order; all of it on one thread. */
  @Test
  void changes_at_any_moment_lose_double_and_reorder_nothing() throws Exception {
    long seed = Long.getLong("kintsugi.seed", System.nanoTime());
    try {
      anyOrder(new Random(seed));
    } catch (Throwable e) {
      throw new AssertionError("with -Dkintsugi.seed=" + seed, e);
    }
  }

  private void anyOrder(Random random) throws Exception {
    world.start(log);
    int[] last = new int[4];
    List<World.HeldWriter> held = new ArrayList<>();
    RebuildSteps owner = world.owner(log);
    int generation = 1;
    try (Applier applier = new Applier();
        Applier ofFollower = new Applier()) {
      Follower follower = world.follower(log);
      for (int i = 0; i < 400; i++) {
        if (world.generation(log).generation() != generation) {
          generation = world.generation(log).generation();
          owner = world.owner(log);
          follower = world.follower(log);
        }
        int stream = random.nextInt(last.length);
        switch (random.nextInt(9)) {
          case 0, 1 -> append("s" + stream, ++last[stream], last[stream]);
          case 2 -> {
            if (held.size() < 2) { // its streams are its own, as nobody is to wait for it
              World.HeldWriter writer = world.holdWriter();
              writer.write(world.event("held" + i, 1), world.event("held" + i, 2));
              held.add(writer);
            }
          }
          case 3 -> {
            if (!held.isEmpty()) {
              World.HeldWriter writer = held.remove(random.nextInt(held.size()));
              if (random.nextInt(3) == 0) {
                writer.rollback();
              } else {
                writer.commit();
              }
              writer.close();
            }
          }
          case 4 -> {
            if (random.nextInt(3) == 0) {
              world.changeMode(random.nextBoolean() ? log.following() : log.inline());
            } else if (random.nextBoolean()) {
              log.failOn("s" + stream + "/" + (last[stream] + 1));
            } else {
              log.repair();
            }
          }
          case 5, 6 -> {
            world.lookAtProofs();
            owner.next(applier);
          }
          case 7 -> {
            FollowStep step = follower.open();
            if (step instanceof FollowStep.Moved) {
              // Up to what is final: nothing may be, while a writer is open.
              long upTo = held.isEmpty() ? world.finalOrdering() : 0;
              if (follower.position() < upTo) {
                follower.take(ofFollower, world.page(follower.position(), upTo, 3));
              }
            }
          }
          default -> {
            world.execute("UPDATE kintsugi_skip SET next_attempt_at = '-infinity'");
            world.drain(log);
          }
        }
        if (held.isEmpty()) {
          world.audit(log);
        }
      }
      for (World.HeldWriter writer : held) {
        writer.commit();
        writer.close();
      }
      held.clear();
    }
    log.repair();
    finish();
    world.auditWhole(log);
  }

  private void finish() throws Exception {
    RebuildSteps owner = world.owner(log);
    for (int i = 0; i < 200; i++) {
      RebuildStep step = world.stepUntilNotDone(owner);
      world.follow(log);
      world.execute("UPDATE kintsugi_skip SET next_attempt_at = '-infinity'");
      world.drainAll(log);
      if (step instanceof RebuildStep.TakenOver
          || step instanceof RebuildStep.Proven
          || world.rebuild(log).isDone()) {
        return;
      }
    }
    throw new AssertionError("it does not end: " + world.rebuild(log));
  }
}
