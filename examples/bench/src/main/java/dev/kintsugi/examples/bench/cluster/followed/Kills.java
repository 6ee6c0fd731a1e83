package dev.kintsugi.examples.bench.cluster.followed;

import dev.kintsugi.examples.cluster.ClusterFailedException;
import dev.kintsugi.examples.cluster.ProjectionView;
import dev.kintsugi.examples.cluster.RunningCluster;
import dev.kintsugi.examples.cluster.Timeline;
import dev.kintsugi.examples.cluster.Waiting;
import dev.kintsugi.examples.cluster.launch.Node;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Kills the node that hosts a projection that follows, again and again, and starts it again at
 * once, as whatever runs nodes does. Each time it waits until all that the node hosted go on, and
 * until all nodes can write: of three nodes two must be there to tell a failure from a split.
 */
final class Kills {

  private static final int SHORTEST_MILLIS = 2_000;
  private static final int LONGEST_MILLIS = 8_000;
  private static final long LOOK_EVERY_MILLIS = 50;
  private static final Duration HOSTED = Duration.ofMinutes(1);
  private static final Duration MOVING = Duration.ofMinutes(2);

  /** By then the server has done what the killed node had sent. */
  private static final long SETTLED_MILLIS = 500;

  private final RunningCluster cluster;
  private final CursorRows cursors;
  private final Timeline timeline;
  private final Random random;
  private final List<Duration> stood = new ArrayList<>();

  Kills(RunningCluster cluster, CursorRows cursors, Timeline timeline, Random random) {
    this.cluster = cluster;
    this.cursors = cursors;
    this.timeline = timeline;
    this.random = random;
  }

  /** The node that is to be killed, and what it hosts that follows. */
  private record Victim(Node node, List<String> followers) {}

  /**
   * Goes on for a time; the last kill may be over only after that.
   *
   * @throws ClusterFailedException if something does not come up again
   */
  void goOnFor(Duration time)
      throws IOException, InterruptedException, SQLException, ClusterFailedException {
    long end = System.nanoTime() + time.toNanos();
    while (true) {
      long pause = random.nextLong(SHORTEST_MILLIS, LONGEST_MILLIS);
      if (System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(pause) > end) {
        return;
      }
      TimeUnit.MILLISECONDS.sleep(pause);
      kill(Twins.following().get(random.nextInt(Twins.following().size())));
    }
  }

  private void kill(String projection)
      throws IOException, InterruptedException, SQLException, ClusterFailedException {
    Victim victim =
        Waiting.until("a node that hosts " + projection, HOSTED, () -> hostOf(projection));
    long killed = System.nanoTime();
    victim.node().kill();
    cluster.restart(victim.node());
    Duration longest = awaitMoving(victim, killed);
    stood.add(longest);
    for (Node node : cluster.nodes()) {
      cluster.awaitReady(node);
    }
    timeline.note(
        "kill %d: node %d with %s; all of them moved again after %.1f s"
            .formatted(
                stood.size(),
                victim.node().number(),
                String.join(", ", victim.followers()),
                Timeline.seconds(longest)));
  }

  private Optional<Victim> hostOf(String projection)
      throws IOException, InterruptedException, ClusterFailedException {
    List<ProjectionView> all = cluster.projections();
    Optional<Node> host =
        all.stream()
            .filter(view -> view.name().equals(projection))
            .findFirst()
            .flatMap(cluster::hostOf);
    return host.map(
        node ->
            new Victim(
                node,
                all.stream()
                    .filter(view -> Twins.following().contains(view.name()))
                    .filter(view -> cluster.hostOf(view).filter(node::equals).isPresent())
                    .map(ProjectionView::name)
                    .sorted()
                    .toList()));
  }

  /** How long until the last of them has moved again. */
  private Duration awaitMoving(Victim victim, long killed)
      throws InterruptedException, SQLException, ClusterFailedException {
    TimeUnit.MILLISECONDS.sleep(SETTLED_MILLIS);
    Map<String, Long> standing = new TreeMap<>(cursors.positions());
    standing.keySet().retainAll(victim.followers());
    while (!standing.isEmpty()) {
      if (System.nanoTime() - killed > MOVING.toNanos()) {
        throw new ClusterFailedException(
            "%d seconds after node %d was killed these still do not follow: %s"
                .formatted(MOVING.toSeconds(), victim.node().number(), standing));
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_EVERY_MILLIS);
      Map<String, Long> now = cursors.positions();
      standing.entrySet().removeIf(each -> now.getOrDefault(each.getKey(), 0L) > each.getValue());
    }
    return Duration.ofNanos(System.nanoTime() - killed);
  }

  /** For each kill, how long until the last of what the node hosted moved again. */
  List<Duration> stood() {
    return List.copyOf(stood);
  }
}
