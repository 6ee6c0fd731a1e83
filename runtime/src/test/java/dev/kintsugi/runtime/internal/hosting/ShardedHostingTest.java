package dev.kintsugi.runtime.internal.hosting;

import static dev.kintsugi.runtime.testing.TestCluster.nameOf;
import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.runtime.operations.PauseAnswer;
import dev.kintsugi.runtime.operations.RetireAnswer;
import dev.kintsugi.runtime.operations.RetireOptions;
import dev.kintsugi.runtime.status.ClusterTotals;
import dev.kintsugi.runtime.status.HostedProjection;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.status.Registrations;
import dev.kintsugi.runtime.testing.TestCluster;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Supervisors in a cluster, whose nodes are in this JVM. */
@Tag("slow")
class ShardedHostingTest {

  private static final String SMALL_BATCHES = "kintsugi.rebuild.batch-size = 2";

  private final World world = new World();
  private final TestCluster cluster = new TestCluster(world);
  private final TestProjection log = new TestProjection("log");

  @AfterEach
  void close() {
    cluster.close();
    world.close();
  }

  private static Map<HostedProjection, String> locations(TestSystem node) throws Exception {
    return get(node.kintsugi().locations());
  }

  private static void eventuallyHosts(TestSystem asked, String projection, TestSystem host) {
    eventually(
        () ->
            assertThat(locations(asked))
                .containsEntry(new HostedProjection(projection, 1), nameOf(host)));
  }

  @Test
  void projections_are_spread_over_the_nodes_and_each_is_hosted_once() throws Exception {
    List<TestProjection> projections = new ArrayList<>();
    IntStream.range(0, 6).forEach(i -> projections.add(new TestProjection("p" + i)));
    TestSystem one = cluster.join("");
    TestSystem two = cluster.join("");
    for (TestProjection projection : projections) {
      one.kintsugi().start(projection.definition());
      two.kintsugi().start(projection.definition());
    }

    eventually(() -> assertThat(perNode(one)).isEqualTo(Map.of(nameOf(one), 3, nameOf(two), 3)));
    one.record("a", "one");
    two.record("b", "two");
    for (TestProjection projection : projections) {
      get(one.kintsugi().whenDone(projection.name()));
      assertThat(world.applied(projection)).containsExactlyInAnyOrder("a/1", "b/1");
    }

    TestSystem three = cluster.join("");
    for (TestProjection projection : projections) {
      three.kintsugi().start(projection.definition());
    }
    eventually(
        () ->
            assertThat(perNode(three))
                .isEqualTo(Map.of(nameOf(one), 2, nameOf(two), 2, nameOf(three), 2)));
    world.auditWhole(projections.toArray(TestProjection[]::new));
  }

  private static Map<String, Integer> perNode(TestSystem asked) throws Exception {
    Map<String, Integer> perNode = new HashMap<>();
    locations(asked).values().forEach(node -> perNode.merge(node, 1, Integer::sum));
    return perNode;
  }

  @Test
  void a_rebuild_goes_on_elsewhere_from_its_checkpoint_when_its_node_leaves() throws Exception {
    rebuildIsHandedOver(TestCluster::leave);
  }

  @Test
  void a_rebuild_goes_on_elsewhere_from_its_checkpoint_when_its_node_crashes() throws Exception {
    rebuildIsHandedOver(TestCluster::crash);
  }

  private interface End {
    void of(TestCluster cluster, TestSystem node) throws Exception;
  }

