package dev.kintsugi.runtime.internal.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.internal.rebuild.RebuildStep;
import dev.kintsugi.runtime.persistence.AppendRejectedException;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A handler that swallows an error of the database leaves a transaction in which nothing works any
 * more. It must be found out, and nobody else be blamed.
 */
class SwallowedErrorTest {

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");
  private final TestProjection innocent =
      new TestProjection("zz_innocent").onFailure(FailurePolicy.reject());

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void in_an_append_it_alone_is_recorded_where_its_policy_is_to_skip() throws Exception {
    world.start(log.swallowErrorOn("b/1"), innocent);

    world.append(world.event("a", 1), world.event("b", 1), world.event("c", 1));

    assertThat(world.open(log)).containsExactly("b/1 FAILED");
    assertThat(world.applied(log)).containsExactly("a/1", "c/1");
    assertThat(world.applied(innocent)).containsExactly("a/1", "b/1", "c/1");
    world.audit(log, innocent);
  }

  @Test
  void in_an_append_it_alone_is_rejected_where_its_policy_is_to_reject() throws Exception {
    world.start(log.onFailure(FailurePolicy.reject()).swallowErrorOn("b/1"), innocent);

    assertThatThrownBy(
            () -> world.append(world.event("a", 1), world.event("b", 1), world.event("c", 1)))
        .isInstanceOfSatisfying(
            AppendRejectedException.class,
            e -> {
              assertThat(e.persistenceId()).isEqualTo("b");
              assertThat(e).hasMessageContaining("projection 'log'");
            });
    assertThat(world.applied(innocent)).isEmpty();
  }

  @Test
  void on_the_last_event_of_an_append_it_is_recorded_too() throws Exception {
    world.start(log.swallowErrorOn("a/1"));

    world.append(world.event("a", 1));

    assertThat(world.open(log)).containsExactly("a/1 FAILED");
    world.audit(log);
  }

  @Test
  void in_a_replay_it_is_recorded_and_the_replay_goes_on() throws Exception {
    world.append(world.event("a", 1), world.event("b", 1), world.event("c", 1));
    world.register(log.swallowErrorOn("b/1"));

    assertThat(world.stepUntilNotDone(world.owner(log))).isInstanceOf(RebuildStep.Activated.class);

    assertThat(world.open(log)).containsExactly("b/1 FAILED");
    assertThat(world.applied(log)).containsExactly("a/1", "c/1");
  }

  @Test
  void in_a_drain_only_its_own_record_fails() throws Exception {
    world.register(log);
    world.append(world.event("a", 1), world.event("b", 1), world.event("c", 1));
    log.swallowErrorOn("b/1");

    assertThat(world.stepUntilNotDone(world.owner(log))).isInstanceOf(RebuildStep.Activated.class);

    assertThat(world.open(log)).containsExactly("b/1 FAILED");
    assertThat(world.applied(log)).containsExactlyInAnyOrder("a/1", "c/1");
    assertThat(world.column("SELECT attempts FROM kintsugi_skip")).containsExactly("1");
  }
}
