package dev.kintsugi.runtime.internal.metrics;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.projections.Backoff;
import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.RebuildPolicy;
import dev.kintsugi.runtime.RebuildHandle;
import dev.kintsugi.runtime.metrics.KintsugiMeter;
import dev.kintsugi.runtime.operations.RetireOptions;
import dev.kintsugi.runtime.skip.OpenSkip;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.testing.Recorder;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What an application's registry has of a node, beside what the node did. */
@Tag("slow")
class ReportedTest {

  private static final Backoff SOON = Backoff.between(Duration.ofMillis(5), Duration.ofMillis(20));

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");
  private final TestSystem node = new TestSystem(world, "kintsugi.journal.lanes = 1");
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

  @AfterEach
  void close() {
    node.close();
    registry.close();
    world.close();
  }

  private double count(String name, String... tags) {
    return registry.get(name).tags(tags).functionCounter().count();
  }

  private double recorded(String reason) {
    return count("kintsugi.skips.recorded", "projection", "log", "reason", reason);
  }

  private double ofLog(String name) {
    return count(name, "projection", "log");
  }

  private long times(String name) {
    return registry.get(name).timer().count();
  }

  @Test
  void these_are_all_meters_with_their_kinds_units_and_tags() throws Exception {
    node.kintsugi().reportTo(registry);
    node.startAndFinish(log);
    node.record("a", "one");

    // This kind of registry has the buckets of timers as gauges beside them.
    assertThat(registry.getMeters())
        .filteredOn(meter -> !meter.getId().getName().endsWith(".histogram"))
        .extracting(ReportedTest::describe)
        .containsExactlyInAnyOrder(
            "TIMER kintsugi.append in seconds",
            "TIMER kintsugi.append.consult in seconds",
            "COUNTER kintsugi.events.appended",
            "COUNTER kintsugi.events.applied{projection=log}",
            "COUNTER kintsugi.events.applied.beside{projection=log}",
            "COUNTER kintsugi.events.followed{projection=log}",
            "COUNTER kintsugi.events.replayed{projection=log}",
            "GAUGE kintsugi.follow.behind{projection=log} in seconds",
            "GAUGE kintsugi.follow.lag{projection=log} in events",
            "GAUGE kintsugi.generations.kept{projection=log}",
            "DISTRIBUTION_SUMMARY kintsugi.journal.group in writes",
            "GAUGE kintsugi.journal.queue{lane=1} in writes",
            "GAUGE kintsugi.projections.unhandled{projection=log} in records",
            "TIMER kintsugi.rebuild.batch{projection=log} in seconds",
            "GAUGE kintsugi.rebuild.blocked{projection=log}",
            "TIMER kintsugi.rebuild.fence.wait{projection=log} in seconds",
            "COUNTER kintsugi.skips.deleted{projection=log}",
            "COUNTER kintsugi.skips.discarded{projection=log}",
            "GAUGE kintsugi.skips.oldest{projection=log} in seconds",
            "GAUGE kintsugi.skips.open{projection=log} in records",
            "GAUGE kintsugi.skips.open.parked{projection=log} in records",
            "COUNTER kintsugi.skips.parked{projection=log}",
            "COUNTER kintsugi.skips.recorded{projection=log,reason=BEHIND}",
            "COUNTER kintsugi.skips.recorded{projection=log,reason=FAILED}",
            "COUNTER kintsugi.skips.recorded{projection=log,reason=NO_HANDLER}",
            "COUNTER kintsugi.skips.recorded{projection=log,reason=PAUSED}",
            "COUNTER kintsugi.skips.recorded{projection=log,reason=REBUILDING}",
            "COUNTER kintsugi.skips.recovered{projection=log}");
    assertThat(registry.getMeters())
        .as("every meter that is declared is made")
        .extracting(meter -> meter.getId().getName())
        .containsAll(Arrays.stream(KintsugiMeter.values()).map(KintsugiMeter::meterName).toList());
  }

  private static String describe(Meter meter) {
    String tags =
        meter.getId().getTags().stream()
            .map(tag -> tag.getKey() + "=" + tag.getValue())
            .collect(joining(","));
    String unit = meter.getId().getBaseUnit();
    return "%s %s%s%s"
        .formatted(
            meter.getId().getType(),
            meter.getId().getName(),
            tags.isEmpty() ? "" : "{" + tags + "}",
            unit == null ? "" : " in " + unit);
  }