  private void rebuildIsHandedOver(End end) throws Exception {
    TestSystem one = cluster.join(SMALL_BATCHES);
    TestSystem two = cluster.join(SMALL_BATCHES);
    two.kintsugi().start(log.definition());
    eventuallyHosts(one, "log", two);
    get(two.kintsugi().whenDone("log"));
    two.record("a", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10");
    one.kintsugi().start(log.definition());
    TestProjection.Gate gate = log.holdOn("6");
    get(one.kintsugi().rebuild("log", "over there"));
    gate.awaitReached();
    assertThat(world.rebuild(log).checkpoint()).isEqualTo(4);

    gate.open();
    end.of(cluster, two);
    eventuallyHosts(one, "log", one);

    assertThat(get(one.kintsugi().whenDone("log")).replayed()).isEqualTo(10);
    assertThat(world.column("SELECT generation FROM kintsugi_rebuild ORDER BY 1"))
        .containsExactly("1", "2");
    world.auditWhole(log);
  }

  @Test
  void a_node_that_lacks_a_projection_does_not_host_it_and_loses_nothing_for_it() throws Exception {
    TestSystem newer = cluster.join("");
    TestSystem older = cluster.join("");
    TestProjection both = new TestProjection("both");
    newer.kintsugi().start(log.definition(), both.definition());
    older.kintsugi().start(both.definition());
    get(newer.kintsugi().whenDone("log"));
    get(older.kintsugi().whenDone("both"));
    eventuallyHosts(older, "log", newer);

    older.record("a", "one", "two");
    newer.record("a", "three");
    eventually(() -> assertThat(world.applied(log)).containsExactly("a/1", "a/2", "a/3"));
    assertThat(world.column("SELECT DISTINCT reason FROM kintsugi_skip_archive"))
        .contains("NO_HANDLER");
    world.auditWhole(log, both);

    cluster.leave(newer);
    older.record("a", "four");
    eventually(
        () -> assertThat(locations(older)).containsOnlyKeys(new HostedProjection("both", 1)));
    assertThat(world.open(log)).containsExactly("a/4 NO_HANDLER");

    TestSystem again = cluster.join("");
    again.kintsugi().start(log.definition(), both.definition());
    eventually(() -> assertThat(world.open(log)).isEmpty());
    eventuallyHosts(older, "log", again);
    world.auditWhole(log, both);
  }

  @Test
  void a_projection_that_another_node_of_the_cluster_has_is_not_retired_until_that_one_is_gone()
      throws Exception {
    TestProjection both = new TestProjection("both");
    TestSystem newer = cluster.join("");
    TestSystem older = cluster.join("");
    newer.kintsugi().start(both.definition());
    older.kintsugi().start(log.definition(), both.definition());
    get(older.kintsugi().whenDone("log"));
    get(newer.kintsugi().whenDone("both"));
    newer.record("a", "one");

    // Each hears of the other by gossip; until then it doesn't know, and says so.
    eventually(
        () -> {
          for (TestSystem asked : List.of(newer, older)) {
            assertThat(registrations(asked, "log"))
                .isEqualTo(new Registrations(Set.of(nameOf(older)), Set.of()));
            assertThat(registrations(asked, "both"))
                .isEqualTo(new Registrations(Set.of(nameOf(newer), nameOf(older)), Set.of()));
            assertThat(registrations(asked, "none").areNone()).isTrue();
          }
        });
    assertThat(retire(newer))
        .isEqualTo(new RetireAnswer.Registered("log", Set.of(nameOf(older)), Set.of()));
    eventually(() -> assertThat(world.open(log)).as("what newer has no handler for").isEmpty());
    world.auditWhole(log, both);

    cluster.leave(older);
    eventually(() -> assertThat(registrations(newer, "log").areNone()).isTrue());
    assertThat(retire(newer)).isEqualTo(new RetireAnswer.Retiring("log", 1, true));
    eventually(
        () -> assertThat(get(newer.kintsugi().retirement("log")).orElseThrow().isDone()).isTrue());
    newer.record("a", "two");
    assertThat(world.column("SELECT persistence_id FROM kintsugi_skip")).isEmpty();
    assertThat(world.column("SELECT to_regclass('log_log')")).containsOnlyNulls();
    world.auditWhole(both);
  }

  private static Registrations registrations(TestSystem asked, String projection) throws Exception {
    return get(asked.kintsugi().registrations(projection));
  }

  private static RetireAnswer retire(TestSystem asked) throws Exception {
    return get(asked.kintsugi().retire("log", "of no use", RetireOptions.dropTables()));
  }

  @Test
  void a_node_that_crashed_may_have_a_projection_until_it_is_taken_for_down() throws Exception {
    TestSystem one = cluster.join("");
    TestSystem other = cluster.join("");
    one.startAndFinish(log);
    other.kintsugi().start(log.definition());
    String crashed = nameOf(other);
    eventually(
        () ->
            assertThat(registrations(one, "log").nodes())
                .containsExactlyInAnyOrder(nameOf(one), crashed));

    other.close();
    eventually(
        () ->
            assertThat(registrations(one, "log"))
                .isEqualTo(new Registrations(Set.of(nameOf(one)), Set.of(crashed))));
    cluster.crash(other);

    eventually(
        () ->
            assertThat(registrations(one, "log"))
                .isEqualTo(new Registrations(Set.of(nameOf(one)), Set.of())));
  }

  @Test
  void a_version_that_was_raised_is_built_by_a_node_that_has_it() throws Exception {
    TestSystem older = cluster.join("");
    older.startAndFinish(log);
    older.record("a", "one", "two");
    TestProjection raised = new TestProjection("log").version(2);
    TestSystem newer = cluster.join("");
    newer.kintsugi().start(raised.definition());
    older.record("a", "three");

    assertThat(get(older.kintsugi().whenDone("log")).generation()).isEqualTo(2);
    eventually(
        () ->
            assertThat(locations(older))
                .containsEntry(new HostedProjection("log", 2), nameOf(newer)));
    eventually(() -> assertThat(world.open(raised)).isEmpty());
    world.auditWhole(raised);
  }

  @Test
  void any_node_can_be_asked_also_one_that_lacks_the_projection() throws Exception {
    TestSystem hosting = cluster.join("");
    TestSystem other = cluster.join("");
    hosting.startAndFinish(log);
    hosting.record("a", "one");

    assertThat(get(other.kintsugi().status("log")).generation().generation()).isEqualTo(1);
    assertThat(get(other.kintsugi().pause("log", "a test")))
        .isEqualTo(new PauseAnswer.Paused("log"));
    hosting.record("a", "two");
    assertThat(world.open(log)).containsExactly("a/2 PAUSED");
    assertThat(get(other.kintsugi().resume("log", "a test")))
        .isEqualTo(new PauseAnswer.Resumed("log"));
    eventually(() -> assertThat(world.open(log)).isEmpty());
    assertThat(get(get(other.kintsugi().rebuild("log", "from over here")).done()).phase())
        .isEqualTo(Phase.DONE);
    world.auditWhole(log);
  }

  @Test
  void a_hint_reaches_the_supervisor_on_another_node() throws Exception {
    String slow = "kintsugi.supervisor.poll-interval = 1h";
    TestSystem hosting = cluster.join(slow);
    TestSystem other = cluster.join(slow);
    hosting.startAndFinish(log);

    get(other.kintsugi().rebuild("log", "hinted"));

    // Hints go nowhere until this node has heard who hosts the projection.
    eventually(
        () -> {
          get(other.kintsugi().resume("log", "it is not paused: no more than a hint"));
          assertThat(world.rebuild(log).phase()).isEqualTo(Phase.DONE);
        });
    assertThat(world.generation(log).generation()).isEqualTo(2);
    world.auditWhole(log);
  }

  @Test
  void all_nodes_are_asked_what_they_did() throws Exception {
    TestSystem one = cluster.join("");
    TestSystem two = cluster.join("");
    one.startAndFinish(log);
    two.kintsugi().start(log.definition());
    one.record("a", "one", "two");
    two.record("b", "three");

    eventually(
        () -> {
          ClusterTotals totals = get(two.kintsugi().totals());
          assertThat(totals.nodes()).isEqualTo(2);
          assertThat(totals.projections())
              .hasEntrySatisfying("log", counts -> assertThat(counts.appliedInline()).isEqualTo(3));
          assertThat(totals.totals().appended()).isEqualTo(3);
        });
  }

  @Test
  void nodes_without_the_role_host_nothing() throws Exception {
    String role = "kintsugi.hosting.role = projections";
    TestSystem front = cluster.join(role);
    TestSystem back = cluster.join(role + "\npekko.cluster.roles = [projections]");
    front.kintsugi().start(log.definition());
    back.kintsugi().start(log.definition());
    eventuallyHosts(front, "log", back);
    get(front.kintsugi().whenDone("log"));

    front.record("a", "one");
    assertThat(world.applied(log)).containsExactly("a/1");
    cluster.leave(back);
    eventually(() -> assertThat(locations(front)).isEmpty());
  }

  @Test
  void local_hosting_in_a_cluster_does_no_harm() throws Exception {
    String local = SMALL_BATCHES + "\nkintsugi.hosting.mode = local";
    TestSystem one = cluster.join(local);
    TestSystem two = cluster.join(local);
    for (int i = 1; i <= 50; i++) {
      world.append(world.event("s" + i % 4, (i + 3) / 4));
    }
    one.kintsugi().start(log.definition());
    two.kintsugi().start(log.definition());
    one.record("a", "by one");
    two.record("b", "by the other");
    get(one.kintsugi().whenDone("log"));
    get(get(two.kintsugi().rebuild("log", "again")).done());

    assertThat(world.applied(log)).hasSize(52);
    world.auditWhole(log);
  }

  @Test
  void without_a_cluster_nothing_can_be_sharded() {
    try (TestSystem alone = new TestSystem(world, "kintsugi.hosting.mode = sharded")) {
      assertThatThrownBy(alone::kintsugi)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "kintsugi.hosting.mode is sharded, which needs pekko.actor.provider = cluster");
    }
  }
}
