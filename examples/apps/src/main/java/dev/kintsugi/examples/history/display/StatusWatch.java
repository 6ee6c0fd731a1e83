package dev.kintsugi.examples.history.display;

import dev.kintsugi.examples.history.files.ImportProgress;
import dev.kintsugi.runtime.Kintsugi;
import dev.kintsugi.runtime.status.ProjectionStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Looks at the import and at the projections a few times a second, and shows what it saw. */
public final class StatusWatch implements AutoCloseable {

  private static final Duration PERIOD = Duration.ofMillis(200);

  private record Waiter(Predicate<Snapshot> condition, CompletableFuture<Void> met) {}

  private final Kintsugi kintsugi;
  private final List<String> projections;
  private final ImportProgress progress;
  private final StatusView view;
  private final long startedAt = System.nanoTime();
  private final RateMeter importMeter = new RateMeter();
  private final Map<String, RateMeter> meters = new HashMap<>();
  private final List<Waiter> waiters = new ArrayList<>();
  private final CompletableFuture<Void> failed = new CompletableFuture<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread = new Thread(this::run, "status-watch");

  private StatusWatch(
      Kintsugi kintsugi, List<String> projections, ImportProgress progress, StatusView view) {
    this.kintsugi = kintsugi;
    this.projections = projections;
    this.progress = progress;
    this.view = view;
  }

  /** Begins to look, on a thread of its own; the view is closed with the watch. */
  public static StatusWatch start(
      Kintsugi kintsugi, List<String> projections, ImportProgress progress, StatusView view) {
    StatusWatch watch = new StatusWatch(kintsugi, projections, progress, view);
    watch.thread.start();
    return watch;
  }

  /** Since it began to look. */
  public Duration elapsed() {
    return Duration.ofNanos(System.nanoTime() - startedAt);
  }

  /** Fails when a status can't be had; never completes otherwise. */
  public CompletionStage<Void> failed() {
    return failed.minimalCompletionStage();
  }

  /** Completes when a snapshot that was begun after this call meets the condition. */
  public CompletionStage<Void> firstWhere(Predicate<Snapshot> condition) {
    Waiter waiter = new Waiter(condition, new CompletableFuture<>());
    synchronized (waiters) {
      waiters.add(waiter);
    }
    return waiter.met().minimalCompletionStage();
  }

  /** The last look comes after the watch was closed: what stays on the screen is how it ended. */
  private void run() {
    try {
      boolean last;
      do {
        last = closed.await(PERIOD.toMillis(), TimeUnit.MILLISECONDS);
        look();
      } while (!last);
    } catch (Exception e) {
      failed.completeExceptionally(e);
    }
  }

  private void look() throws Exception {
    List<Waiter> waiting;
    synchronized (waiters) {
      waiting = List.copyOf(waiters);
    }
    Snapshot snapshot = snapshot();
    view.show(snapshot);
    for (Waiter waiter : waiting) {
      if (waiter.condition().test(snapshot)) {
        synchronized (waiters) {
          waiters.remove(waiter);
        }
        waiter.met().complete(null);
      }
    }
  }

  private Snapshot snapshot() throws Exception {
    List<Snapshot.ProjectionState> states = new ArrayList<>();
    for (String projection : projections) {
      ProjectionStatus status = kintsugi.status(projection).toCompletableFuture().get();
      RateMeter meter = meters.computeIfAbsent(projection, name -> new RateMeter());
      states.add(
          ProjectionStates.of(
              status, meter.rate(elapsed(), ProjectionStates.eventsTakenIn(status))));
    }
    long stored = progress.stored();
    return new Snapshot(
        elapsed(),
        new Snapshot.Import(stored, progress.total(), importMeter.rate(elapsed(), stored)),
        states);
  }

  /** Looks for the last time, and closes the view. */
  @Override
  public void close() throws InterruptedException {
    closed.countDown();
    try {
      thread.join();
    } finally {
      view.close();
    }
  }
}
