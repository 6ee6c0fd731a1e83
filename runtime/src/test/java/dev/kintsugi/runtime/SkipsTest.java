package dev.kintsugi.runtime;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.internal.recovery.Drain;
import dev.kintsugi.runtime.operations.PauseAnswer;
import dev.kintsugi.runtime.operations.SkipAnswer;
import dev.kintsugi.runtime.operations.SkipsAnswer;
import dev.kintsugi.runtime.operations.UnknownProjectionException;
import dev.kintsugi.runtime.skip.OpenSkip;
import dev.kintsugi.runtime.skip.SkipDetails;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.skip.SkipReason;
import dev.kintsugi.runtime.status.Operation;
import dev.kintsugi.runtime.status.ProjectionStatus;
import dev.kintsugi.runtime.testing.Recorder;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.testkit.typed.javadsl.LoggingTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Skip records as applications get at them: {@link Kintsugi#skips} and its neighbours. */
class SkipsTest {

  /** Nothing happens by poll here: who is not told, does not look. */
  private static final String NO_POLLS = "kintsugi.supervisor.poll-interval = 1h";

  private final World world = new World();
  private final TestProjection log =
      new TestProjection("log").onFailure(FailurePolicy.skip().withoutRetry().thenPark());
  private final TestSystem node = new TestSystem(world, NO_POLLS);
  private final Kintsugi kintsugi = node.kintsugi();
  private final Skips skips = kintsugi.skips("log").by("ann");

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  @Test
  void what_a_writer_of_this_node_records_is_tried_at_once() throws Exception {
    startWithAParkedRecord();

    assertThat(world.open(log)).containsExactly("a/1 FAILED", "a/2 BEHIND", "a/3 BEHIND");
  }

  @Test
  void a_parked_record_is_logged_once_with_what_mends_it() throws Exception {
    node.startAndFinish(log.failOn("poison"));
    ActorRef<Recorder.Command> recorder = node.recorder("a");

    LoggingTestKit.warn(
            "after 2 attempts; later events of this stream wait behind it."
                + " java.lang.IllegalArgumentException: poison: poison. When the handler is mended:"
                + " Kintsugi.skips(\"log\").retry(SkipFilter.any().inStream(\"a\"), \"mended\"); to do"
                + " without it, discard it there, with a reason.")
        .withLoggerName(Drain.class.getName())
        .expect(Adapter.toTyped(node.system()), () -> node.persist(recorder, "poison"));
  }

  @Test
  void the_status_says_what_is_open_since_when_and_how_fast_it_is_mended() throws Exception {
    startWithAParkedRecord();

    ProjectionStatus status = get(kintsugi.status("log"));

    assertThat(status.openRecords()).isEqualTo(3);
    assertThat(status.parkedRecords()).isEqualTo(1);
    assertThat(status.skips().byReason())
        .isEqualTo(Map.of(SkipReason.FAILED, 1L, SkipReason.BEHIND, 2L));
    assertThat(status.skips().oldest().orElseThrow()).isPositive();
    assertThat(status.counts().recoveredPerSecond()).isZero();
    assertThat(status.pause()).isEmpty();
  }

  @Test
  void a_record_is_looked_at_and_retried_and_its_stream_is_inline_again() throws Exception {
    startWithAParkedRecord();
    OpenSkip parked = onlyParked();
    SkipDetails details = get(skips.find(parked.id())).orElseThrow();
    assertThat(details.behind()).isEqualTo(2);
    assertThat(details.event().orElseThrow().json()).isEqualTo("\"poison\"");
    log.repair();

    assertThat(get(skips.retry(parked, "mended"))).isInstanceOf(SkipAnswer.Retried.class);

    eventually(() -> assertThat(world.open(log)).isEmpty());
    node.record("a", "inline");
    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "a/3", "a/4");
    assertThat(world.column("SELECT count(*) FROM kintsugi_skip_archive")).containsExactly("3");
    world.auditWhole(log);
  }

  @Test
  void many_are_retried_or_discarded_by_filter_after_a_look_at_what_that_would_do()
      throws Exception {
    startWithAParkedRecord();
    assertThat(get(skips.wouldRetry(SkipFilter.any().onlyParked())).matched()).isEqualTo(1);
    SkipsAnswer would = get(skips.wouldDiscard(SkipFilter.any().inStream("a")));
    assertThat(would.matched()).isEqualTo(3);
    assertThat(would.refusal()).isEmpty();

    SkipsAnswer discarded =
        get(skips.discard(SkipFilter.any().onlyParked(), "a test order that never was"));

    assertThat(discarded.changed()).isEqualTo(1);
    eventually(() -> assertThat(world.open(log)).isEmpty());
    assertThat(world.applied(log)).containsExactly("a/2", "a/3");
    world.audit(log);
    node.record("b", "poison");
    eventually(() -> assertThat(get(kintsugi.status("log")).parkedRecords()).isEqualTo(1));
    log.repair();
    assertThat(get(skips.retry(SkipFilter.any().onlyParked(), "mended")).changed()).isEqualTo(1);
    eventually(() -> assertThat(world.open(log)).isEmpty());

    List<Operation> operations = get(kintsugi.operations("log", 10));
    assertThat(operations)
        .extracting(Operation::kind, Operation::requestedBy, Operation::reason)
        .containsExactly(
            tuple(Operation.Kind.RETRY, "ann", "mended"),
            tuple(Operation.Kind.DISCARD, "ann", "a test order that never was"));
    assertThat(get(kintsugi.rebuilds("log", 10))).hasSize(1);
  }

  @Test
  void a_projection_is_paused_and_resumed_and_drains_what_was_recorded_at_once() throws Exception {
    node.startAndFinish(log);

    assertThat(get(kintsugi.pause("log", "too much load")))
        .isEqualTo(new PauseAnswer.Paused("log"));
    node.record("a", "one", "two");
    ProjectionStatus paused = get(kintsugi.status("log"));
    assertThat(paused.generation().paused()).isTrue();
    assertThat(paused.pause().orElseThrow().reason()).isEqualTo("too much load");
    assertThat(world.open(log)).containsExactly("a/1 PAUSED", "a/2 PAUSED");

    assertThat(get(kintsugi.resume("log", "it is night")))
        .isEqualTo(new PauseAnswer.Resumed("log"));
    eventually(() -> assertThat(world.open(log)).isEmpty());
    world.auditWhole(log);
  }

  @Test
  void a_policy_that_stops_the_projection_pauses_it_and_says_how_to_go_on() throws Exception {
    node.startAndFinish(
        log.failOn("poison").onFailure(FailurePolicy.skip().withoutRetry().thenStop()));
    ActorRef<Recorder.Command> recorder = node.recorder("a");

    LoggingTestKit.warn("When the handler is mended: Kintsugi.resume(\"log\", \"mended\").")
        .expect(Adapter.toTyped(node.system()), () -> node.persist(recorder, "poison"));
    eventually(() -> assertThat(world.generation(log).paused()).isTrue());
    node.record("b", "recorded");
    log.repair();
    get(kintsugi.resume("log", "mended"));

    eventually(() -> assertThat(world.open(log)).isEmpty());
    assertThat(world.applied(log)).containsExactly("a/1", "b/1");
    world.auditWhole(log);
  }

  @Test
  void of_an_unknown_projection_nothing_can_be_asked() {
    assertThatThrownBy(() -> get(kintsugi.skips("nobody").list(SkipFilter.any(), 0, 1)))
        .isInstanceOf(UnknownProjectionException.class);
    assertThatThrownBy(() -> get(kintsugi.pause("nobody", "why")))
        .isInstanceOf(UnknownProjectionException.class);
    assertThatThrownBy(() -> skips.list(SkipFilter.any(), 0, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** a/1 is parked, and a/2 and a/3 wait behind it. */
  private void startWithAParkedRecord() throws Exception {
    node.startAndFinish(log.failOn("poison"));
    node.record("a", "poison", "two");
    eventually(() -> assertThat(get(kintsugi.status("log")).parkedRecords()).isEqualTo(1));
    node.record("a", "three");
  }

  private OpenSkip onlyParked() throws Exception {
    return get(skips.list(SkipFilter.any().onlyParked(), 0, 10)).records().get(0);
  }
}