  @Test
  void appends_are_counted_and_measured_by_transaction() throws Exception {
    node.startAndFinish(log);
    node.record("a", "before the registry came");
    node.kintsugi().reportTo(registry);

    node.record("a", "two", "three");
    node.record("b", "one");

    assertThat(count("kintsugi.events.appended")).isEqualTo(4);
    assertThat(ofLog("kintsugi.events.applied")).isEqualTo(4);
    assertThat(times("kintsugi.append")).isEqualTo(2);
    assertThat(times("kintsugi.append.consult")).isEqualTo(2);
    assertThat(registry.get("kintsugi.append").timer().totalTime(TimeUnit.NANOSECONDS))
        .as("the statement is a part of the transaction")
        .isGreaterThan(
            registry.get("kintsugi.append.consult").timer().totalTime(TimeUnit.NANOSECONDS));
    assertThat(registry.get("kintsugi.journal.group").summary().count()).isEqualTo(2);
    assertThat(registry.get("kintsugi.journal.group").summary().totalAmount()).isEqualTo(2);
  }

  @Test
  void what_is_rolled_back_is_neither_counted_nor_measured() throws Exception {
    node.startAndFinish(log.onFailure(FailurePolicy.reject()).failOn("poison"));
    node.kintsugi().reportTo(registry);
    ActorRef<Recorder.Command> actor = node.recorder("a");

    actor.tell(new Recorder.Persist(List.of("one", "poison"), node.<Done>probe().ref()));
    node.probe().expectTerminated(actor, TestSystem.PATIENCE);

    assertThat(count("kintsugi.events.appended")).isZero();
    assertThat(ofLog("kintsugi.events.applied")).isZero();
    assertThat(recorded("FAILED")).isZero();
    assertThat(times("kintsugi.append")).isZero();
    assertThat(times("kintsugi.append.consult")).isZero();
    assertThat(registry.get("kintsugi.journal.group").summary().count()).isZero();
  }

  @Test
  void an_append_that_is_run_again_without_what_fails_counts_once() throws Exception {
    node.startAndFinish(log.failOn("poison"));
    node.kintsugi().reportTo(registry);

    node.record("a", "one", "poison", "three");

    assertThat(count("kintsugi.events.appended")).isEqualTo(3);
    assertThat(ofLog("kintsugi.events.applied")).isEqualTo(1);
    assertThat(recorded("FAILED")).isEqualTo(1);
    assertThat(recorded("BEHIND")).isEqualTo(1);
    assertThat(times("kintsugi.append")).isEqualTo(1);
    assertThat(times("kintsugi.append.consult")).isEqualTo(1);
  }

  @Test
  void gauges_tell_what_is_open_and_for_how_long() throws Exception {
    node.kintsugi().reportTo(registry);
    node.startAndFinish(log.onFailure(FailurePolicy.skip().withoutRetry().thenPark()));
    eventually(() -> assertThat(gauge("kintsugi.skips.open")).isZero());
    assertThat(gauge("kintsugi.skips.oldest")).isZero();
    log.failOn("poison");
    node.record("a", "poison", "behind");

    eventually(() -> assertThat(world.openSkips(log)).filteredOn(OpenSkip::isParked).hasSize(1));
    eventually(() -> assertThat(gauge("kintsugi.skips.open.parked")).isEqualTo(1));
    assertThat(gauge("kintsugi.skips.open")).isEqualTo(2);
    assertThat(gauge("kintsugi.skips.oldest")).isPositive();
  }

  @Test
  void gauges_tell_how_far_one_that_follows_is_behind() throws Exception {
    node.kintsugi().reportTo(registry);
    node.startAndFinish(log.following());
    get(node.kintsugi().pause("log", "a test"));
    node.record("a", "one", "two");

    eventually(() -> assertThat(gauge("kintsugi.follow.lag")).isEqualTo(2));
    eventually(() -> assertThat(gauge("kintsugi.follow.behind")).isPositive());

    get(node.kintsugi().resume("log", "a test"));
    eventually(() -> assertThat(gauge("kintsugi.follow.lag")).isZero());
    assertThat(gauge("kintsugi.follow.behind")).isZero();
  }

