package dev.kintsugi.examples.cluster.launch;

import java.util.List;
import java.util.Map;

/**
 * What nodes run.
 *
 * @param main is given {@code --with-parent}, and ends when its standard input does
 * @param system the actor system's name, which is part of the nodes' addresses
 * @param database the environment that says where the database is, and who connects
 * @param options of the JVM; they win over what all nodes are started with
 */
public record Program(
    Class<?> main, String system, Map<String, String> database, List<String> options) {

  public Program {
    database = Map.copyOf(database);
    options = List.copyOf(options);
  }
}
