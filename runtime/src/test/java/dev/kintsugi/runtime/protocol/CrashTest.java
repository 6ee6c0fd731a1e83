package dev.kintsugi.runtime.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.internal.rebuild.RebuildStep;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.testing.FailingCommits;
import dev.kintsugi.runtime.testing.FailingCommits.Lost;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestProjection.Kind;
import dev.kintsugi.runtime.testing.World;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Owners of a rebuild that are cut off at each of its transactions, and several at once (DESIGN 6).
 */
class CrashTest {

  static List<Arguments> kindsAndLosses() {
    List<Arguments> all = new ArrayList<>();
    for (Kind kind : List.of(Kind.HANDLER, Kind.FOLD)) {
      for (Lost lost : List.of(Lost.BEFORE_THE_COMMIT, Lost.AFTER_THE_COMMIT)) {
        all.add(Arguments.of(kind, lost));
      }
    }
    return all;
  }

  @Tag("exhaustive")
  @ParameterizedTest
  @MethodSource("kindsAndLosses")
  void a_rebuild_whose_owner_is_cut_off_at_any_commit_goes_on_with_the_next_owner(
      Kind kind, Lost lost) throws Exception {
    int commit = 1;
    boolean cutOff;
    do {
      cutOff = isCutOffAndResumed(kind, commit, lost);
      commit++;
    } while (cutOff);
    assertThat(commit).as("commits of a rebuild, each cut off once").isGreaterThan(15);
  }

  /** Returns whether the rebuild has so many commits. */
  private static boolean isCutOffAndResumed(Kind kind, int commit, Lost lost) throws Exception {
    TestProjection log = new TestProjection("log").kind(kind);
    try (World world = new World()) {
      world.start(log);
      for (int i = 1; i <= 3; i++) {
        world.append(world.event("a", i), world.event("b", i));
      }
      world.requestRebuild(log);
      world.append(world.event("a", 4), world.event("c", 1));

      Database failing =
          new Database(FailingCommits.from(commit, lost, world.database()::connection));
      RebuildSteps owner = world.owner(log, World.SMALL_STEPS, failing);
      boolean cutOff = isCutOff(world, log, owner);

      world.audit(log); // at the crash
      world.append(world.event("b", 4), world.event("d", 1));
      if (cutOff) {
        world.runToTheEnd(log);
      }
      world.drainAll(log);
      world.auditWhole(log);
      assertThat(world.applied(log)).hasSize(10);
      return cutOff;
    } catch (Throwable e) {
      throw new AssertionError(kind + ", cut off at commit " + commit + ", " + lost, e);
    }
  }

  private static boolean isCutOff(World world, TestProjection log, RebuildSteps owner)
      throws Exception {
    try (Applier applier = new Applier()) {
      RebuildStep step;
      do {
        step = owner.next(applier);
        if (step instanceof RebuildStep.Waiting) {
          world.drainAll(log);
        }
      } while (!(step instanceof RebuildStep.Proven));
      return false;
    } catch (Exception e) {
      if (!SqlStates.isDatabaseAtFault(e)) {
        throw e;
      }
      return true;
    }
  }

  @Test
  void an_owner_waits_for_another_ones_batch_and_does_not_apply_the_same_one_again()
      throws Exception {
    TestProjection log = new TestProjection("log");
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try (World world = new World()) {
      for (int i = 1; i <= 4; i++) {
        world.append(world.event("a", i));
      }
      CountDownLatch applying = new CountDownLatch(1);
      CountDownLatch goOn = new CountDownLatch(1);
      log.beforeEach(
          envelope -> {
            applying.countDown();
            awaitUninterrupted(goOn);
          });
      world.register(log);
      while (world.rebuild(log).phase() == Phase.FENCE) {
        assertThat(world.step(world.owner(log))).isInstanceOf(RebuildStep.Done.class);
      }

      Future<RebuildStep> first = threads.submit(() -> world.step(world.owner(log)));
      applying.await();
      Future<RebuildStep> second = threads.submit(() -> world.step(world.owner(log)));
      await().until(world::someoneWaitsForALock);
      goOn.countDown();

      assertThat(first.get()).isInstanceOf(RebuildStep.Done.class);
      assertThat(second.get()).isInstanceOf(RebuildStep.Done.class);
      assertThat(world.applied(log)).as("the second did nothing").containsExactly("a/1", "a/2");
      world.runToTheEnd(log);
      world.auditWhole(log);
    } finally {
      threads.shutdownNow();
    }
  }

  private static void awaitUninterrupted(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Test
  void two_owners_at_once_do_no_harm() throws Exception {
    TestProjection log = new TestProjection("log");
    ExecutorService threads = Executors.newFixedThreadPool(3);
    try (World world = new World()) {
      world.start(log);
      for (int i = 1; i <= 30; i++) {
        world.append(world.event("a", i), world.event("b", i), world.event("c", i));
      }
      world.requestRebuild(log);

      CyclicBarrier together = new CyclicBarrier(3);
      Callable<RebuildStep> owner =
          () -> {
            RebuildSteps steps = world.owner(log);
            together.await();
            return runWhileOurs(world, log, steps);
          };
      Callable<RebuildStep> writer =
          () -> {
            together.await();
            for (int i = 31; i <= 60; i++) {
              world.append(world.event("a", i), world.event("b", i));
            }
            return new RebuildStep.Proven();
          };
      List<Future<RebuildStep>> running = new ArrayList<>();
      for (Callable<RebuildStep> task : List.of(owner, owner, writer)) {
        running.add(threads.submit(task));
      }
      for (Future<RebuildStep> ended : running) {
        ended.get();
      }

      world.runToTheEnd(log);
      world.auditWhole(log);
      assertThat(world.applied(log)).hasSize(30 * 3 + 30 * 2);
      assertThat(world.rebuild(log).replayed()).isLessThanOrEqualTo(150);
    } finally {
      threads.shutdownNow();
    }
  }

  /** As the actor does it: told that another owner was first, it looks at the row again. */
  private static RebuildStep runWhileOurs(World world, TestProjection log, RebuildSteps steps)
      throws Exception {
    while (true) {
      RebuildStep step = world.stepUntilNotDone(steps);
      if (step instanceof RebuildStep.Proven) {
        return step;
      }
      if (step instanceof RebuildStep.Waiting || step instanceof RebuildStep.Activated) {
        world.drain(log);
      }
    }
  }
}
