package dev.kintsugi.examples.bench.cluster.chaos;

import dev.kintsugi.examples.bench.proxy.Proxy;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.examples.cluster.ClusterFailedException;
import dev.kintsugi.examples.cluster.RunningCluster;
import dev.kintsugi.examples.cluster.Timeline;
import dev.kintsugi.examples.cluster.launch.Node;
import dev.kintsugi.examples.common.BadInputException;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Carries out a plan. Faults that last overlap with those that come meanwhile. */
final class Unrest implements AutoCloseable {

  private static final int THREADS = 8;
  private static final Duration LAST_ONES = Duration.ofMinutes(2);
  private static final String REASON = "chaos";

  /** Of the nodes, in a random share. */
  private static final String TERMINATE =
      """
      SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < ?
      """;

  private final RunningCluster cluster;
  private final List<Proxy> proxies;
  private final BenchServer server;
  private final BenchDatabase database;
  private final Timeline timeline;
  private final Tried tried;
  private final ScheduledExecutorService threads = Executors.newScheduledThreadPool(THREADS);
  private final List<Future<?>> faults = new ArrayList<>();

  /**
   * @param proxies of the nodes, by their order
   */
  Unrest(
      RunningCluster cluster,
      List<Proxy> proxies,
      BenchServer server,
      BenchDatabase database,
      Timeline timeline,
      Tried tried) {
    this.cluster = cluster;
    this.proxies = List.copyOf(proxies);
    this.server = server;
    this.database = database;
    this.timeline = timeline;
    this.tried = tried;
  }

  /** A fault that was due, and for which there was nothing to befall. */
  private static final class WithoutEffectException extends Exception {

    private static final long serialVersionUID = 1L;

    WithoutEffectException(String why) {
      super(why);
    }
  }

  /** Begins with a plan. */
  void begin(Plan plan) {
    for (Fault fault : plan.faults()) {
      faults.add(
          threads.schedule(
              () -> {
                befall(fault);
                return null;
              },
              fault.at().toMillis(),
              TimeUnit.MILLISECONDS));
    }
  }

  /**
   * Waits until all that was due has happened and is over.
   *
   * @throws ClusterFailedException if the plan can't be carried out
   */
  void awaitEnd(Duration length) throws InterruptedException, ClusterFailedException {
    long deadline = System.nanoTime() + length.plus(LAST_ONES).toNanos();
    for (Future<?> fault : faults) {
      try {
        fault.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      } catch (ExecutionException e) {
        throw new ClusterFailedException("A fault can't be carried out: " + e.getCause());
      } catch (TimeoutException e) {
        throw new ClusterFailedException(
            "A fault is not over %d seconds after the last one was due"
                .formatted(LAST_ONES.toSeconds()));
      }
    }
    proxies.forEach(Proxy::calm);
  }

  private void befall(Fault fault)
      throws InterruptedException, ExecutionException, BadInputException {
    try {
      String effect = effect(fault);
      timeline.note(effect.isEmpty() ? fault.toString() : fault + ": " + effect);
      tried.done(fault.kind());
    } catch (IOException | SQLException | WithoutEffectException e) {
      timeline.note(fault + ": without effect, " + describe(e));
      tried.without(fault.kind());
    }
  }

  /** In a line; nobody to connect to is an error without words. */
  private static String describe(Exception e) {
    String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    return message.replaceAll("\\s+", " ");
  }

  private String effect(Fault fault)
      throws IOException,
          SQLException,
          InterruptedException,
          ExecutionException,
          BadInputException,
          WithoutEffectException {
    Node node = cluster.nodes().get(fault.node() - 1);
    Proxy proxy = proxies.get(fault.node() - 1);
    return switch (fault.kind()) {
      case KILL -> kill(node);
      case KILL_ALL -> killAll();
      case FREEZE -> freeze(node, fault);
      case CRASH -> crash(fault);
      case TERMINATE -> terminate(fault);
      case STALL -> connections(proxy.stall(fault.share(), fault.lasts()));
      case CUT -> connections(proxy.cut(fault.share(), fault.lasts()));
      case FAIL -> fail(fault);
      case REBUILD ->
          "generation " + cluster.management().rebuild(node, fault.projection(), REASON);
      case STOP_REBUILD -> cluster.management().stopRebuild(node, fault.projection(), REASON);
      case PAUSE -> pause(node, fault);
      case RETRY -> cluster.management().retryParked(node, fault.projection(), REASON);
      case DISCARD -> discard(node, fault);
    };
  }

  private String kill(Node node) throws InterruptedException, WithoutEffectException {
    refuseUnlessOthersAreWell(node);
    node.kill();
    return "";
  }

  private String killAll() {
    cluster.kill();
    return "";
  }

  private String freeze(Node node, Fault fault)
      throws IOException, InterruptedException, ExecutionException, WithoutEffectException {
    refuseUnlessOthersAreWell(node);
    if (!node.answers()) {
      throw new WithoutEffectException("it is down");
    }
    int exitCode = node.standStill(fault.lasts()).get();
    return exitCode == 0 ? "it goes on" : "it was killed meanwhile";
  }

  /** A cluster that has lost two of its three nodes can't tell a failure from a split. */
  private void refuseUnlessOthersAreWell(Node node)
      throws InterruptedException, WithoutEffectException {
    for (Node other : cluster.nodes()) {
      if (other.number() != node.number()
          && !(other.answers() && cluster.management().isReady(other))) {
        throw new WithoutEffectException("node %d is not ready".formatted(other.number()));
      }
    }
  }

  private String crash(Fault fault) throws IOException, InterruptedException, BadInputException {
    server.crash(fault.lasts());
    return "it is up again";
  }

  private String terminate(Fault fault) throws SQLException {
    try (Connection connection = database.login().connect();
        PreparedStatement terminate = connection.prepareStatement(TERMINATE)) {
      terminate.setDouble(1, fault.share());
      try (ResultSet row = terminate.executeQuery()) {
        row.next();
        return row.getLong(1) + " ended";
      }
    }
  }

  private static String connections(int count) throws WithoutEffectException {
    if (count == 0) {
      throw new WithoutEffectException("there were none");
    }
    return count + " of them";
  }

  private String fail(Fault fault) throws IOException, InterruptedException {
    tell(Mishaps.line(fault.failing()));
    try {
      TimeUnit.NANOSECONDS.sleep(fault.lasts().toNanos());
    } finally {
      tell(Mishaps.line(0));
    }
    return "over";
  }

  /** A node that is started later has no mishaps. */
  private void tell(String line) throws IOException {
    for (Node node : cluster.nodes()) {
      try {
        node.tell(line);
      } catch (IOException e) {
        if (node.isAlive()) {
          throw e;
        }
      }
    }
  }

  private String pause(Node node, Fault fault) throws IOException, InterruptedException {
    String paused = cluster.management().pause(node, fault.projection(), REASON);
    TimeUnit.NANOSECONDS.sleep(fault.lasts().toNanos());
    return paused + "; " + cluster.management().resume(node, fault.projection(), REASON);
  }

  private String discard(Node node, Fault fault)
      throws IOException, InterruptedException, WithoutEffectException {
    long discarded = cluster.management().discardParked(node, fault.projection(), REASON);
    if (discarded == 0) {
      throw new WithoutEffectException("nothing was parked");
    }
    return discarded + " records";
  }

  /** Ends it where it stands. */
  @Override
  public void close() {
    threads.shutdownNow();
  }
}
