package dev.kintsugi.examples.history;

import dev.kintsugi.examples.history.files.ImportProgress;
import dev.kintsugi.examples.history.readmodel.HistoryProjections;
import dev.kintsugi.runtime.Kintsugi;
import dev.kintsugi.runtime.status.Comparison;
import dev.kintsugi.runtime.status.Rebuild;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;

/**
 * Which read models are rebuilt while the import goes on, and when.
 *
 * @param steps by rising share
 */
record RebuildPlan(List<Step> steps) {

  /** Each read model once, and one of them again. */
  static final RebuildPlan OF_THE_EXAMPLE =
      new RebuildPlan(
          List.of(
              new Step(HistoryProjections.FILES, 0.25),
              new Step(HistoryProjections.DIRECTORIES, 0.40),
              new Step(HistoryProjections.AUTHORS, 0.55),
              new Step(HistoryProjections.FILES, 0.70)));

  /**
   * A rebuild to ask for.
   *
   * @param share of the import, from 0 to 1, at which to ask
   */
  record Step(String projection, double share) {

    String percent() {
      return Math.round(share * 100) + " %";
    }
  }

  /**
   * A rebuild that was asked for and has come to its proven end.
   *
   * @param comparison of what was built beside with what served before; empty if it was in place
   */
  record Rebuilt(Step step, Rebuild rebuild, Optional<Comparison> comparison) {}

  /**
   * Asks for the rebuilds as the import goes on, each when the projection's one before has ended.
   *
   * @return for each projection in the plan, what completes when its last rebuild has ended
   */
  Map<String, CompletionStage<List<Rebuilt>>> follow(Kintsugi kintsugi, ImportProgress progress) {
    Map<String, CompletionStage<List<Rebuilt>>> ends = new HashMap<>();
    for (Step step : steps) {
      CompletionStage<List<Rebuilt>> before =
          ends.getOrDefault(step.projection(), CompletableFuture.completedStage(List.of()));
      ends.put(
          step.projection(),
          before
              .thenCombine(progress.reached(step.share()), (ended, reached) -> ended)
              .thenCompose(ended -> rebuild(kintsugi, step).thenApply(next -> add(ended, next))));
    }
    return ends;
  }

  private static CompletionStage<Rebuilt> rebuild(Kintsugi kintsugi, Step step) {
    return kintsugi
        .rebuild(step.projection(), "at %s of the import".formatted(step.percent()))
        .thenCompose(handle -> handle.done())
        .thenCompose(
            rebuild ->
                kintsugi
                    .comparison(rebuild.projection(), rebuild.generation())
                    .thenApply(comparison -> new Rebuilt(step, rebuild, comparison)));
  }

  private static List<Rebuilt> add(List<Rebuilt> ended, Rebuilt next) {
    return Stream.concat(ended.stream(), Stream.of(next)).toList();
  }
}
