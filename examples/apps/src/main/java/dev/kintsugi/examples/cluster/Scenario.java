package dev.kintsugi.examples.cluster;

import dev.kintsugi.examples.cluster.launch.Node;
import dev.kintsugi.examples.cluster.load.Load;
import dev.kintsugi.examples.common.TextTable;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Under load, asks one node for a rebuild of a projection that another one hosts, kills that one in
 * the middle of the replay, and waits until a third has brought the rebuild to its proven end.
 */
final class Scenario {

  /** So many events make a replay that lasts for a while. */
  private static final long HISTORY = 2_000;

  private static final double KILL_AT = 0.3;

  private static final Duration LOADED = Duration.ofMinutes(5);
  private static final Duration REPLAYING = Duration.ofMinutes(1);
  private static final Duration GOING_ON = Duration.ofMinutes(2);
  private static final Duration PROVEN = Duration.ofMinutes(5);

  private final RunningCluster cluster;
  private final Load load;
  private final Timeline timeline;

  Scenario(RunningCluster cluster, Load load, Timeline timeline) {
    this.cluster = cluster;
    this.load = load;
    this.timeline = timeline;
  }

  /**
   * Runs to the proven end of the rebuild; the load goes on.
   *
   * @return what happened when, as a table
   * @throws ClusterFailedException if something does not happen, or not in time
   */
  List<String> run() throws IOException, InterruptedException, ClusterFailedException {
    Waiting.until(
        "%,d events acknowledged".formatted(HISTORY),
        LOADED,
        () -> load.counts().acknowledged() < HISTORY ? Optional.empty() : Optional.of(HISTORY));
    Rebuild rebuild = chooseRebuild();
    int generation =
        cluster
            .management()
            .rebuild(rebuild.asked(), rebuild.projection(), "the scenario of the example");
    Duration asked =
        timeline.note(
            "asked node %d to rebuild %s, which node %d hosts"
                .formatted(
                    rebuild.asked().number(), rebuild.projection(), rebuild.host().number()));

    ProjectionView midway = awaitMidway(rebuild, generation);
    rebuild.host().kill();
    Duration killed =
        timeline.note(
            "killed node %d at %.0f%% of the replay"
                .formatted(rebuild.host().number(), midway.progress() * 100));

    ProjectionView elsewhere = awaitElsewhere(rebuild, generation, midway.progress());
    Duration wentOn = timeline.note("goes on: " + cluster.describe(elsewhere));
    ProjectionView proven =
        Waiting.until(
            "the rebuild proven to be whole",
            PROVEN,
            () -> view(rebuild, generation).filter(ProjectionView::isDone));
    Duration done = timeline.note("proven: " + cluster.describe(proven));

    return new TextTable("what happened", "second", "after the kill")
        .row("rebuild of %s asked for".formatted(rebuild.projection()), seconds(asked), "")
        .row(
            "node %d, which carries it out, killed".formatted(rebuild.host().number()),
            seconds(killed),
            seconds(Duration.ZERO))
        .row("replay goes on elsewhere", seconds(wentOn), seconds(wentOn.minus(killed)))
        .row("read model proven to be whole", seconds(done), seconds(done.minus(killed)))
        .lines();
  }

  private static Double seconds(Duration duration) {
    return Timeline.seconds(duration);
  }

  /** Which projection to rebuild: the host is killed, and another node is asked. */
  private record Rebuild(String projection, Node host, Node asked) {}

  /** One that node 1 does not host, if there is such a one. */
  private Rebuild chooseRebuild() throws IOException, InterruptedException, ClusterFailedException {
    Node first = cluster.nodes().get(0);
    List<ProjectionView> hosted =
        cluster.projections().stream()
            .filter(projection -> cluster.hostOf(projection).isPresent())
            .toList();
    for (ProjectionView projection : hosted) {
      Node host = cluster.hostOf(projection).orElseThrow();
      if (host != first) {
        return new Rebuild(projection.name(), host, first);
      }
    }
    if (hosted.isEmpty()) {
      throw new ClusterFailedException("No node hosts any projection");
    }
    return new Rebuild(hosted.get(0).name(), first, cluster.nodes().get(1));
  }

  private ProjectionView awaitMidway(Rebuild rebuild, int generation)
      throws InterruptedException, ClusterFailedException {
    return Waiting.until(
        "the rebuild in the middle of its replay",
        REPLAYING,
        () -> {
          Optional<ProjectionView> view = view(rebuild, generation);
          if (view.isPresent() && view.get().isDone()) {
            throw new ClusterFailedException(
                "The rebuild had ended before its node could be killed; give a lower --replay-rate");
          }
          return view.filter(
              projection -> projection.isReplaying() && projection.progress() >= KILL_AT);
        });
  }

  /** Waits until another node hosts it, and has come further. */
  private ProjectionView awaitElsewhere(Rebuild rebuild, int generation, double before)
      throws InterruptedException, ClusterFailedException {
    return Waiting.until(
        "a node that goes on with the rebuild",
        GOING_ON,
        () ->
            view(rebuild, generation)
                .filter(
                    projection ->
                        cluster.hostOf(projection).map(node -> node != rebuild.host()).orElse(false)
                            && projection.progress() > before));
  }

  /** How the projection stands, if its newest rebuild is this one. */
  private Optional<ProjectionView> view(Rebuild rebuild, int generation)
      throws IOException, InterruptedException, ClusterFailedException {
    return cluster
        .projection(rebuild.projection())
        .filter(projection -> projection.generation() == generation);
  }
}
