package dev.kintsugi.examples.history;

import dev.kintsugi.examples.common.Connections;
import dev.kintsugi.examples.history.audit.Audit;
import dev.kintsugi.examples.history.audit.Findings;
import dev.kintsugi.examples.history.display.StatusView;
import dev.kintsugi.examples.history.display.StatusWatch;
import dev.kintsugi.examples.history.files.ImportProgress;
import dev.kintsugi.examples.history.files.Importer;
import dev.kintsugi.examples.history.input.HistoryLine;
import dev.kintsugi.examples.history.readmodel.HistoryProjections;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.Kintsugi;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorSystem;

/**
 * One run: an actor system imports a history and rebuilds the read models meanwhile; when all is
 * proven to be whole, the read models are audited.
 */
final class HistoryRun {

  private static final Duration END_OF_ACTORS = Duration.ofSeconds(15);

  private final DemoDatabase database;
  private final int writers;
  private final RebuildPlan plan;

  /** A projection is whole by its own account: all its rebuilds have ended, no record is open. */
  private record Whole(String projection, List<RebuildPlan.Rebuilt> rebuilds, Duration after) {}

  /**
   * A run on a database that holds no events and no read models.
   *
   * @param writers how many write at a time
   */
  HistoryRun(DemoDatabase database, int writers, RebuildPlan plan) {
    this.database = database;
    this.writers = writers;
    this.plan = plan;
  }

  /**
   * Runs to the end.
   *
   * @param view is opened when there is something to see, and closed
   * @throws InterruptedException if the thread was interrupted; the actor system has ended then
   * @throws Exception if the import or a rebuild can't come to its end
   */
  Report of(List<HistoryLine> lines, Supplier<StatusView> view) throws Exception {
    ActorSystem<Importer.Command> system =
        ActorSystem.create(Importer.create(), "history", database.config());
    try {
      Kintsugi kintsugi = Kintsugi.get(system);
      startProjections(kintsugi);
      ImportProgress progress = new ImportProgress(lines.size());
      CompletableFuture<Duration> imported;
      List<CompletableFuture<Whole>> ends;
      try (StatusWatch watch =
          StatusWatch.start(kintsugi, HistoryProjections.NAMES, progress, view.get())) {
        imported = progress.done().thenApply(done -> watch.elapsed()).toCompletableFuture();
        ends = ends(kintsugi, progress, watch);
        system.tell(new Importer.Import(lines, writers, progress));
        await(
            CompletableFuture.anyOf(
                CompletableFuture.allOf(ends.toArray(CompletableFuture<?>[]::new)),
                watch.failed().toCompletableFuture()));
      }
      return new Report(lines.size(), imported.join(), audit(kintsugi, lines, ends));
    } finally {
      system.terminate();
      system
          .getWhenTerminated()
          .toCompletableFuture()
          .orTimeout(END_OF_ACTORS.toSeconds(), TimeUnit.SECONDS)
          .join();
    }
  }

  /** Starts them and waits for their first builds, so that they are inline from the first event. */
  private static void startProjections(Kintsugi kintsugi) throws Exception {
    kintsugi.start(HistoryProjections.all().toArray(Projection<?>[]::new));
    for (String projection : HistoryProjections.NAMES) {
      await(kintsugi.whenDone(projection));
    }
  }

  /** For each projection what completes when all is imported and it is whole. */
  private List<CompletableFuture<Whole>> ends(
      Kintsugi kintsugi, ImportProgress progress, StatusWatch watch) {
    Map<String, CompletionStage<List<RebuildPlan.Rebuilt>>> rebuilds =
        plan.follow(kintsugi, progress);
    List<CompletableFuture<Whole>> ends = new ArrayList<>();
    for (String projection : HistoryProjections.NAMES) {
      ends.add(
          rebuilds
              .getOrDefault(projection, CompletableFuture.completedStage(List.of()))
              .thenCombine(progress.done(), (rebuilt, imported) -> rebuilt)
              .thenCompose(
                  rebuilt ->
                      watch
                          .firstWhere(snapshot -> snapshot.isDrained(projection))
                          .thenApply(drained -> new Whole(projection, rebuilt, watch.elapsed())))
              .toCompletableFuture());
    }
    return ends;
  }

  private List<Report.Part> audit(
      Kintsugi kintsugi, List<HistoryLine> lines, List<CompletableFuture<Whole>> ends)
      throws Exception {
    Audit audit = new Audit(lines);
    List<Report.Part> parts = new ArrayList<>();
    try (Connections connections = database.connect()) {
      for (CompletableFuture<Whole> end : ends) {
        Whole whole = end.join();
        Findings findings =
            connections.inTransaction(connection -> audit.of(whole.projection(), connection));
        parts.add(
            new Report.Part(
                await(kintsugi.status(whole.projection())).counts(),
                whole.rebuilds(),
                whole.after(),
                findings,
                await(kintsugi.verify(whole.projection()))));
      }
    }
    return parts;
  }

  /** Waits for as long as it takes; what it fails with is thrown as it is. */
  private static <T> T await(CompletionStage<T> stage) throws Exception {
    try {
      return stage.toCompletableFuture().get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }
}
