package dev.kintsugi.runtime.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.kintsugi.projections.Backoff;
import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.rebuild.RebuildStep;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.internal.recovery.Drain;
import dev.kintsugi.runtime.internal.state.Fence;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Draining what was recorded (DESIGN 6, 8). */
class RecoveryTest {

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void close() {
    threads.shutdownNow();
    world.close();
  }

  @Test
  void a_streams_records_are_applied_in_sequence_and_archived() throws Exception {
    world.start(log);
    recordWhilePaused(world, 4);

    world.drainAll(log);

    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "a/3", "a/4");
    assertThat(world.archived(log)).hasSize(4).allMatch(record -> record.endsWith(" applied"));
    world.auditWhole(log);
  }

  @Test
  void recovery_does_not_apply_past_a_parked_record() throws Exception {
    world.start(log);
    recordWhilePaused(world, 3);
    world.execute(
        "UPDATE kintsugi_skip SET attempts = 1, first_failed_at = now(), parked_at = now()"
            + " WHERE sequence_number = 2");

    world.drainAll(log);

    assertThat(world.applied(log)).containsExactly("a/1");
    assertThat(world.open(log)).containsExactly("a/2 PAUSED", "a/3 PAUSED");
    world.audit(log);
  }

  @Test
  void recovery_does_not_apply_past_a_record_that_is_not_due() throws Exception {
    world.start(log);
    recordWhilePaused(world, 3);
    world.execute(
        "UPDATE kintsugi_skip SET attempts = 1, first_failed_at = now(),"
            + " next_attempt_at = 'infinity' WHERE sequence_number = 1");

    world.drainAll(log);

    assertThat(world.applied(log)).isEmpty();
    world.audit(log);
  }

  /** A drain that remembers how far it got must not take that for the beginning of a stream. */
  @Test
  void a_record_that_came_due_behind_a_drain_under_way_is_not_passed() throws Exception {
    world.start(log);
    setPaused(true);
    world.append(
        world.event("a", 1), world.event("b", 1), world.event("c", 1), world.event("d", 1));
    world.append(world.event("e", 1), world.event("a", 2), world.event("f", 1));
    setPaused(false);
    world.execute(
        "UPDATE kintsugi_skip SET attempts = 1, first_failed_at = now(),"
            + " next_attempt_at = 'infinity' WHERE persistence_id = 'a' AND sequence_number = 1");
    Drain drain = world.drains(log, 1);
    try (Applier applier = new Applier()) {
      assertThat(drain.next(applier).archived()).isEqualTo(3);
      makeDue();

      assertThat(drain.next(applier).isFull()).isFalse();
      assertThat(world.applied(log)).containsExactly("b/1", "c/1", "d/1", "e/1", "f/1");
      assertThat(drain.next(applier).archived()).isEqualTo(2);
    }
    assertThat(world.applied(log)).endsWith("a/1", "a/2");
    world.auditWhole(log);
  }

  @Test
  void a_poison_event_is_found_in_its_batch_and_holds_up_its_stream_alone() throws Exception {
    world.start(log);
    setPaused(true);
    world.append(world.event("a", 1), world.event("b", 1), world.event("a", 2));
    setPaused(false);
    log.failOn("a/1");

    Drain.Batch batch = world.drain(log);

    assertThat(batch).isEqualTo(new Drain.Batch(1, 0, 0, 0, 1, 0, 3, true));
    assertThat(world.applied(log)).containsExactly("b/1");
    assertThat(world.open(log)).containsExactly("a/1 FAILED", "a/2 PAUSED");
    world.audit(log);
  }

  @Test
  void a_record_that_fails_longer_than_the_policy_allows_is_parked() throws Exception {
    log.onFailure(
        FailurePolicy.skip()
            .retry(
                Duration.ofMinutes(10),
                Backoff.between(Duration.ofSeconds(1), Duration.ofMinutes(1))));
    world.start(log);
    log.failOn("a/1");
    world.append(world.event("a", 1));
    makeDue();
    assertThat(world.drain(log).failed()).isEqualTo(1);
    assertThat(world.column("SELECT attempts FROM kintsugi_skip WHERE parked_at IS NULL"))
        .containsExactly("2");
    assertThat(world.drain(log).failed()).as("it is not due").isZero();

    world.execute(
        "UPDATE kintsugi_skip SET first_failed_at = now() - INTERVAL '11 minutes',"
            + " next_attempt_at = '-infinity'");
    world.drain(log);

    assertThat(world.column("SELECT attempts FROM kintsugi_skip WHERE parked_at IS NOT NULL"))
        .containsExactly("3");
    world.audit(log);
  }

  @Test
  void a_rebuild_is_done_with_parked_records_left_aside() throws Exception {
    world.append(world.event("a", 1), world.event("b", 1), world.event("a", 2));
    log.failOn("a/1")
        .onFailure(
            FailurePolicy.skip()
                .retry(Duration.ofMillis(1), Backoff.constant(Duration.ofHours(1))));
    world.register(log);
    RebuildSteps owner = world.owner(log);
    assertThat(world.stepUntilNotDone(owner)).isInstanceOf(RebuildStep.Activated.class);
    world.execute(
        "UPDATE kintsugi_skip SET first_failed_at = first_failed_at - INTERVAL '1 second' WHERE attempts > 0");
    assertThat(world.stepUntilNotDone(owner)).isEqualTo(new RebuildStep.Waiting("recovery"));

    makeDue();
    world.drainAll(log);

    assertThat(world.stepUntilNotDone(owner)).isInstanceOf(RebuildStep.Proven.class);
    assertThat(world.open(log)).containsExactly("a/1 FAILED", "a/2 BEHIND");
    world.audit(log);
  }

  @Test
  void two_that_drain_at_once_do_no_harm() throws Exception {
    world.start(log);
    setPaused(true);
    for (int i = 1; i <= 40; i++) {
      world.append(world.event("a", i), world.event("b", i));
    }
    setPaused(false);
    CyclicBarrier together = new CyclicBarrier(3);
    List<Future<String>> drains = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      drains.add(
          threads.submit(
              () -> {
                together.await();
                world.drainAll(log);
                return "drained";
              }));
    }
    for (Future<String> drain : drains) {
      assertThat(drain.get()).isEqualTo("drained");
    }

    world.drainAll(log);
    assertThat(world.applied(log)).hasSize(80);
    world.auditWhole(log);
  }

  @Test
  void a_batch_of_an_owner_that_lost_its_place_holds_up_the_fence_of_the_next_rebuild()
      throws Exception {
    world.start(log);
    recordWhilePaused(world, 1);
    CountDownLatch applying = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    log.beforeEach(
        envelope -> {
          applying.countDown();
          awaitUninterrupted(goOn);
        });
    Future<Drain.Batch> stale = threads.submit(() -> world.drain(log));
    applying.await();

    world.requestRebuild(log);
    RebuildSteps owner = world.owner(log);
    assertThat(world.stepUntilNotDone(owner))
        .as("the rebuild goes on while a batch may still write to the read model")
        .isInstanceOf(RebuildStep.Waiting.class);
    goOn.countDown();
    stale.get();

    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  /** Stopped where it has read the row, and would have no id yet, were that not taken first. */
  @Test
  void a_drain_has_its_id_before_it_reads_the_row() throws Exception {
    world.start(log);
    recordWhilePaused(world, 1);
    try (Connection stopsDrains = world.database().connection();
        Statement statement = stopsDrains.createStatement()) {
      statement.execute("LOCK TABLE kintsugi_skip IN EXCLUSIVE MODE");
      Future<Drain.Batch> drain = threads.submit(() -> world.drain(log));
      await().until(world::someoneWaitsForALock);

      world.requestRebuild(log);
      Fence fence;
      try (Connection connection = world.database().connection()) {
        fence = Fence.take(connection);
      }
      assertThat(world.database().inTransaction(fence::hasPassed))
          .as("the fence passes a drain under way")
          .isFalse();
      stopsDrains.rollback();
      assertThat(drain.get().applied()).isEqualTo(1);
    }
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  /**
   * No such record outlives its generation; were there one, its event is in the read model already.
   */
  @Test
  void an_older_generations_drain_does_nothing() throws Exception {
    world.start(log);
    recordWhilePaused(world, 2);
    world.requestRebuild(log);
    world.runToTheEnd(log);
    world.execute(
        "INSERT INTO kintsugi_skip (projection, generation, persistence_id, sequence_number, ordering,"
            + " reason) VALUES ('log', 1, 'a', 2, 2, 'PAUSED')");

    try (Applier applier = new Applier()) {
      assertThat(world.drains(log, 1).next(applier).archived()).isZero();
    }
    assertThat(world.applied(log)).containsExactly("a/1", "a/2");
  }

  private static void awaitUninterrupted(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private void recordWhilePaused(World world, int events) throws Exception {
    setPaused(true);
    for (int i = 1; i <= events; i++) {
      world.append(world.event("a", i));
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
