package dev.kintsugi.runtime.internal.supervisor;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.projections.Backoff;
import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.status.Status;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Projections follow with nobody asking for it. */
class FollowingByItselfTest {

  private final World world = new World();
  private final TestProjection log =
      new TestProjection("log")
          .following()
          .onFailure(
              FailurePolicy.skip()
                  .retry(
                      Duration.ofMinutes(10),
                      Backoff.between(Duration.ofMillis(5), Duration.ofMillis(20))));
  private final TestSystem node = new TestSystem(world);

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  @Test
  void it_is_built_and_follows_what_is_persisted() throws Exception {
    node.record("a", "before", "it");
    node.startAndFinish(log);
    assertThat(world.generation(log).status()).isEqualTo(Status.FOLLOWING);

    node.record("a", "after");
    node.record("b", "one", "two");

    eventually(() -> assertThat(world.applied(log)).hasSize(5));
    world.auditWhole(log);
  }

  @Test
  void followers_of_many_kinds_share_the_journal() throws Exception {
    List<TestProjection> all = new ArrayList<>();
    for (TestProjection.Kind kind : TestProjection.Kind.values()) {
      all.add(
          new TestProjection("f_" + kind.name().toLowerCase(Locale.ROOT)).following().kind(kind));
    }
    TestProjection inline = new TestProjection("inline");
    all.add(inline);
    node.startAndFinish(all.toArray(TestProjection[]::new));
    for (int i = 0; i < 20; i++) {
      node.record("s" + i, "one", "two", "three");
    }
    for (TestProjection each : all) {
      eventually(() -> assertThat(world.applied(each)).hasSize(60));
    }
    world.auditWhole(all.toArray(TestProjection[]::new));
  }

  @Test
  void a_failing_event_is_recovered_once_its_handler_is_mended() throws Exception {
    node.startAndFinish(log.failOn("poison"));
    node.record("a", "poison", "behind");
    node.record("b", "unharmed");
    eventually(() -> assertThat(world.open(log)).containsExactly("a/1 FAILED", "a/2 BEHIND"));
    eventually(() -> assertThat(world.applied(log)).containsExactly("b/1"));

    log.repair();

    eventually(() -> assertThat(world.open(log)).isEmpty());
    world.auditWhole(log);
  }

  @Test
  void a_pause_stops_it_and_its_resumption_lets_it_go_on() throws Exception {
    node.startAndFinish(log);
    get(node.kintsugi().pause("log", "a test"));
    node.record("a", "one", "two");
    get(node.kintsugi().resume("log", "a test"));

    eventually(() -> assertThat(world.applied(log)).containsExactly("a/1", "a/2"));
    assertThat(world.archived(log)).isEmpty();
    world.auditWhole(log);
  }

  @Test
  void it_is_rebuilt_while_others_write() throws Exception {
    node.startAndFinish(log);
    node.record("a", "one", "two");
    eventually(() -> assertThat(world.applied(log)).hasSize(2));

    var rebuild = get(node.kintsugi().rebuild("log", "a test"));
    node.record("b", "one", "two");
    get(rebuild.done());

    eventually(() -> assertThat(world.applied(log)).hasSize(4));
    assertThat(world.generation(log).generation()).isEqualTo(2);
    world.auditWhole(log);
  }

  @Test
  void what_its_node_did_not_come_to_the_next_one_does() throws Exception {
    node.startAndFinish(log);
    node.record("a", "one");
    eventually(() -> assertThat(world.applied(log)).hasSize(1));
    node.close();
    world.append(world.event("a", 2));

    try (TestSystem other = new TestSystem(world)) {
      other.startAndFinish(log);
      eventually(() -> assertThat(world.applied(log)).hasSize(2));
      other.record("b", "one");
      eventually(() -> assertThat(world.applied(log)).hasSize(3));
    }
    world.auditWhole(log);
  }

  @Test
  void one_that_was_far_behind_catches_up_by_itself() throws Exception {
    node.startAndFinish(log.beforeEach(envelope -> {}), new TestProjection("other").following());
    get(node.kintsugi().pause("log", "a test"));
    world.execute(
        """
        INSERT INTO event_journal (persistence_id, sequence_number, writer, write_timestamp,
          adapter_manifest, event_payload, event_ser_id, event_ser_manifest)
        SELECT 's' || n %% 7, n / 7 + 1, '', 0, '', convert_to('event', 'UTF8'), 20, ''
        FROM generate_series(0, 6999) n
        """
            .replace("%%", "%"));
    get(node.kintsugi().resume("log", "a test"));

    eventually(() -> assertThat(world.applied(log)).hasSize(7000));
    world.audit(log);
  }

  @Test
  void a_definition_that_says_otherwise_changes_it_at_the_next_start_and_its_rows_stay()
      throws Exception {
    TestProjection changed = new TestProjection("log");
    node.startAndFinish(changed);
    node.record("a", "one", "two");
    node.close();

    changed.following();
    try (TestSystem second = new TestSystem(world)) {
      second.startAndFinish(changed);
      second.record("a", "three");
      eventually(() -> assertThat(world.generation(changed).status()).isEqualTo(Status.FOLLOWING));
      second.record("b", "one");
      eventually(() -> assertThat(world.applied(changed)).hasSize(4));
      eventually(() -> assertThat(world.rebuild(changed).isDone()).isTrue());
    }
    world.append(world.event("b", 2)); // with nobody there to follow

    changed.inline();
    try (TestSystem third = new TestSystem(world)) {
      third.startAndFinish(changed);
      third.record("a", "four");
      eventually(() -> assertThat(world.generation(changed).status()).isEqualTo(Status.ACTIVE));
      eventually(() -> assertThat(world.rebuild(changed).isDone()).isTrue());
      third.record("b", "three");
      assertThat(world.applied(changed)).as("inline").contains("b/3");
    }
    assertThat(world.generation(changed).generation()).isEqualTo(3);
    world.auditWhole(changed);
  }
}
