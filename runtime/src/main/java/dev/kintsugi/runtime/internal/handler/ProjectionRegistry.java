package dev.kintsugi.runtime.internal.handler;

import dev.kintsugi.projections.Projection;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The projections that this node has handlers for. Which projections <em>exist</em> is in the
 * database: this only says for which of them this build can act.
 */
public final class ProjectionRegistry {

  private final Map<String, Projection<?>> projections = new ConcurrentHashMap<>();

  /**
   * Adds projections, all or none.
   *
   * @throws IllegalArgumentException if a name is registered already, or given twice
   */
  public void register(List<Projection<?>> added) {
    refuseDuplicates(added);
    added.forEach(projection -> projections.put(projection.name(), projection));
  }

  /**
   * Says whether {@link #register} would take them.
   *
   * @throws IllegalArgumentException if not
   */
  public void refuseDuplicates(List<Projection<?>> added) {
    for (int i = 0; i < added.size(); i++) {
      String name = added.get(i).name();
      if (projections.containsKey(name)
          || added.subList(0, i).stream().anyMatch(other -> other.name().equals(name))) {
        throw new IllegalArgumentException("projection '" + name + "' is registered twice");
      }
    }
  }

  /** The projection of this name in this version, if this build has it. */
  public Optional<Projection<?>> find(String name, int version) {
    return find(name).filter(projection -> projection.version() == version);
  }

  /** The projection of this name, in whichever version this build has. */
  public Optional<Projection<?>> find(String name) {
    return Optional.ofNullable(projections.get(name));
  }

  public Collection<Projection<?>> all() {
    return List.copyOf(projections.values());
  }
}
