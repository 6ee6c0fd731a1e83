package dev.kintsugi.examples.bench.cluster.chaos;

import dev.kintsugi.examples.cluster.RunningCluster;
import dev.kintsugi.examples.cluster.Timeline;
import dev.kintsugi.examples.cluster.launch.Node;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Starts nodes again that have ended, whatever ended them, as whatever runs nodes does. */
final class Keeper implements AutoCloseable {

  private static final long LOOK_EVERY_MILLIS = 500;

  private final RunningCluster cluster;
  private final Timeline timeline;
  private final AtomicInteger restarts = new AtomicInteger();
  private final Thread thread = new Thread(this::keep, "keeper");
  private final CompletableFuture<Void> failed = new CompletableFuture<>();

  private Keeper(RunningCluster cluster, Timeline timeline) {
    this.cluster = cluster;
    this.timeline = timeline;
  }

  static Keeper of(RunningCluster cluster, Timeline timeline) {
    Keeper keeper = new Keeper(cluster, timeline);
    keeper.thread.start();
    return keeper;
  }

  private void keep() {
    try {
      while (true) {
        TimeUnit.MILLISECONDS.sleep(LOOK_EVERY_MILLIS);
        for (Node node : cluster.nodes()) {
          if (!node.isAlive()) {
            restarts.incrementAndGet();
            cluster.restart(node);
            timeline.note("node %d is started again".formatted(node.number()));
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException e) {
      failed.completeExceptionally(e);
    }
  }

  /** How often. */
  int restarts() {
    return restarts.get();
  }

  /**
   * Ends it; nodes stay as they are.
   *
   * @throws java.util.concurrent.CompletionException if it could not start one
   */
  @Override
  public void close() {
    thread.interrupt();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    failed.getNow(null);
  }
}
