package dev.kintsugi.runtime.internal.housekeeping;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.LoggingTestKit;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A node looks after the tables by itself: at its start, and when it is given a hint. */
class HousekeepingActorTest {

  private final World world = new World();
  private final Keeper keeper = new Keeper(world);
  private final List<TestSystem> nodes = new ArrayList<>();

  @AfterEach
  void close() {
    nodes.forEach(TestSystem::close);
    world.close();
  }

  private TestSystem start(String settings) {
    TestSystem node = new TestSystem(world, settings);
    nodes.add(node);
    node.kintsugi();
    return node;
  }

  private void partitionsAreMade() {
    eventually(() -> assertThat(keeper.partitions()).hasSize(9).doesNotContain("default"));
  }

  @Test
  void partitions_are_made_when_a_node_starts() throws Exception {
    start("");

    partitionsAreMade();
  }

  @Test
  void nodes_that_start_at_once_make_them_once() throws Exception {
    String quick = "kintsugi.housekeeping.retry = 1ms";
    start(quick);
    start(quick);
    start(quick);

    partitionsAreMade();
  }

  @Test
  void after_much_was_drained_the_table_is_compacted_soon() throws Exception {
    TestSystem node = start("kintsugi.housekeeping.after-drain = 1ms");
    partitionsAreMade();
    world.execute(
        """
        INSERT INTO kintsugi_skip (projection, generation, persistence_id, sequence_number, ordering,
          reason)
        SELECT 'log', 1, 'a', n, n, 'PAUSED' FROM generate_series(1, 50000) AS n
        """);
    world.execute("DELETE FROM kintsugi_skip");

    for (int batch = 0; batch < 100; batch++) {
      node.node().housekeepingHints().drained(500);
    }

    eventually(
        () ->
            assertThat(world.column("SELECT pg_relation_size('kintsugi_skip_pkey') < 100000"))
                .containsExactly("t"));
  }

  @Test
  void when_the_archive_had_no_partition_for_a_record_one_is_made_soon() throws Exception {
    TestSystem node = start("");
    partitionsAreMade();
    String until = keeper.partitions().get(8);
    assertThat(until).startsWith("until_");
    world.execute("DROP TABLE kintsugi_skip_archive_" + until);
    String now = world.column("SELECT now()").get(0);

    eventually(
        () -> {
          try {
            keeper.tryToArchive(now);
          } catch (SQLException e) {
            node.node().housekeepingHints().failed(new IllegalStateException(e));
            throw new AssertionError("nothing can be archived", e);
          }
        });
  }

  @Test
  void what_lasts_is_warned_of_once() throws Exception {
    world.execute(
        "CREATE TABLE mine PARTITION OF kintsugi_skip_archive"
            + " FOR VALUES FROM ('2020-01-01') TO ('2020-01-02')");
    TestSystem node =
        new TestSystem(world, "kintsugi.housekeeping { retry = 1ms, interval = 1ms }");
    nodes.add(node);

    LoggingTestKit.warn("has a DEFAULT partition")
        .withLoggerName(HousekeepingActor.class.getName())
        .withOccurrences(1)
        .expect(
            Adapter.toTyped(node.system()),
            () -> {
              node.kintsugi();
              runsAtLeast(5);
              return node;
            });
  }

  @Test
  void a_transaction_that_is_in_the_way_for_long_is_warned_of() throws Exception {
    TestSystem node =
        new TestSystem(world, "kintsugi.housekeeping { retry = 1ms, interval = 1ms }");
    nodes.add(node);
    try (Connection forgotten = keeper.connect()) {
      forgotten.setAutoCommit(false);
      Keeper.archive(forgotten, "2026-01-01 12:00:00+00");

      LoggingTestKit.warn("Other transactions' locks were in the way")
          .expect(Adapter.toTyped(node.system()), () -> node.kintsugi());
      forgotten.rollback();
    }
    partitionsAreMade();
  }

  /** Each run has its advisory lock for the time of it, in a session that goes back to the pool. */
  private void runsAtLeast(int times) {
    for (int seen = 0; seen < times; seen++) {
      eventually(() -> assertThat(advisoryLocks()).isNotEmpty());
      eventually(() -> assertThat(advisoryLocks()).isEmpty());
    }
  }

  private List<String> advisoryLocks() throws Exception {
    return world.column(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory'"
            + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
  }
}
