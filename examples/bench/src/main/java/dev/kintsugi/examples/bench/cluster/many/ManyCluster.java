package dev.kintsugi.examples.bench.cluster.many;

import dev.kintsugi.examples.bench.Settings;
import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Nodes that are a cluster, each in a JVM of its own, all with the same projections. */
final class ManyCluster implements AutoCloseable {

  static final List<String> JVM =
      List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

  private static final String LOOPBACK = "127.0.0.1";
  private static final Duration PATIENCE = Duration.ofMinutes(8);
  private static final long LOOK_EVERY_MILLIS = 100;

  /**
   * How long it took, from the start of the JVMs.
   *
   * @param registered until the last node knew its projections
   * @param joined until each node saw all nodes up
   * @param hosted until then, and until each projection was hosted, by one node
   * @param proven until each was active, and its build proven, too
   * @param even until no node hosted more than one more than another, too
   * @param spread how many each node hosted at {@code hosted}
   * @param nodes the processor time that all nodes took until {@code proven}
   * @param server that PostgreSQL took, if it runs on this machine
   */
  record Started(
      Duration registered,
      Duration joined,
      Duration hosted,
      Duration proven,
      Duration even,
      List<Integer> spread,
      Duration nodes,
      Optional<Duration> server) {}

  /**
   * What the end of a node cost.
   *
   * @param projections that it hosted
   * @param hosted how long until the others did
   */
  record FailedOver(int projections, Duration hosted) {}

  /**
   * Where and on what.
   *
   * @param mode of all projections
   * @param config the directory with cluster.conf
   * @param logs the directory for the nodes' logs
   */
  record Installation(
      BenchDatabase database,
      SmallProjections.Mode mode,
      Path config,
      Path logs,
      Settings settings) {}

  private final int projections;
  private final List<NodeProcess> nodes = new ArrayList<>();
  private final List<Integer> ports;
  private final long begin = System.nanoTime();
  private long waitingSince = begin;

  private ManyCluster(int projections, List<Integer> ports) {
    this.projections = projections;
    this.ports = ports;
  }

  /** Starts the JVMs, and waits for nothing. */
  static ManyCluster start(String name, int nodes, int projections, Installation installation)
      throws IOException {
    ManyCluster cluster = new ManyCluster(projections, freePorts(nodes));
    try {
      for (int number = 1; number <= nodes; number++) {
        cluster.nodes.add(
            NodeProcess.start(
                projections,
                installation.mode(),
                options(installation),
                cluster.environment(number, installation),
                installation.logs().resolve("%s-node-%d.log".formatted(name, number))));
      }
      return cluster;
    } catch (IOException e) {
      cluster.close();
      throw e;
    }
  }

