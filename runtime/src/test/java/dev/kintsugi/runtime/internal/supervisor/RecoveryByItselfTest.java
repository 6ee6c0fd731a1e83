package dev.kintsugi.runtime.internal.supervisor;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.projections.Backoff;
import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What was recorded is mended with nobody asking for it. */
@Tag("slow")
class RecoveryByItselfTest {

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");
  private final TestSystem node = new TestSystem(world);

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  private static FailurePolicy retryFor(Duration maxElapsed) {
    return FailurePolicy.skip()
        .retry(maxElapsed, Backoff.between(Duration.ofMillis(5), Duration.ofMillis(20)));
  }

  @Test
  void a_failed_event_is_retried_and_applied_once_its_handler_is_repaired() throws Exception {
    node.startAndFinish(log.onFailure(retryFor(Duration.ofMinutes(10))).failOn("poison"));
    node.record("a", "poison", "behind");
    node.record("b", "unharmed");
    assertThat(world.applied(log)).containsExactly("b/1");

    eventually(
        () ->
            assertThat(
                    world.column("SELECT sequence_number FROM kintsugi_skip WHERE attempts >= 3"))
                .containsExactly("1"));
    log.repair();

    eventually(() -> assertThat(world.open(log)).isEmpty());
    assertThat(world.applied(log)).containsExactly("b/1", "a/1", "a/2");
    assertThat(world.archived(log)).containsExactly("a/1 applied", "a/2 applied");
    eventually(
        () ->
            assertThat(get(node.kintsugi().status("log")).counts().recovered())
                .as("counted once it is committed")
                .isEqualTo(2));
    world.auditWhole(log);
  }

  @Test
  void an_event_that_fails_for_too_long_is_parked_and_holds_up_its_stream_alone() throws Exception {
    node.startAndFinish(log.onFailure(retryFor(Duration.ofMillis(50))).failOn("poison"));
    node.record("a", "poison");

    eventually(() -> assertThat(get(node.kintsugi().status("log")).parkedRecords()).isEqualTo(1));
    log.repair();
    node.record("a", "behind");
    node.record("b", "unharmed");

    assertThat(world.open(log)).containsExactly("a/1 FAILED", "a/2 BEHIND");
    assertThat(world.applied(log)).containsExactly("b/1");
    assertThat(
            world.column("SELECT last_error FROM kintsugi_skip WHERE parked_at IS NOT NULL").get(0))
        .contains("poison: poison");
    world.audit(log);
  }

  @Test
  void a_rebuild_is_done_though_a_stream_is_parked() throws Exception {
    node.startAndFinish(log.onFailure(retryFor(Duration.ZERO)));
    node.record("a", "one", "poison", "behind");
    log.failOn("poison");

    get(get(node.kintsugi().rebuild("log", "test")).done());

    assertThat(world.open(log)).containsExactly("a/2 FAILED", "a/3 BEHIND");
    assertThat(get(node.kintsugi().status("log")).parkedRecords()).isEqualTo(1);
    assertThat(world.applied(log)).containsExactly("a/1");
    world.audit(log);
  }

  @Test
  void what_was_recorded_while_a_projection_was_paused_is_applied_when_it_is_resumed()
      throws Exception {
    node.startAndFinish(log);
    setPaused(true);
    node.record("a", "one", "two");
    assertThat(world.open(log)).containsExactly("a/1 PAUSED", "a/2 PAUSED");
    assertThat(world.applied(log)).isEmpty();

    setPaused(false);

    eventually(() -> assertThat(world.open(log)).isEmpty());
    assertThat(world.applied(log)).containsExactly("a/1", "a/2");
    world.auditWhole(log);
  }

  private void setPaused(boolean paused) throws Exception {
    world.database().inTransaction(connection -> Generations.setPaused(connection, "log", paused));
  }
}
