package dev.kintsugi.projections.internal.access;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.internal.definition.Definition;

/** What a projection shows the runtime. */
public interface ProjectionAccess {

  <E> Definition<E> definitionOf(Projection<E> projection);

  /** The same projection with another definition behind it. */
  <E> Projection<E> with(Projection<E> projection, Definition<E> definition);
}
