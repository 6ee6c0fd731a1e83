package dev.kintsugi.runtime.schema;

import dev.kintsugi.projections.Projection;
import java.util.List;

/**
 * A projection and the tables that its script makes.
 *
 * @param projection the definition, {@linkplain Projection#written written} as these tables need it
 * @param tables their names, quoted where they need it; a rebuild empties all of them
 * @param made what the script made of them
 */
public record ReadModel(Projection<?> projection, List<String> tables, List<MadeTable> made) {

  /** Of tables that nobody has looked at. */
  public ReadModel(Projection<?> projection, List<String> tables) {
    this(projection, tables, List.of());
  }

  ReadModel written(Projection<?> effective) {
    return new ReadModel(effective, tables, made);
  }
}
