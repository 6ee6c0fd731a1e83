package dev.kintsugi.runtime.internal.handler;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.internal.access.SharedSecrets;
import dev.kintsugi.runtime.status.Generation;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * The projections that this node has handlers for, each in one version, or in a lower one, too,
 * that it replaces. Which projections <em>exist</em> is in the database: this only says for which
 * of them this build can act.
 */
public final class ProjectionRegistry {

  private record Placed(String projection, int version, String place) {}

  /** By name and version. */
  private final Map<String, NavigableMap<Integer, Projection<?>>> projections =
      new ConcurrentHashMap<>();

  /** The same definition for the same place, as handlers are kept by it. */
  private final Map<Placed, Projection<?>> placed = new ConcurrentHashMap<>();

  /**
   * Adds projections, all or none.
   *
   * @throws IllegalArgumentException if a name is registered already, or given twice
   */
  public void register(List<Projection<?>> added) {
    refuseDuplicates(added);
    added.forEach(this::put);
  }

  /** Adds a lower version of one that is registered. */
  public void registerReplaced(Projection<?> older) {
    put(older);
  }

  private void put(Projection<?> projection) {
    projections
        .computeIfAbsent(projection.name(), name -> new ConcurrentSkipListMap<>())
        .put(projection.version(), projection);
  }

  /**
   * Says whether {@link #register} would take them.
   *
   * @throws IllegalArgumentException if not
   */
  public void refuseDuplicates(List<Projection<?>> added) {
    Set<String> names = new HashSet<>();
    for (Projection<?> projection : added) {
      if (find(projection.name()).isPresent() || !names.add(projection.name())) {
        throw new IllegalArgumentException(
            "projection '" + projection.name() + "' is registered twice");
      }
    }
  }

  /** The projection of this name in this version, if this build has it. */
  public Optional<Projection<?>> find(String name, int version) {
    NavigableMap<Integer, Projection<?>> versions = projections.get(name);
    return versions == null ? Optional.empty() : Optional.ofNullable(versions.get(version));
  }

  /**
   * What applies events to a generation, in the place that this has, if this build has its version.
   */
  public Optional<HandlerTarget> target(Generation generation) {
    return find(generation.projection(), generation.version())
        .map(projection -> targetOf(projection, generation));
  }

  private HandlerTarget targetOf(Projection<?> projection, Generation generation) {
    return new HandlerTarget(
        generation.place() == null ? projection : in(projection, generation.place()),
        generation.generation());
  }

  private Projection<?> in(Projection<?> projection, String place) {
    return placed.computeIfAbsent(
        new Placed(projection.name(), projection.version(), place),
        key ->
            SharedSecrets.written(
                projection, SharedSecrets.definitionOf(projection).writing().in(place)));
  }

  /** The projection of this name, in the highest version that this build has. */
  public Optional<Projection<?>> find(String name) {
    return Optional.ofNullable(projections.get(name))
        .map(versions -> versions.lastEntry().getValue());
  }

  /** All in their highest version. */
  public Collection<Projection<?>> all() {
    List<Projection<?>> all = new ArrayList<>();
    projections.values().forEach(versions -> all.add(versions.lastEntry().getValue()));
    return all;
  }
}
