package dev.kintsugi.runtime.internal.hosting;

import dev.kintsugi.runtime.internal.handler.ProjectionRegistry;
import dev.kintsugi.runtime.status.Overview;
import dev.kintsugi.runtime.status.ProjectionStatus;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Asks the nodes which of the projections they have whose records pile up. Where there are none,
 * and for those that this node has, nobody is asked.
 */
public final class Presence {

  private final ProjectionRegistry registry;
  private final Hosting hosting;

  public Presence(ProjectionRegistry registry, Hosting hosting) {
    this.registry = registry;
    this.hosting = hosting;
  }

  /** Says of no projection that its records are unhandled which a node has, or may have. */
  public CompletionStage<Overview> of(Overview overview) {
    List<String> suspects =
        overview.projections().stream()
            .filter(one -> one.unhandled().isPresent())
            .map(one -> one.generation().projection())
            .toList();
    CompletionStage<Set<String>> all = CompletableFuture.completedStage(Set.of());
    for (String suspect : suspects) {
      all =
          all.thenCombine(
              isHandled(suspect), (some, isHandled) -> isHandled ? plus(some, suspect) : some);
    }
    return all.thenApply(names -> handled(overview, names));
  }

  /** The same of one projection. */
  public CompletionStage<ProjectionStatus> of(ProjectionStatus status) {
    if (status.unhandled().isEmpty()) {
      return CompletableFuture.completedStage(status);
    }
    return isHandled(status.generation().projection())
        .thenApply(isHandled -> isHandled ? handled(status) : status);
  }

  private static Overview handled(Overview overview, Set<String> names) {
    return new Overview(
        overview.projections().stream()
            .map(one -> names.contains(one.generation().projection()) ? handled(one) : one)
            .toList(),
        overview.waitingDeletions());
  }

  private static Overview.Summary handled(Overview.Summary one) {
    return new Overview.Summary(
        one.generation(), one.rebuild(), one.skips(), Optional.empty(), one.following());
  }

  private static ProjectionStatus handled(ProjectionStatus status) {
    return new ProjectionStatus(
        status.generation(),
        status.rebuild(),
        status.skips(),
        status.pause(),
        Optional.empty(),
        status.waitsFor(),
        status.waitingDeletions(),
        status.following(),
        status.beside(),
        status.counts());
  }

  private CompletionStage<Boolean> isHandled(String projection) {
    return registry.find(projection).isPresent()
        ? CompletableFuture.completedStage(true)
        : hosting
            .registrations(projection)
            .thenApply(known -> !known.areNone())
            .exceptionally(nobodyKnows -> true);
  }

  private static Set<String> plus(Set<String> some, String another) {
    Set<String> all = new HashSet<>(some);
    all.add(another);
    return all;
  }
}
