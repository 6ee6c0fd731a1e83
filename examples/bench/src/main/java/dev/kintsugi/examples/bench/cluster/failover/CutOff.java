package dev.kintsugi.examples.bench.cluster.failover;

import dev.kintsugi.examples.bench.cluster.history.Tally;
import dev.kintsugi.examples.cluster.ClusterFailedException;
import dev.kintsugi.examples.cluster.RunningCluster;
import dev.kintsugi.examples.cluster.Timeline;
import dev.kintsugi.examples.cluster.Waiting;
import dev.kintsugi.examples.cluster.launch.Node;
import dev.kintsugi.examples.common.TextTable;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Cuts off the node that carries out a drain, for longer than the others wait for it, and starts it
 * again when it has found out that it was taken for down, and ended.
 */
final class CutOff {

  private static final Duration DRAINING = Duration.ofMinutes(10);
  private static final Duration GOING_ON = Duration.ofMinutes(5);
  private static final Duration LEAVING = Duration.ofMinutes(2);

  /** A drain can be over soon. */
  private static final long LOOK_EVERY_MILLIS = 10;

  private static final long ASK_EVERY_MILLIS = 500;

  /** Nobody misses a node sooner: if the drain goes on before, another node carries it out. */
  private static final double NOT_MISSED_SECONDS = 3;

  private final RunningCluster cluster;
  private final RebuildWatch rebuild;
  private final Tally tally;
  private final Timeline timeline;

  CutOff(RunningCluster cluster, RebuildWatch rebuild, Tally tally, Timeline timeline) {
    this.cluster = cluster;
    this.rebuild = rebuild;
    this.tally = tally;
    this.timeline = timeline;
  }

  /**
   * Waits for the drain, and until the drain goes on elsewhere, or after the cut, and the node is
   * back.
   *
   * @param cut for how long
   * @param figures takes what was measured
   */
  void of(Duration cut, TextTable figures)
      throws IOException, InterruptedException, ClusterFailedException {
    Node owner = awaitDrain();
    CompletableFuture<Integer> resumed = owner.standStill(cut);
    TimeUnit.MILLISECONDS.sleep(ASK_EVERY_MILLIS);
    RebuildRow atCut = rebuild.row();
    long acknowledged = tally.count();
    timeline.note(
        "cut off node %d in %s: %,d records drained, %,d open; %,d events acknowledged"
            .formatted(owner.number(), atCut.phase(), atCut.drained(), atCut.open(), acknowledged));
    CompletableFuture<Long> acknowledgedInCut =
        resumed.thenApply(
            exitCode -> {
              timeline.note("the cut ends: %,d events acknowledged".formatted(tally.count()));
              return tally.count() - acknowledged;
            });
    CompletableFuture<Duration> ended =
        owner
            .ended()
            .thenApply(
                end -> timeline.note("node %d has ended by itself".formatted(owner.number())));
    figures.row("cut, in " + atCut.phase(), (double) cut.toSeconds(), "s");
    awaitOtherHost(owner, atCut, resumed, figures);
    RebuildRow goneOn =
        rebuild.await(
            "a drain that goes on",
            GOING_ON,
            row -> row.drained() > atCut.drained() || row.isDone());
    timeline.note("the drain goes on: %,d records drained".formatted(goneOn.drained()));
    double stoodStill = atCut.secondsTo(goneOn.at());
    if (stoodStill < NOT_MISSED_SECONDS) {
      throw new ClusterFailedException(
          "The drain went on while node %d was cut off: another one carries it out"
              .formatted(owner.number()));
    }
    awaitResumed(resumed);
    figures
        .row("from the cut until the drain goes on", stoodStill, "s")
        .row("records drained before the cut", atCut.drained(), "")
        .row("events acknowledged during the cut", acknowledgedInCut.join(), "");
    awaitEnd(owner, ended);
    cluster.awaitReady(cluster.restart(owner));
    timeline.note("node %d is back, as a new one".formatted(owner.number()));
  }

  /** Waits for the drain to have begun, and returns who carries it out. */
  private Node awaitDrain() throws IOException, InterruptedException, ClusterFailedException {
    Optional<Node> owner = Optional.empty();
    long ask = 0;
    long deadline = System.nanoTime() + DRAINING.toNanos();
    while (System.nanoTime() < deadline) {
      RebuildRow row = rebuild.row();
      if (row.isDraining() && row.drained() > 0 && owner.isPresent()) {
        return owner.get();
      }
      if (!row.isReplaying() && !row.isDraining()) {
        throw new ClusterFailedException(
            "The drain was over before its node could be cut off; give a higher --rate");
      }
      if (ask == 0) {
        owner = rebuild.host();
        ask = ASK_EVERY_MILLIS / LOOK_EVERY_MILLIS;
      }
      ask--;
      TimeUnit.MILLISECONDS.sleep(LOOK_EVERY_MILLIS);
    }
    throw new ClusterFailedException(
        "After %d seconds there is still no drain".formatted(DRAINING.toSeconds()));
  }

  /** Waits until another node hosts it, or the cut ends. */
  private void awaitOtherHost(
      Node owner, RebuildRow atCut, CompletableFuture<Integer> resumed, TextTable figures)
      throws InterruptedException, ClusterFailedException {
    Optional<Node> other =
        Waiting.until(
            "a node that hosts it",
            GOING_ON,
            () -> {
              Optional<Node> host = rebuild.host().filter(node -> node != owner);
              return host.isPresent() || resumed.isDone() ? Optional.of(host) : Optional.empty();
            });
    if (other.isPresent() && !resumed.isDone()) {
      long open = rebuild.standingStill();
      timeline.note(
          "hosted by node %d; transactions that the cut has left open: %d"
              .formatted(other.get().number(), open));
      figures
          .row("from the cut to another host", atCut.secondsTo(rebuild.row().at()), "s")
          .row("transactions that the cut left open", open, "");
    }
  }

  private static void awaitResumed(CompletableFuture<Integer> resumed)
      throws InterruptedException, ClusterFailedException {
    try {
      int exitCode = resumed.get();
      if (exitCode != 0) {
        throw new ClusterFailedException("kill -STOP, or -CONT, ended with " + exitCode);
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /** It was taken for down, and finds that out. */
  private static void awaitEnd(Node owner, CompletableFuture<Duration> ended)
      throws InterruptedException, ClusterFailedException {
    try {
      ended.get(LEAVING.toSeconds(), TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new ClusterFailedException(
          "Node %d was cut off, and still runs %d seconds after that"
              .formatted(owner.number(), LEAVING.toSeconds()));
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }
}
