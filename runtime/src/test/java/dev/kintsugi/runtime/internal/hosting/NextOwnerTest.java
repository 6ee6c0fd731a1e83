package dev.kintsugi.runtime.internal.hosting;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A node ends in the midst of a rebuild; the next one goes on from the rows. */
class NextOwnerTest {

  private static final String SMALL_BATCHES = "kintsugi.rebuild.batch-size = 2";

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");
  private TestSystem node = new TestSystem(world, SMALL_BATCHES);

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  private void nextNode() {
    node.close();
    node = new TestSystem(world, SMALL_BATCHES);
    node.kintsugi().start(log.definition());
  }

  @Test
  void a_rebuild_that_waits_for_its_fence_is_finished_by_the_next_owner() throws Exception {
    node.startAndFinish(log);
    node.record("a", "one", "two");
    try (Connection held = world.database().connection();
        Statement statement = held.createStatement()) {
      statement.execute("SELECT pg_current_xact_id(); SELECT 1 FROM kintsugi_projection");
      get(node.kintsugi().rebuild("log", "test"));
      node.record("a", "three");
      eventually(() -> assertThat(world.rebuild(log).fence()).isNotNull());
      assertThat(world.rebuild(log).phase()).isEqualTo(Phase.FENCE);

      nextNode();
      node.record("a", "four");
      assertThat(world.open(log)).containsExactly("a/3 REBUILDING", "a/4 REBUILDING");
      held.rollback();
    }

    assertThat(get(node.kintsugi().whenDone("log")).generation()).isEqualTo(2);
    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "a/3", "a/4");
    world.auditWhole(log);
  }

  @Test
  void a_replay_that_was_cut_off_goes_on_from_its_checkpoint() throws Exception {
    for (int i = 1; i <= 10; i++) {
      world.append(world.event("a", i));
    }
    TestProjection.Gate gate = log.holdOn("a/6");
    node.kintsugi().start(log.definition());
    gate.awaitReached();
    assertThat(world.rebuild(log).phase()).isEqualTo(Phase.REPLAY);
    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "a/3", "a/4");

    node.close();
    gate.open();
    node = new TestSystem(world, SMALL_BATCHES);
    node.kintsugi().start(log.definition());

    assertThat(get(node.kintsugi().whenDone("log")).replayed()).isEqualTo(10);
    assertThat(world.applied(log)).hasSize(10);
    world.auditWhole(log);
  }

  @Test
  void a_node_that_shuts_down_stores_what_it_had_gathered() throws Exception {
    CompletableFuture<Boolean> gathers = new CompletableFuture<>();
    TestProjection rows =
        new TestProjection("flat")
            .kind(TestProjection.Kind.ROWS)
            .beforeEach(envelope -> gathers.complete(true));
    for (int i = 1; i <= 10; i++) {
      world.append(world.event("a", i));
    }
    node.close();
    node =
        new TestSystem(
            world, SMALL_BATCHES + "\nkintsugi.rebuild { max-rate = 2, window-time = 1h }");
    node.kintsugi().start(rows.definition());
    get(gathers);

    get(CoordinatedShutdown.get(node.system()).runAll(CoordinatedShutdown.unknownReason()));
    assertThat(world.rebuild(rows).checkpoint()).as("checkpoint").isPositive().isLessThan(10);

    node = new TestSystem(world, SMALL_BATCHES);
    node.kintsugi().start(rows.definition());
    assertThat(get(node.kintsugi().whenDone("flat")).replayed()).isEqualTo(10);
    world.auditWhole(rows);
  }

  @Test
  void two_owners_at_once_do_no_harm() throws Exception {
    for (int i = 1; i <= 100; i++) {
      world.append(world.event("s" + i % 4, (i + 3) / 4));
    }
    try (TestSystem other = new TestSystem(world, SMALL_BATCHES)) {
      node.kintsugi().start(log.definition());
      other.kintsugi().start(log.definition());
      node.record("a", "by one");
      other.record("b", "by the other");

      get(node.kintsugi().whenDone("log"));
      get(other.kintsugi().whenDone("log"));
      get(get(other.kintsugi().rebuild("log", "again")).done());
      get(node.kintsugi().whenDone("log"));
    }
    assertThat(world.applied(log)).hasSize(102);
    world.auditWhole(log);
  }

  @Test
  void nodes_that_start_a_new_projection_at_once_build_it_once() throws Exception {
    node.record("a", "one", "two");
    try (TestSystem other = new TestSystem(world, SMALL_BATCHES)) {
      startAtOnce(node, other);
      get(node.kintsugi().whenDone("log"));
      get(other.kintsugi().whenDone("log"));
    }
    assertThat(world.column("SELECT generation FROM kintsugi_rebuild")).containsExactly("1");
    world.auditWhole(log);
  }

  @Test
  void nodes_that_raise_a_version_at_once_rebuild_once() throws Exception {
    node.startAndFinish(log);
    node.record("a", "one", "two");
    node.close();
    node = new TestSystem(world, SMALL_BATCHES);
    log.version(2);
    try (TestSystem other = new TestSystem(world, SMALL_BATCHES)) {
      startAtOnce(node, other);
      get(node.kintsugi().whenDone("log"));
      get(other.kintsugi().whenDone("log"));
    }
    assertThat(world.column("SELECT generation FROM kintsugi_rebuild ORDER BY 1"))
        .containsExactly("1", "2");
    world.auditWhole(log);
  }

  private void startAtOnce(TestSystem... nodes) throws Exception {
    for (TestSystem each : nodes) {
      each.kintsugi(); // connects
    }
    CyclicBarrier all = new CyclicBarrier(nodes.length);
    ExecutorService threads = Executors.newFixedThreadPool(nodes.length);
    try {
      List<Future<String>> started = new ArrayList<>();
      for (TestSystem each : nodes) {
        started.add(
            threads.submit(
                () -> {
                  all.await();
                  each.kintsugi().start(log.definition());
                  return "started";
                }));
      }
      for (Future<String> each : started) {
        assertThat(each.get(60, TimeUnit.SECONDS)).isEqualTo("started");
      }
    } finally {
      threads.shutdown();
    }
  }
}