  @Test
  void a_rebuild_that_is_blocked_is_told_until_it_goes_on() throws Exception {
    node.kintsugi().reportTo(registry);
    node.startAndFinish(log);
    try (Connection held = holdFence()) {
      get(node.kintsugi().rebuild("log", "test"));
      world.execute("CREATE TABLE note (log BIGINT REFERENCES log_log)");
      held.rollback();
    }
    eventually(() -> assertThat(world.rebuild(log).blockedBy()).isPresent());

    eventually(() -> assertThat(gauge("kintsugi.rebuild.blocked")).isEqualTo(1));

    world.execute("DROP TABLE note");
    eventually(() -> assertThat(gauge("kintsugi.rebuild.blocked")).isZero());
    assertThat(world.rebuild(log).blockedBy()).isEmpty();
  }

  @Test
  void what_it_costs_appends_to_keep_a_generation_is_told_until_it_is_retired() throws Exception {
    node.kintsugi().reportTo(registry);
    node.startAndFinish(log.rebuilt(RebuildPolicy.beside()));
    node.record("a", "one");
    assertThat(ofLog("kintsugi.events.applied.beside")).isZero();
    get(get(node.kintsugi().rebuild("log", "test")).done());

    eventually(() -> assertThat(gauge("kintsugi.generations.kept")).isEqualTo(1));
    node.record("a", "two", "three");
    assertThat(ofLog("kintsugi.events.applied")).isEqualTo(3);
    assertThat(ofLog("kintsugi.events.applied.beside")).isEqualTo(2);

    get(node.kintsugi().management("ann").retireReplaced("log", "it is enough"));
    eventually(() -> assertThat(gauge("kintsugi.generations.kept")).isZero());
    node.record("a", "four");
    assertThat(ofLog("kintsugi.events.applied")).isEqualTo(4);
    assertThat(ofLog("kintsugi.events.applied.beside")).isEqualTo(2);
  }

  @Test
  void records_that_pile_up_as_no_node_has_their_projection_are_told_until_it_is_retired()
      throws Exception {
    world.start(log);
    node.record("a", "one", "two");
    assertThat(world.open(log)).containsExactly("a/1 NO_HANDLER", "a/2 NO_HANDLER");
    world.execute("UPDATE kintsugi_skip SET recorded_at = now() - INTERVAL '2 hours'");
    node.kintsugi().reportTo(registry);

    eventually(
        () ->
            assertThat(registry.find("kintsugi.projections.unhandled").gauges())
                .singleElement()
                .satisfies(gauge -> assertThat(gauge.value()).isEqualTo(2)));

    get(node.kintsugi().retire("log", "of no use", RetireOptions.keepTables()));
    eventually(
        () -> assertThat(registry.find("kintsugi.projections.unhandled").gauges()).isEmpty());
  }

  private double gauge(String name) {
    return registry.get(name).tag("projection", "log").gauge().value();
  }

  @Test
  void a_record_is_parked_once_and_recovered_when_it_is_retried() throws Exception {
    node.startAndFinish(
        log.onFailure(FailurePolicy.skip().retry(Duration.ZERO, SOON)).failOn("poison"));
    node.kintsugi().reportTo(registry);
    node.record("a", "poison", "two");
    eventually(() -> assertThat(ofLog("kintsugi.skips.parked")).isEqualTo(1));
    assertThat(ofLog("kintsugi.skips.recovered")).isZero();

    log.repair();
    get(node.kintsugi().skips("log").retry(SkipFilter.any(), "mended"));

    eventually(() -> assertThat(ofLog("kintsugi.skips.recovered")).isEqualTo(2));
    assertThat(ofLog("kintsugi.skips.parked")).isEqualTo(1);
    assertThat(ofLog("kintsugi.skips.discarded")).isZero();
    assertThat(ofLog("kintsugi.events.applied")).as("inline").isZero();
  }

