package dev.kintsugi.projections.internal.access;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.internal.definition.Definition;
import dev.kintsugi.projections.internal.definition.Writing;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How public types show the runtime, and each other across packages, what no application sees: as
 * the JDK's class of this name does it, with neither public methods nor reflection. A type shares
 * its access when its class is initialized, which it is for whoever has an instance.
 */
public final class SharedSecrets {

  private static volatile @Nullable ProjectionAccess projections;
  private static volatile @Nullable FoldAccess folds;
  private static volatile @Nullable RowsAccess rows;

  private SharedSecrets() {}

  public static void share(ProjectionAccess access) {
    projections = access;
  }

  public static void share(FoldAccess access) {
    folds = access;
  }

  public static void share(RowsAccess access) {
    rows = access;
  }

  /** What the runtime needs of a projection. */
  public static <E> Definition<E> definitionOf(Projection<E> projection) {
    return Objects.requireNonNull(projections).definitionOf(projection);
  }

  /** The same projection, for a read model that {@linkplain Definition#written has to be} so. */
  public static <E> Projection<E> written(Projection<E> projection, Writing writing) {
    return Objects.requireNonNull(projections)
        .with(projection, definitionOf(projection).written(writing));
  }

  /** For whoever has a fold. */
  public static FoldAccess folds() {
    return Objects.requireNonNull(folds);
  }

  /** For whoever has a table of rows. */
  public static RowsAccess rows() {
    return Objects.requireNonNull(rows);
  }
}
