package dev.kintsugi.examples.cluster.launch;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The nodes that were started, dead or alive. */
public final class Nodes implements AutoCloseable {

  private final List<Node> nodes = new ArrayList<>();

  private Nodes() {}

  /**
   * Starts nodes, all at once.
   *
   * @param config the directory with the configuration
   * @param logs the directory for their logs
   * @param replayRate events a second that a rebuild may replay; 0 for no limit
   */
  public static Nodes start(
      int count, Ports ports, DatabaseProcess database, Path config, Path logs, int replayRate)
      throws IOException {
    Nodes nodes = new Nodes();
    try {
      for (int number = 1; number <= count; number++) {
        nodes.nodes.add(Node.start(number, count, ports, database, config, logs, replayRate));
      }
      return nodes;
    } catch (IOException e) {
      nodes.close();
      throw e;
    }
  }

  /** All of them, by number. */
  public List<Node> all() {
    return List.copyOf(nodes);
  }

  public List<Node> alive() {
    return nodes.stream().filter(Node::isAlive).toList();
  }

  /** Ends all of them in good order, at once. */
  @Override
  public void close() {
    List<Node> alive = alive();
    alive.forEach(Node::stop);
    alive.forEach(Node::awaitEnd);
  }
}
