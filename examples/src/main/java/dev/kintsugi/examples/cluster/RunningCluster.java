package dev.kintsugi.examples.cluster;

import dev.kintsugi.examples.cluster.launch.DatabaseProcess;
import dev.kintsugi.examples.cluster.launch.Node;
import dev.kintsugi.examples.cluster.launch.Nodes;
import dev.kintsugi.examples.cluster.launch.Ports;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The nodes and their database, from the outside. */
final class RunningCluster implements AutoCloseable {

  static final int NODES = 3;

  private static final Duration FORMED = Duration.ofMinutes(2);
  private static final Duration BUILT = Duration.ofMinutes(1);

  private final DatabaseProcess database;
  private final Nodes nodes;
  private final Management management = new Management();

  private RunningCluster(DatabaseProcess database, Nodes nodes) {
    this.database = database;
    this.nodes = nodes;
  }

  /**
   * Starts them, and waits until all nodes are in the cluster and both projections are inline.
   *
   * @param replayRate events a second that a rebuild may replay; 0 for no limit
   */
  static RunningCluster start(Ports ports, Path config, Path logs, int replayRate)
      throws IOException, SQLException, InterruptedException, ClusterFailedException {
    DatabaseProcess database = DatabaseProcess.start(config, logs);
    try {
      Nodes nodes = Nodes.start(NODES, ports, database, config, logs, replayRate);
      try {
        RunningCluster cluster = new RunningCluster(database, nodes);
        cluster.awaitFormed();
        return cluster;
      } catch (InterruptedException | ClusterFailedException | RuntimeException e) {
        nodes.close();
        throw e;
      }
    } catch (IOException | InterruptedException | ClusterFailedException | RuntimeException e) {
      database.close();
      throw e;
    }
  }

  private void awaitFormed() throws InterruptedException, ClusterFailedException {
    for (Node node : nodes.all()) {
      Waiting.until(
          "node %d ready; it logs to %s".formatted(node.number(), node.log()),
          FORMED,
          () -> {
            refuseDead(node);
            return management.isReady(node) ? Optional.of(node) : Optional.empty();
          });
    }
    awaitWhole(BUILT);
  }

  private static void refuseDead(Node node) throws ClusterFailedException {
    if (!node.isAlive()) {
      throw new ClusterFailedException(
          "Node %d has ended; see %s".formatted(node.number(), node.log()));
    }
  }

  /** Waits until nothing is missing in any read model. */
  void awaitWhole(Duration atMost) throws InterruptedException, ClusterFailedException {
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
   * All projections, as some node that is alive has them.
   *
   * @throws ClusterFailedException if none is
   */
  List<ProjectionView> projections()
      throws IOException, InterruptedException, ClusterFailedException {
    List<Node> alive = nodes.alive();
    if (alive.isEmpty()) {
      throw new ClusterFailedException("No node is alive");
    }
    return management.projections(alive.get(0));
  }

  /** One of them. */
  Optional<ProjectionView> projection(String name)
      throws IOException, InterruptedException, ClusterFailedException {
    return projections().stream().filter(projection -> projection.name().equals(name)).findFirst();
  }

  /** The node that hosts a projection, if one does just now. */
  Optional<Node> hostOf(ProjectionView projection) {
    return nodes.all().stream()
        .filter(node -> projection.node().map(at -> at.endsWith(node.address())).orElse(false))
        .findFirst();
  }

  /** How a projection stands, and on which node, for people. */
  String describe(ProjectionView projection) {
    return "%s, generation %d: %s, on %s"
        .formatted(
            projection.name(),
            projection.generation(),
            projection.doing(),
            hostOf(projection).map(node -> "node " + node.number()).orElse("no node just now"));
  }

  Management management() {
    return management;
  }

  List<Node> nodes() {
    return nodes.all();
  }

  DatabaseProcess database() {
    return database;
  }

  /** Ends the nodes in good order, then the database. */
  @Override
  public void close() {
    nodes.close();
    database.close();
  }
}
