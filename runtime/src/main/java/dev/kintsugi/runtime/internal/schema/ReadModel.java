package dev.kintsugi.runtime.internal.schema;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.internal.access.SharedSecrets;
import java.util.List;

/**
 * A projection and the tables that its script makes.
 *
 * @param projection the definition, {@linkplain SharedSecrets#written written} as these tables need
 *     it
 * @param tables their names, quoted where they need it; a rebuild empties all of them
 * @param views the views that it makes besides, those first that need others
 * @param madeOnce the names of types, functions and sequences that the script makes, if it can't
 *     run again while these are there
 * @param made what the script made of them
 */
public record ReadModel(
    Projection<?> projection,
    List<String> tables,
    List<String> views,
    List<String> madeOnce,
    List<MadeTable> made) {

  /** Of tables that nobody has looked at. */
  public ReadModel(Projection<?> projection, List<String> tables) {
    this(projection, tables, List.of(), List.of(), List.of());
  }

  ReadModel written(Projection<?> effective) {
    return new ReadModel(effective, tables, views, madeOnce, made);
  }
}
