package dev.kintsugi.examples.cluster;

import dev.kintsugi.examples.cluster.launch.Node;
import dev.kintsugi.examples.cluster.launch.Nodes;
import dev.kintsugi.examples.cluster.launch.Ports;
import dev.kintsugi.examples.cluster.launch.Program;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The nodes, from the outside. */
public final class RunningCluster implements AutoCloseable {

  public static final int NODES = 3;

  private static final Duration FORMED = Duration.ofMinutes(2);
  private static final Duration BUILT = Duration.ofMinutes(1);

  private final Nodes nodes;
  private final Management management = new Management();

  private RunningCluster(Nodes nodes) {
    this.nodes = nodes;
  }

  /**
   * Starts them, and waits until all nodes are in the cluster and each projection is inline.
   *
   * @param config the directory with the configuration
   * @param logs the directory for their logs
   */
  public static RunningCluster start(Ports ports, Program program, Path config, Path logs)
      throws IOException, InterruptedException, ClusterFailedException {
    Nodes nodes = Nodes.start(NODES, ports, program, config, logs);
    try {
      RunningCluster cluster = new RunningCluster(nodes);
      cluster.awaitFormed();
      return cluster;
    } catch (InterruptedException | ClusterFailedException | RuntimeException e) {
      nodes.close();
      throw e;
    }
  }

  private void awaitFormed() throws InterruptedException, ClusterFailedException {
    for (Node node : nodes.all()) {
      awaitReady(node);
    }
    awaitWhole(BUILT);
  }

  /** Waits until a node is in the cluster, and can write. */
  public void awaitReady(Node node) throws InterruptedException, ClusterFailedException {
    Waiting.until(
        "node %d ready; it logs to %s".formatted(node.number(), node.log()),
        FORMED,
        () -> {
          refuseDead(node);
          return management.isReady(node) ? Optional.of(node) : Optional.empty();
        });
  }

  /** Starts a node that has ended again. */
  public Node restart(Node ended) throws IOException {
    return nodes.restart(ended);
  }

  private static void refuseDead(Node node) throws ClusterFailedException {
    if (!node.isAlive()) {
      throw new ClusterFailedException(
          "Node %d has ended; see %s".formatted(node.number(), node.log()));
    }
  }

  /** Waits until nothing is missing in any read model. */
  public void awaitWhole(Duration atMost) throws InterruptedException, ClusterFailedException {
    Waiting.until(
        "each projection whole",
        atMost,
        () -> {
          List<ProjectionView> projections = projections();
          boolean whole =
              !projections.isEmpty()
                  && projections.stream().allMatch(p -> p.isWhole() && p.node().isPresent());
          return whole ? Optional.of(projections) : Optional.empty();
        });
  }

  /**
   * All projections, as some node that can be asked has them.
   *
   * @throws ClusterFailedException if none is
   */
  public List<ProjectionView> projections()
      throws IOException, InterruptedException, ClusterFailedException {
    List<Node> answering = nodes.answering();
    if (answering.isEmpty()) {
      throw new ClusterFailedException("No node is alive");
    }
    return management.projections(answering.get(0));
  }

  /** One of them. */
  public Optional<ProjectionView> projection(String name)
      throws IOException, InterruptedException, ClusterFailedException {
    return projections().stream().filter(projection -> projection.name().equals(name)).findFirst();
  }

  /** The node that hosts a projection, if one does just now. */
  public Optional<Node> hostOf(ProjectionView projection) {
    return nodes.all().stream()
        .filter(node -> projection.node().map(at -> at.endsWith(node.address())).orElse(false))
        .findFirst();
  }

  /** How a projection stands, and on which node, for people. */
  public String describe(ProjectionView projection) {
    return "%s, generation %d: %s, on %s"
        .formatted(
            projection.name(),
            projection.generation(),
            projection.doing(),
            hostOf(projection).map(node -> "node " + node.number()).orElse("no node just now"));
  }

  public Management management() {
    return management;
  }

  public List<Node> nodes() {
    return nodes.all();
  }

  /** Kills all nodes, also those that stand still. */
  public void kill() {
    nodes.kill();
  }

  /** Ends the nodes in good order. */
  @Override
  public void close() {
    nodes.close();
  }
}
