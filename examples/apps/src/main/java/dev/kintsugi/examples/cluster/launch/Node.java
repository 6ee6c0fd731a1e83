package dev.kintsugi.examples.cluster.launch;

import dev.kintsugi.examples.cluster.node.OrderNode;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

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
   * @param life how many times it was started before
   * @param nodes how many there will be
   * @param config the directory with the configuration
   * @param logs the directory for its log
   */
  static Node start(
      int number, int life, int nodes, Ports ports, Program program, Path config, Path logs)
      throws IOException {
    Map<String, String> environment = new HashMap<>(program.environment().apply(number));
    environment.put("ARTERY_HOSTNAME", LOOPBACK);
    environment.put("ARTERY_PORT", String.valueOf(ports.artery(number)));
    environment.put("MANAGEMENT_HOSTNAME", LOOPBACK);
    environment.put("MANAGEMENT_PORT", String.valueOf(ports.management(number)));
    environment.put("ORDERS_HOSTNAME", LOOPBACK);
    environment.put("ORDERS_PORT", String.valueOf(ports.orders(number)));
    for (int seed = 1; seed <= nodes; seed++) {
      environment.put(
          "SEED_NODES_" + (seed - 1),
          "pekko://%s@%s:%d".formatted(program.system(), LOOPBACK, ports.artery(seed)));
    }
    Path log =
        logs.resolve(
            life == 0
                ? "node-%d.log".formatted(number)
                : "node-%d-again-%d.log".formatted(number, life));
    List<String> options = new ArrayList<>(SMALL);
    options.addAll(
        List.of(
            "-Dconfig.file=" + config.resolve("cluster.conf"),
            "-Dlogback.configurationFile=" + config.resolve("logback.xml")));
    options.addAll(program.options());
    return new Node(
        number,
        ports,
        log,
        ChildJvm.start(
            program.main(), options, List.of(OrderNode.WITH_PARENT), environment, log, false));
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

  /** Says a line on its standard input. */
  public void tell(String line) throws IOException {
    jvm.ask(line);
  }

  /** Completes when it has ended. */
  public CompletableFuture<?> ended() {
    return jvm.ended();
  }

  /**
   * Has it stand still as kill -STOP does, and go on by itself after a time: to the others it is
   * cut off meanwhile.
   *
   * @return completes when it goes on, with 0 if it stood still
   */
  public CompletableFuture<Integer> standStill(Duration time) throws IOException {
    return jvm.standStill(time);
  }

  /** Whether it can be asked: it lives, and does not stand still. */
  public boolean answers() {
    return jvm.isAlive() && !jvm.standsStill();
  }

  /** Has it begin to leave the cluster and end; at once, if it stands still. */
  void stop() {
    if (jvm.standsStill()) {
      jvm.kill();
    } else {
      jvm.say(OrderNode.STOP);
    }
  }

  /** Waits for its end, and kills it if that takes too long. */
  void awaitEnd() {
    jvm.awaitEnd(END);
  }
}
