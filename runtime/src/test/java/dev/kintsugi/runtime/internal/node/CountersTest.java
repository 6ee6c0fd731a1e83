package dev.kintsugi.runtime.internal.node;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.projections.Backoff;
import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.skip.SkipReason;
import dev.kintsugi.runtime.status.NodeTotals;
import dev.kintsugi.runtime.status.ProjectionCounts;
import dev.kintsugi.runtime.testing.Recorder;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a node counts, beside what it did. */
@Tag("slow")
class CountersTest {

  /** Parks an event that fails when it is tried again. */
  private static final FailurePolicy PARK_SOON =
      FailurePolicy.skip()
          .retry(Duration.ZERO, Backoff.between(Duration.ofMillis(5), Duration.ofMillis(20)));

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");
  private final TestSystem node = new TestSystem(world);

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  private NodeTotals totals() {
    return node.node().counters().totals();
  }

  private static Map<SkipReason, Long> recorded(long failed, long behind) {
    return Map.of(
        SkipReason.REBUILDING, 0L,
        SkipReason.PAUSED, 0L,
        SkipReason.FAILED, failed,
        SkipReason.BEHIND, behind,
        SkipReason.NO_HANDLER, 0L);
  }

  @Test
  void a_node_that_did_nothing_has_counted_nothing() {
    assertThat(totals()).isEqualTo(new NodeTotals(0, 0, recorded(0, 0), 0, 0));
  }

  @Test
  void events_are_counted_once_appended_and_once_for_each_projection_that_applied_them()
      throws Exception {
    TestProjection other = new TestProjection("other").failOn("poison");
    node.startAndFinish(log, other);

    node.record("a", "one", "two", "poison", "four");

    assertThat(totals()).isEqualTo(new NodeTotals(4, 6, recorded(1, 1), 0, 0));
    assertThat(node.node().counters().counts("log"))
        .returns(4L, ProjectionCounts::appliedInline)
        .returns(0L, ProjectionCounts::recorded);
  }

  @ParameterizedTest
  @EnumSource
  void what_a_rebuild_replays_and_records_is_counted(TestProjection.Kind kind) throws Exception {
    node.record("a", "one", "two", "poison", "four", "five");
    node.record("b", "one");

    node.startAndFinish(log.kind(kind).onFailure(PARK_SOON).failOn("poison"));

    assertThat(totals()).isEqualTo(new NodeTotals(6, 0, recorded(1, 2), 0, 3));
    assertThat(world.rebuild(log).replayed()).isEqualTo(3);
  }

  @Test
  void what_recovery_drains_is_counted() throws Exception {
    node.startAndFinish(log);
    get(node.kintsugi().pause("log", "test"));
    node.record("a", "one", "two");

    get(node.kintsugi().resume("log", "test"));

    eventually(() -> assertThat(totals().recovered()).isEqualTo(2));
    assertThat(totals().applied()).isZero();
    assertThat(totals().recorded()).containsEntry(SkipReason.PAUSED, 2L);
  }

  @Test
  void an_append_that_is_rolled_back_is_not_counted() throws Exception {
    node.startAndFinish(log.onFailure(FailurePolicy.reject()).failOn("poison"));
    ActorRef<Recorder.Command> actor = node.recorder("a");

    actor.tell(new Recorder.Persist(List.of("one", "poison"), node.<Done>probe().ref()));
    node.probe().expectTerminated(actor, TestSystem.PATIENCE);

    assertThat(totals()).isEqualTo(new NodeTotals(0, 0, recorded(0, 0), 0, 0));
  }
}
