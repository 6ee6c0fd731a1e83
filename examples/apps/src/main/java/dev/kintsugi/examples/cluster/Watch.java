package dev.kintsugi.examples.cluster;

import dev.kintsugi.examples.cluster.launch.Node;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Says what changes in the cluster: who hosts what, how rebuilds get on, who has died. */
final class Watch {

  private static final long LOOK_EVERY_MILLIS = 1_000;

  private final RunningCluster cluster;
  private final Timeline timeline;
  private final Map<String, String> said = new HashMap<>();
  private final Set<Integer> dead = new HashSet<>();

  Watch(RunningCluster cluster, Timeline timeline) {
    this.cluster = cluster;
    this.timeline = timeline;
  }

  /**
   * Watches for as long as it can.
   *
   * @throws InterruptedException if the thread was interrupted
   * @throws ClusterFailedException if no node is left
   */
  void run() throws InterruptedException, ClusterFailedException {
    while (true) {
      sayWhoDied();
      try {
        for (ProjectionView projection : cluster.projections()) {
          String now = cluster.describe(projection);
          if (!now.equals(said.put(projection.name(), now))) {
            timeline.note(now);
          }
        }
      } catch (IOException e) {
        timeline.note("a node can't be asked: " + e);
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_EVERY_MILLIS);
    }
  }

  private void sayWhoDied() {
    for (Node node : cluster.nodes()) {
      if (!node.isAlive() && dead.add(node.number())) {
        timeline.note("node %d has ended; its log is %s".formatted(node.number(), node.log()));
      }
    }
  }
}