  @Test
  void a_record_that_its_policy_discards_is_discarded_and_not_recovered() throws Exception {
    node.startAndFinish(
        log.onFailure(FailurePolicy.skip().withoutRetry().thenDiscard()).failOn("poison"));
    node.kintsugi().reportTo(registry);

    node.record("a", "poison", "two");

    eventually(() -> assertThat(ofLog("kintsugi.skips.recovered")).isEqualTo(1));
    assertThat(ofLog("kintsugi.skips.discarded")).isEqualTo(1);
    assertThat(ofLog("kintsugi.skips.parked")).isZero();
    assertThat(world.archived(log)).containsExactly("a/1 discarded", "a/2 applied");
  }

  @Test
  void what_is_paused_is_recorded_and_recovered_as_such() throws Exception {
    node.startAndFinish(log);
    node.kintsugi().reportTo(registry);
    get(node.kintsugi().pause("log", "test"));
    node.record("a", "one", "two");
    assertThat(recorded("PAUSED")).isEqualTo(2);

    get(node.kintsugi().resume("log", "test"));

    eventually(() -> assertThat(ofLog("kintsugi.skips.recovered")).isEqualTo(2));
  }

  @Test
  void a_rebuild_is_counted_by_event_and_measured_by_batch_and_fence() throws Exception {
    node.startAndFinish(log.onFailure(FailurePolicy.skip().retry(Duration.ZERO, SOON)));
    node.record("a", "one", "poison", "three");
    log.failOn("poison");
    node.kintsugi().reportTo(registry);
    Connection held = holdFence();

    RebuildHandle rebuild = get(node.kintsugi().rebuild("log", "test"));
    eventually(() -> assertThat(world.rebuild(log).eventsToReplay()).isEqualTo(3));
    assertThat(times("kintsugi.rebuild.fence.wait")).as("it has not passed").isZero();
    node.record("b", "meanwhile");
    held.rollback();
    held.close();
    get(rebuild.done());

    assertThat(times("kintsugi.rebuild.fence.wait")).as("before and after").isEqualTo(2);
    assertThat(times("kintsugi.rebuild.batch")).isEqualTo(1);
    assertThat(ofLog("kintsugi.events.replayed")).isEqualTo(1);
    assertThat(recorded("REBUILDING")).isEqualTo(1);
    assertThat(recorded("FAILED")).isEqualTo(1);
    assertThat(recorded("BEHIND")).isEqualTo(1);
    assertThat(ofLog("kintsugi.skips.recovered")).isEqualTo(1);
  }

  /** A transaction that has an id: no fence passes while it is open. */
  private Connection holdFence() throws SQLException {
    Connection held = world.database().connection();
    try (Statement statement = held.createStatement()) {
      statement.execute("SELECT pg_current_xact_id(); SELECT 1 FROM kintsugi_projection");
    }
    return held;
  }

  @Test
  void writes_that_wait_on_a_lane_are_seen_and_then_stored_as_a_group() throws Exception {
    node.record("a", "one");
    node.kintsugi().reportTo(registry);
    Connection lock = world.database().connection();
    try (Statement statement = lock.createStatement()) {
      statement.execute("LOCK TABLE event_journal IN SHARE MODE");
    }
    CompletionStage<Done> first = node.persist(node.recorder("first"), "one");
    eventually(() -> assertThat(world.someoneWaitsForALock()).isTrue());
    CompletionStage<Done> second = node.persist(node.recorder("second"), "one", "two");
    CompletionStage<Done> third = node.persist(node.recorder("third"), "one");

    eventually(
        () ->
            assertThat(registry.get("kintsugi.journal.queue").tag("lane", "1").gauge().value())
                .isEqualTo(2));
    lock.rollback();
    lock.close();
    get(first);
    get(second);
    get(third);

    assertThat(registry.get("kintsugi.journal.group").summary().count()).isEqualTo(2);
    assertThat(registry.get("kintsugi.journal.group").summary().totalAmount()).isEqualTo(3);
    assertThat(registry.get("kintsugi.journal.group").summary().max()).isEqualTo(2);
    assertThat(registry.get("kintsugi.journal.queue").gauge().value()).isZero();
  }

  @Test
  void the_meters_leave_the_registry_with_the_node() throws Exception {
    node.kintsugi().reportTo(registry);
    node.record("a", "one");
    assertThat(registry.getMeters()).isNotEmpty();

    node.close();

    assertThat(registry.getMeters()).isEmpty();
    assertThat(registry.isClosed()).isFalse();
  }
}
