package dev.kintsugi.runtime;

import dev.kintsugi.runtime.handler.Registry;
import dev.kintsugi.runtime.hosting.Hosting;
import dev.kintsugi.runtime.operations.Overview;
import dev.kintsugi.runtime.operations.ProjectionStatus;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Asks the nodes which of the projections they have whose records pile up. Where there are none,
 * and for those that this node has, nobody is asked.
 */
final class Presence {

  private final Registry registry;
  private final Hosting hosting;

  Presence(Registry registry, Hosting hosting) {
    this.registry = registry;
    this.hosting = hosting;
  }

  /** Says of no projection that its records are unhandled which a node has, or may have. */
  CompletionStage<Overview> of(Overview overview) {
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
    return all.thenApply(overview::handled);
  }

  /** The same of one projection. */
  CompletionStage<ProjectionStatus> of(ProjectionStatus status) {
    if (status.unhandled().isEmpty()) {
      return CompletableFuture.completedStage(status);
    }
    return isHandled(status.generation().projection())
        .thenApply(isHandled -> isHandled ? status.handled() : status);
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
