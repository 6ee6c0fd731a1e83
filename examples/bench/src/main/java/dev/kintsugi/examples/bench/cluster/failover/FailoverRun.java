package dev.kintsugi.examples.bench.cluster.failover;

import dev.kintsugi.examples.bench.cluster.history.Tally;
import dev.kintsugi.examples.cluster.ClusterFailedException;
import dev.kintsugi.examples.cluster.RunningCluster;
import dev.kintsugi.examples.cluster.Timeline;
import dev.kintsugi.examples.cluster.Waiting;
import dev.kintsugi.examples.cluster.launch.Node;
import dev.kintsugi.examples.common.TextTable;
import java.io.IOException;
import java.sql.Connection;
import java.time.Duration;
import java.util.Comparator;
import java.util.concurrent.TimeUnit;

/**
 * Asks one node for a rebuild of a projection that another one hosts, kills that one in the middle
 * of the replay, cuts off the node that carries out the drain, and waits for the proven end. Nodes
 * that have ended are started again, as whatever runs nodes does; nothing else is done by hand.
 */
final class FailoverRun {

  private static final double KILL_AT = 0.4;

  private static final Duration REPLAYING = Duration.ofMinutes(2);
  private static final Duration GOING_ON = Duration.ofMinutes(2);
  private static final Duration PROVEN = Duration.ofMinutes(10);

  /** By then the server has done what the killed node had sent. */
  private static final long SETTLED_MILLIS = 1_000;

  private final RunningCluster cluster;
  private final Connection connection;
  private final Tally tally;
  private final Timeline timeline;

  /**
   * @param connection commits by itself
   */
  FailoverRun(RunningCluster cluster, Connection connection, Tally tally, Timeline timeline) {
    this.cluster = cluster;
    this.connection = connection;
    this.tally = tally;
    this.timeline = timeline;
  }

  /**
   * Runs to the proven end; the writers go on.
   *
   * @param cut how long a node is cut off
   * @param figures takes what was measured
   * @throws ClusterFailedException if something does not happen, or not in time
   */
  void of(String projection, Duration cut, TextTable figures)
      throws IOException, InterruptedException, ClusterFailedException {
    Node host =
        cluster
            .projection(projection)
            .flatMap(cluster::hostOf)
            .orElseThrow(() -> new ClusterFailedException("No node hosts " + projection));
    // A projection whose node is gone goes to the first of the others: the last one only asks.
    Node asked =
        cluster.nodes().stream()
            .filter(node -> node != host)
            .max(Comparator.comparingInt(Node::number))
            .orElseThrow();
    int generation =
        cluster.management().rebuild(asked, projection, "to see it come through a failover");
    timeline.note(
        "asked node %d to rebuild %s, which node %d hosts"
            .formatted(asked.number(), projection, host.number()));
    RebuildWatch rebuild = new RebuildWatch(cluster, connection, projection, generation);
    RebuildRow killed = killMidway(rebuild, host);
    RebuildRow goneOn = awaitGoingOn(rebuild, host);
    figures.row("from the kill to going on", killed.secondsTo(goneOn.at()), "s");
    cluster.awaitReady(cluster.restart(host));
    timeline.note("node %d is back, as a new one".formatted(host.number()));

    new CutOff(cluster, rebuild, tally, timeline).of(cut, figures);

    RebuildRow proven = rebuild.await("the rebuild proven", PROVEN, RebuildRow::isDone);
    double took = killed.secondsTo(proven.endedAt().orElseThrow());
    timeline.note(
        "proven %.1f seconds after the kill: %,d replayed, %,d drained"
            .formatted(took, proven.replayed(), proven.drained()));
    figures
        .row("from the kill to proven", took, "s")
        .row("events replayed", proven.replayed(), "")
        .row("records drained", proven.drained(), "");
  }

  private RebuildRow killMidway(RebuildWatch rebuild, Node host)
      throws InterruptedException, ClusterFailedException {
    rebuild.await(
        "the rebuild in the middle of its replay",
        REPLAYING,
        row -> row.isReplaying() && row.progress() >= KILL_AT);
    host.kill();
    RebuildRow killed = rebuild.row();
    if (!killed.isReplaying()) {
      throw new ClusterFailedException(
          "The replay was over before its node was killed; give a lower --replay-rate");
    }
    timeline.note(
        "killed node %d at %.0f%% of the replay: %,d records open, %,d events acknowledged"
            .formatted(host.number(), killed.progress() * 100, killed.open(), tally.count()));
    return killed;
  }

  /** Waits until another node hosts it, and has come further. */
  private RebuildRow awaitGoingOn(RebuildWatch rebuild, Node killedHost)
      throws InterruptedException, ClusterFailedException {
    TimeUnit.MILLISECONDS.sleep(SETTLED_MILLIS);
    long before = rebuild.row().replayed();
    Node other =
        Waiting.until(
            "a node that hosts it",
            GOING_ON,
            () -> rebuild.host().filter(node -> node != killedHost));
    RebuildRow goneOn =
        rebuild.await("a replay that goes on", GOING_ON, row -> row.replayed() > before);
    timeline.note(
        "goes on, on node %d: %,d events acknowledged".formatted(other.number(), tally.count()));
    return goneOn;
  }
}