  /** Ports that nobody listens on now. */
  private static List<Integer> freePorts(int count) throws IOException {
    List<ServerSocket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
      }
      return sockets.stream().map(ServerSocket::getLocalPort).toList();
    } finally {
      for (ServerSocket socket : sockets) {
        socket.close();
      }
    }
  }

  private static List<String> options(Installation installation) {
    List<String> options = new ArrayList<>(JVM);
    options.add("-Dconfig.file=" + installation.config().resolve("cluster.conf"));
    options.add("-Dlogback.configurationFile=" + installation.config().resolve("logback.xml"));
    options.add("-Dkintsugi.jdbc.pool-size=" + installation.settings().connections());
    installation
        .settings()
        .overrides()
        .forEach((key, value) -> options.add("-D" + key + "=" + value));
    return options;
  }

  private Map<String, String> environment(int number, Installation installation) {
    Map<String, String> environment = new HashMap<>();
    environment.put("KINTSUGI_JDBC_URL", installation.database().login().url());
    environment.put("KINTSUGI_JDBC_USER", installation.database().login().user());
    environment.put("KINTSUGI_JDBC_PASSWORD", installation.database().login().password());
    environment.put("ARTERY_HOSTNAME", LOOPBACK);
    environment.put("ARTERY_PORT", String.valueOf(ports.get(number - 1)));
    environment.put("MANAGEMENT_HOSTNAME", LOOPBACK);
    environment.put("MANAGEMENT_PORT", "0");
    for (int seed = 0; seed < ports.size(); seed++) {
      environment.put(
          "SEED_NODES_" + seed,
          "pekko://%s@%s:%d".formatted(ManyNode.SYSTEM, LOOPBACK, ports.get(seed)));
    }
    return environment;
  }

  int projections() {
    return projections;
  }

  List<NodeProcess> alive() {
    return nodes.stream().filter(NodeProcess::isAlive).toList();
  }

  /** The processor time that all nodes took since their start. */
  Duration processorTime() {
    return alive().stream().map(NodeProcess::processorTime).reduce(Duration.ZERO, Duration::plus);
  }

  /** Where the nodes listen for each other. */
  List<Integer> ports() {
    return ports;
  }

  /**
   * Waits until all is up.
   *
   * @param before what PostgreSQL's processes had taken before it was started
   * @throws LoadFailedException if something does not come up
   */
  Started awaitStarted(Observer observer, ServerTime before)
      throws IOException, InterruptedException, LoadFailedException, SQLException {
    for (NodeProcess node : nodes) {
      node.awaitStart(PATIENCE);
    }
    Duration registered = sinceBegin();
    for (NodeProcess node : nodes) {
      awaitJoined(node);
    }
    Duration joined = sinceBegin();
    List<Integer> spread = awaitHosted(false);
    Duration hosted = sinceBegin();
    while (observer.proven() < projections) {
      refuseLate(of(observer.proven(), "proven"));
      TimeUnit.MILLISECONDS.sleep(LOOK_EVERY_MILLIS);
    }
    Duration proven = sinceBegin();
    Duration processors = processorTime();
    Optional<Duration> server = observer.serverTime().since(before);
    awaitHosted(true);
    return new Started(
        registered, joined, hosted, proven, sinceBegin(), spread, processors, server);
  }

  private void awaitJoined(NodeProcess node)
      throws IOException, InterruptedException, LoadFailedException {
    for (int up = 0; up < nodes.size(); up = Integer.parseInt(node.ask(Answers.MEMBERS))) {
      refuseLate("a node sees %s nodes up".formatted(up));
      TimeUnit.MILLISECONDS.sleep(LOOK_EVERY_MILLIS);
    }
  }

  private Duration sinceBegin() {
    return Duration.ofNanos(System.nanoTime() - begin);
  }

  private void refuseLate(String soFar) throws LoadFailedException {
    if (System.nanoTime() - waitingSince > PATIENCE.toNanos()) {
      throw new LoadFailedException("After %d seconds %s".formatted(PATIENCE.toSeconds(), soFar));
    }
  }

  private String of(long count, String what) {
    return "%d of %d projections are %s".formatted(count, projections, what);
  }

  /**
   * Waits until each projection is hosted, by one node; how many each node hosts then.
   *
   * @param evenly whether also for no node to host more than one more than another
   */
  private List<Integer> awaitHosted(boolean evenly)
      throws IOException, InterruptedException, LoadFailedException {
    while (true) {
      List<Integer> sizes = new ArrayList<>();
      Set<String> all = new HashSet<>();
      for (NodeProcess node : alive()) {
        Set<String> hosted = node.hosted();
        sizes.add(hosted.size());
        all.addAll(hosted);
      }
      int sum = sizes.stream().mapToInt(Integer::intValue).sum();
      boolean eachOnce = all.size() == projections && sum == projections;
      if (eachOnce && (!evenly || isEven(sizes))) {
        return sizes;
      }
      refuseLate(of(all.size(), "hosted, on the nodes " + sizes));
      TimeUnit.MILLISECONDS.sleep(LOOK_EVERY_MILLIS);
    }
  }

  private static boolean isEven(List<Integer> sizes) {
    return Collections.max(sizes) - Collections.min(sizes) <= 1;
  }

  /** Kills the node that hosts the most, and waits until the others host what it did. */
  FailedOver failOver() throws IOException, InterruptedException, LoadFailedException {
    Map<NodeProcess, Integer> hosted = new HashMap<>();
    for (NodeProcess node : alive()) {
      hosted.put(node, node.hosted().size());
    }
    Map.Entry<NodeProcess, Integer> most =
        hosted.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow();
    waitingSince = System.nanoTime();
    most.getKey().kill();
    awaitHosted(false);
    return new FailedOver(most.getValue(), Duration.ofNanos(System.nanoTime() - waitingSince));
  }

  /** Ends the nodes in good order, at once. */
  void stop() {
    List<NodeProcess> alive = alive();
    alive.forEach(NodeProcess::stop);
    alive.forEach(NodeProcess::awaitEnd);
  }

  /** Kills what is left of it; its database is going to be dropped. */
  @Override
  public void close() {
    alive().forEach(NodeProcess::kill);
  }
}
