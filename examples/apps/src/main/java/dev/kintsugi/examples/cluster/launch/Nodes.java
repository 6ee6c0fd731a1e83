package dev.kintsugi.examples.cluster.launch;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The nodes that were started, dead or alive. */
public final class Nodes implements AutoCloseable {

  private final Ports ports;
  private final Program program;
  private final Path config;
  private final Path logs;
  private final List<Node> nodes = new ArrayList<>();
  private int restarts;

  private Nodes(Ports ports, Program program, Path config, Path logs) {
    this.ports = ports;
    this.program = program;
    this.config = config;
    this.logs = logs;
  }

  /**
   * Starts nodes, all at once.
   *
   * @param config the directory with the configuration
   * @param logs the directory for their logs
   */
  public static Nodes start(int count, Ports ports, Program program, Path config, Path logs)
      throws IOException {
    Nodes nodes = new Nodes(ports, program, config, logs);
    try {
      for (int number = 1; number <= count; number++) {
        nodes.nodes.add(Node.start(number, 0, count, ports, program, config, logs));
      }
      return nodes;
    } catch (IOException e) {
      nodes.close();
      throw e;
    }
  }

  /** Starts one that has ended again, in the same place, as whatever runs nodes does. */
  public synchronized Node restart(Node ended) throws IOException {
    restarts++;
    Node again = Node.start(ended.number(), restarts, nodes.size(), ports, program, config, logs);
    nodes.set(ended.number() - 1, again);
    return again;
  }

  /** All of them, by number; of one that was started again, what it is now. */
  public synchronized List<Node> all() {
    return List.copyOf(nodes);
  }

  public List<Node> alive() {
    return all().stream().filter(Node::isAlive).toList();
  }

  /** Those that can be asked. */
  public List<Node> answering() {
    return all().stream().filter(Node::answers).toList();
  }

  /** Kills all of them, also those that stand still. */
  public void kill() {
    alive().forEach(Node::kill);
  }

  /** Ends all of them in good order, at once. */
  @Override
  public void close() {
    List<Node> alive = alive();
    alive.forEach(Node::stop);
    alive.forEach(Node::awaitEnd);
  }
}
