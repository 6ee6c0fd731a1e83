package dev.kintsugi.examples.history.display;

import dev.kintsugi.runtime.status.FenceHolder;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.ProjectionStatus;
import dev.kintsugi.runtime.status.Rebuild;
import java.util.Optional;

/** What of a projection's status is shown. */
final class ProjectionStates {

  private ProjectionStates() {}

  /** What a status comes to, with the rate that was measured. */
  static Snapshot.ProjectionState of(ProjectionStatus status, double rate) {
    Generation generation = status.generation();
    Optional<Rebuild> underWay = status.rebuild().filter(rebuild -> !rebuild.isDone());
    return new Snapshot.ProjectionState(
        generation.projection(),
        generation.generation(),
        underWay.map(rebuild -> rebuild.phase().inTable()).orElse(generation.status().inTable()),
        underWay.map(rebuild -> progress(rebuild, status.openRecords())).orElse(1.0),
        rate,
        status.openRecords(),
        status.parkedRecords(),
        status.waitsFor().stream().map(FenceHolder::who).toList());
  }

  /** Of the phase: a rebuild's own progress ends with the replay, then it is the drain's. */
  private static double progress(Rebuild rebuild, long open) {
    return switch (rebuild.phase()) {
      case FENCE, TAKEOVER, REPLAY, FOLLOW, CATCH_UP -> rebuild.progress();
      case DRAIN, SETTLE, COMPARE, SWAP, DONE ->
          open == 0 ? 1 : (double) rebuild.drained() / (rebuild.drained() + open);
    };
  }

  /**
   * Events taken in so far: inline, and by the replay and the drain of the newest rebuild. It
   * begins anew with each rebuild.
   */
  static long eventsTakenIn(ProjectionStatus status) {
    return status.counts().appliedInline()
        + status.rebuild().map(rebuild -> rebuild.replayed() + rebuild.drained()).orElse(0L);
  }
}
