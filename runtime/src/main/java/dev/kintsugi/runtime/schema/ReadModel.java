package dev.kintsugi.runtime.schema;

import dev.kintsugi.projections.Projection;
import java.util.List;

/**
 * A projection and the tables that its script makes.
 *
 * @param tables their names, quoted where they need it; a rebuild empties all of them
 */
public record ReadModel(Projection<?> projection, List<String> tables) {}
