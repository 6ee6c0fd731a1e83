package dev.kintsugi.runtime.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.persistence.AppendRejectedException;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A handler that takes many events in one call, wherever events are applied. */
class GroupedHandlerTest {

  private final World world = new World();
  private final TestProjection log = new TestProjection("log").grouped();

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void a_writer_hands_over_the_events_of_its_transaction_in_one_call() throws Exception {
    world.start(log);
    world.append(world.event("a", 1), world.event("b", 1), world.event("a", 2));

    assertThat(log.groups()).containsExactly(3);
    world.auditWhole(log);
  }

  @Test
  void a_poison_event_is_recorded_alone_and_the_others_of_its_group_are_applied() throws Exception {
    world.start(log);
    log.failOn("poison");
    world.append(
        world.event("a", 1),
        world.event("b", 1, "poison"),
        world.event("c", 1),
        world.event("b", 2));

    assertThat(world.applied(log)).containsExactly("a/1", "c/1");
    assertThat(world.open(log)).containsExactly("b/1 FAILED", "b/2 BEHIND");
    assertThat(log.groups()).as("at once, then each by itself").containsExactly(4, 1, 1, 1);
    world.audit(log);
  }

  @Test
  void a_rejected_event_is_named_and_nothing_of_its_transaction_is_stored() throws Exception {
    world.start(log.onFailure(FailurePolicy.reject()));
    log.failOn("poison");

    assertThatThrownBy(
            () ->
                world.append(
                    world.event("a", 1), world.event("b", 1), world.event("b", 2, "poison")))
        .isInstanceOf(AppendRejectedException.class)
        .hasMessageContaining("event 2 of stream b");
    assertThat(world.applied(log)).isEmpty();
    assertThat(world.column("SELECT 1 FROM event_journal")).isEmpty();
  }

  @Test
  void a_writer_helps_with_what_its_own_event_waits_for_in_the_same_call() throws Exception {
    world.start(log);
    world.execute("UPDATE kintsugi_projection SET paused = TRUE");
    world.append(world.event("a", 1));
    world.append(world.event("a", 2));
    world.execute("UPDATE kintsugi_projection SET paused = FALSE");

    world.append(world.event("a", 3));
    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "a/3");
    assertThat(log.groups()).containsExactly(3);
    world.auditWhole(log);
  }

  @Test
  void a_drain_hands_over_a_batch_in_one_call_and_finds_the_poison_event() throws Exception {
    world.start(log);
    world.execute("UPDATE kintsugi_projection SET paused = TRUE");
    world.append(world.event("a", 1), world.event("b", 1, "poison"), world.event("c", 1));
    world.execute("UPDATE kintsugi_projection SET paused = FALSE");
    log.failOn("poison");
    world.drain(log);

    assertThat(log.groups()).as("a batch, then halves of it").containsExactly(3, 1, 2, 1, 1);
    assertThat(world.applied(log)).containsExactly("a/1", "c/1");
    repair();
    world.drainAll(log);
    world.auditWhole(log);
  }

  @Test
  void a_replay_hands_over_a_batch_in_one_call_and_finds_the_poison_event() throws Exception {
    world.append(world.event("a", 1), world.event("b", 1, "poison"), world.event("b", 2));
    log.failOn("poison");
    world.register(log);
    RebuildSteps owner = world.owner(log);
    while (world.rebuild(log).phase() != Phase.DRAIN) {
      world.step(owner);
    }

    assertThat(log.groups()).as("a batch, then each by itself").containsExactly(2, 1, 1);
    assertThat(world.applied(log)).containsExactly("a/1");
    assertThat(world.open(log)).containsExactly("b/1 FAILED", "b/2 BEHIND");
    repair();
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  /**
   * With a savepoint before each event they would lock rows that streams share in the order of the
   * events, and each other in deadlocks.
   */
  @Test
  void where_another_projection_fails_the_events_are_still_handed_over_in_one_call()
      throws Exception {
    TestProjection failing = new TestProjection("zz_failing").failOn("poison");
    world.start(log, failing);

    world.append(world.event("a", 1), world.event("b", 1, "poison"), world.event("c", 1));

    assertThat(log.groups()).as("and once more without the poison event").containsExactly(3, 3);
    assertThat(world.open(failing)).containsExactly("b/1 FAILED");
    world.audit(log, failing);
  }

  @Test
  void a_group_of_one_event_is_rejected_where_the_policy_says_so() throws Exception {
    world.start(log.failOn("poison").onFailure(FailurePolicy.reject()));

    assertThatThrownBy(() -> world.append(world.event("a", 1, "poison")))
        .isInstanceOf(AppendRejectedException.class)
        .hasMessageContaining("event 1 of stream a");
    assertThat(world.column("SELECT 1 FROM event_journal")).isEmpty();
  }

  @Test
  void many_poison_events_of_one_append_are_all_recorded() throws Exception {
    TestProjection failing = new TestProjection("zz_failing").failOn("poison");
    world.start(log, failing);
    NewEvent[] events = new NewEvent[20];
    for (int i = 0; i < events.length; i++) {
      events[i] = world.event("s" + i, 1, i % 2 == 0 ? "poison" : "text");
    }

    world.append(events);

    assertThat(world.open(failing)).hasSize(10).allMatch(record -> record.endsWith(" FAILED"));
    assertThat(log.groups()).as("not a run for each of them").hasSize(5).containsOnly(20);
    world.audit(log, failing);
  }

  private void repair() throws Exception {
    log.repair();
    world.execute("UPDATE kintsugi_skip SET next_attempt_at = '-infinity'");
  }
}
