package dev.kintsugi.runtime.internal.handler;

import dev.kintsugi.projections.Projection;

/**
 * Where events are applied to: one generation of a projection's read model, by one definition,
 * which says in which schema its tables are. A handler belongs to it. The next generation's rows
 * are others, and what a handler remembers of this one's is wrong there.
 */
public record HandlerTarget(Projection<?> projection, int generation) {

  /** Which generation it is. */
  public GenerationKey key() {
    return new GenerationKey(projection.name(), generation);
  }
}
