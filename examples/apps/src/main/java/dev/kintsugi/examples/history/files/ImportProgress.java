package dev.kintsugi.examples.history.files;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * How far an import is. The importer advances it; anybody may look at it and wait for a share of
 * it, from any thread.
 */
public final class ImportProgress {

  private record Milestone(long events, CompletableFuture<Void> reached) {}

  private final long total;
  private final List<Milestone> milestones = new ArrayList<>();
  private long stored;
  private Optional<Throwable> failure = Optional.empty();

  /**
   * @param total how many events there are to import
   */
  public ImportProgress(long total) {
    this.total = total;
  }

  public long total() {
    return total;
  }

  /** How many events are stored by now. */
  public synchronized long stored() {
    return stored;
  }

  /** Completes when all events are stored; fails when the import does. */
  public CompletionStage<Void> done() {
    return reached(1);
  }

  /**
   * Completes when a share of the events, from 0 to 1, is stored; fails when the import does
   * before.
   */
  public CompletionStage<Void> reached(double share) {
    Milestone milestone = new Milestone((long) Math.ceil(total * share), new CompletableFuture<>());
    synchronized (this) {
      milestones.add(milestone);
    }
    completeMilestones();
    return milestone.reached().minimalCompletionStage();
  }

  /** One more event is stored. */
  void advance() {
    synchronized (this) {
      stored++;
    }
    completeMilestones();
  }

  /** The import has failed: what was not reached by now never will be. */
  void fail(Throwable cause) {
    synchronized (this) {
      failure = Optional.of(cause);
    }
    completeMilestones();
  }

  /** Completes outside of the lock, as completing runs what others have hung on to it. */
  private void completeMilestones() {
    List<Milestone> reached = new ArrayList<>();
    List<Milestone> failed = new ArrayList<>();
    Optional<Throwable> cause;
    synchronized (this) {
      for (Milestone milestone : milestones) {
        if (stored >= milestone.events()) {
          reached.add(milestone);
        } else if (failure.isPresent()) {
          failed.add(milestone);
        }
      }
      milestones.removeAll(reached);
      milestones.removeAll(failed);
      cause = failure;
    }
    reached.forEach(milestone -> milestone.reached().complete(null));
    cause.ifPresent(
        why -> failed.forEach(milestone -> milestone.reached().completeExceptionally(why)));
  }
}
