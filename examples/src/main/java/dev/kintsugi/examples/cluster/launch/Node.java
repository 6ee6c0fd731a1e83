package dev.kintsugi.examples.cluster.launch;

import dev.kintsugi.examples.cluster.node.OrderNode;
import dev.kintsugi.examples.common.EmbeddedServer;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A node of the cluster, in a process of its own. */
public final class Node {

  private static final String LOOPBACK = "127.0.0.1";

  /** Three JVMs share the machine with a database. */
  private static final List<String> SMALL =
      List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

  private static final Duration END = Duration.ofSeconds(30);

  private final int number;
  private final Ports ports;
  private final Path log;
  private final ChildJvm jvm;

  private Node(int number, Ports ports, Path log, ChildJvm jvm) {
    this.number = number;
    this.ports = ports;
    this.log = log;
    this.jvm = jvm;
  }

  /**
   * Starts a node as an installation would: with {@code cluster.conf}, and in the environment what
   * differs from node to node.
   *
   * @param number from 1
   * @param nodes how many there will be
   * @param config the directory with the configuration
   * @param logs the directory for its log
   * @param replayRate events a second that a rebuild may replay; 0 for no limit
   */
  static Node start(
      int number,
      int nodes,
      Ports ports,
      DatabaseProcess database,
      Path config,
      Path logs,
      int replayRate)
      throws IOException {
    Map<String, String> environment = new HashMap<>();
    environment.put("KINTSUGI_JDBC_URL", database.url());
    environment.put("KINTSUGI_JDBC_USER", EmbeddedServer.USER);
    environment.put("KINTSUGI_JDBC_PASSWORD", "");
    environment.put("ARTERY_HOSTNAME", LOOPBACK);
    environment.put("ARTERY_PORT", String.valueOf(ports.artery(number)));
    environment.put("MANAGEMENT_HOSTNAME", LOOPBACK);
    environment.put("MANAGEMENT_PORT", String.valueOf(ports.management(number)));
    environment.put("ORDERS_HOSTNAME", LOOPBACK);
    environment.put("ORDERS_PORT", String.valueOf(ports.orders(number)));
    for (int seed = 1; seed <= nodes; seed++) {
      environment.put(
          "SEED_NODES_" + (seed - 1),
          "pekko://%s@%s:%d".formatted(OrderNode.SYSTEM, LOOPBACK, ports.artery(seed)));
    }
    Path log = logs.resolve("node-%d.log".formatted(number));
    List<String> options = new ArrayList<>(SMALL);
    options.addAll(
        List.of(
            "-Dkintsugi.rebuild.max-rate=" + (replayRate == 0 ? "unlimited" : replayRate),
            "-Dconfig.file=" + config.resolve("cluster.conf"),
            "-Dlogback.configurationFile=" + config.resolve("logback.xml")));
    return new Node(
        number,
        ports,
        log,
        ChildJvm.start(
            OrderNode.class, options, List.of(OrderNode.WITH_PARENT), environment, log, false));
  }

  public int number() {
    return number;
  }

  public long pid() {
    return jvm.pid();
  }

  public boolean isAlive() {
    return jvm.isAlive();
  }

  /** What it logs. */
  public Path log() {
    return log;
  }

  /** Its name in the cluster, as the management API has it. */
  public String address() {
    return "%s:%d".formatted(LOOPBACK, ports.artery(number));
  }

  public URI management() {
    return URI.create("http://%s:%d".formatted(LOOPBACK, ports.management(number)));
  }

  public URI orders() {
    return URI.create("http://%s:%d".formatted(LOOPBACK, ports.orders(number)));
  }

  /** Kills it as kill -9 does, and waits for its end. */
  public void kill() {
    jvm.kill();
  }

  /** Has it begin to leave the cluster and end. */
  void stop() {
    jvm.say(OrderNode.STOP);
  }

  /** Waits for its end, and kills it if that takes too long. */
  void awaitEnd() {
    jvm.awaitEnd(END);
  }
}
