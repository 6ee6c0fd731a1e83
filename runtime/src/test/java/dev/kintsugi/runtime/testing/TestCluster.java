package dev.kintsugi.runtime.testing;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Down;
import org.apache.pekko.cluster.typed.Join;

/**
 * Nodes in one JVM that are a cluster, on a {@link World}'s database. Nobody but a test takes a
 * node for down.
 */
public final class TestCluster implements AutoCloseable {

  private static final String CLUSTERED =
      """
      pekko.actor.provider = cluster
      pekko.remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
      pekko.cluster.jmx.multi-mbeans-in-same-jvm = on
      pekko.cluster.failure-detector.acceptable-heartbeat-pause = 5s
      pekko.cluster.gossip-interval = 100ms
      pekko.cluster.leader-actions-interval = 100ms
      pekko.cluster.periodic-tasks-initial-delay = 100ms
      # Whoever is asked to hand over, and can't, is waited for till a test has given up.
      pekko.cluster.sharding {
        rebalance-interval = 200ms, retry-interval = 200ms, handoff-timeout = 10m
      }
      pekko.cluster.down-removal-margin = 2s
      pekko.cluster.distributed-data { gossip-interval = 100ms, notify-subscribers-interval = 50ms }
      pekko.cluster.singleton-proxy.singleton-identification-interval = 100ms
      pekko.coordinated-shutdown.exit-jvm = off
      pekko.coordinated-shutdown.terminate-actor-system = on
      pekko.coordinated-shutdown.run-by-actor-system-terminate = off
      pekko.cluster.run-coordinated-shutdown-when-down = off
      kintsugi.hosting.keep-alive-interval = 100ms
      """;

  private final World world;
  private final List<TestSystem> nodes = new ArrayList<>();

  public TestCluster(World world) {
    this.world = world;
  }

  /** Starts a node, waits until it is up, and has Kintsugi on it. */
  public TestSystem join(String settings) {
    TestSystem node = new TestSystem(world, settings + "\n" + CLUSTERED);
    Cluster cluster = cluster(node);
    Cluster first = nodes.isEmpty() ? cluster : cluster(nodes.get(0));
    nodes.add(node);
    cluster.manager().tell(Join.create(first.selfMember().address()));
    eventually(() -> assertThat(cluster.selfMember().status()).isEqualTo(MemberStatus.up()));
    node.kintsugi();
    return node;
  }

  public static Cluster cluster(TestSystem node) {
    return Cluster.get(Adapter.toTyped(node.system()));
  }

  /** A node's name, as hosting has it. */
  public static String nameOf(TestSystem node) {
    return cluster(node).selfMember().address().toString();
  }

  /** Ends a node as an orderly stop of its JVM does. */
  public void leave(TestSystem node) throws Exception {
    nodes.remove(node);
    TestSystem.get(
        CoordinatedShutdown.get(node.system()).runAll(CoordinatedShutdown.unknownReason()));
    TestSystem.get(node.system().getWhenTerminated());
  }

  /**
   * Ends a node as a crash does: the others miss it, ask it in vain where projections are, and take
   * it for down after that.
   */
  public void crash(TestSystem node) throws Exception {
    nodes.remove(node);
    Address address = cluster(node).selfMember().address();
    node.close();
    TestSystem other = nodes.get(0);
    eventually(
        () ->
            assertThat(cluster(other).state().getUnreachable())
                .extracting(Member::address)
                .contains(address));
    TestSystem.get(other.kintsugi().locations());
    cluster(other).manager().tell(new Down(address));
  }

  @Override
  public void close() {
    nodes.forEach(TestSystem::close);
  }
}
