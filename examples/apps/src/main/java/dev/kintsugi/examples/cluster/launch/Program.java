package dev.kintsugi.examples.cluster.launch;

import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * What nodes run.
 *
 * @param main is given {@code --with-parent}, and ends when its standard input does
 * @param system the actor system's name, which is part of the nodes' addresses
 * @param environment of each node, by its number: where its database is, and who connects
 * @param options of the JVM; they win over what all nodes are started with
 */
public record Program(
    Class<?> main,
    String system,
    IntFunction<Map<String, String>> environment,
    List<String> options) {

  public Program {
    options = List.copyOf(options);
  }

  /** The same environment for all nodes. */
  public Program(
      Class<?> main, String system, Map<String, String> environment, List<String> options) {
    this(main, system, node -> environment, options);
  }
}
