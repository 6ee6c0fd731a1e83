package dev.kintsugi.projections;

import java.util.Set;

/**
 * How a projection's read model is rebuilt, and what has to be so before the new one is served.
 *
 * <p>By default it is built <em>beside</em> the one that readers see, which stays whole and current
 * meanwhile. When nothing is missing of the new one the two are compared, and the new one is served
 * from one transaction on; for a while that can be undone.
 *
 * <pre>{@code
 * .rebuilt(RebuildPolicy.beside().ifOnly("total"))
 * }</pre>
 *
 * <p>Immutable: each method gives another one.
 */
public final class RebuildPolicy {

  private enum Serving {
    AUTOMATICALLY,
    IF_ONLY,
    WHEN_APPROVED
  }

  private final boolean inPlace;
  private final Serving serving;
  private final Set<String> columns;

  private RebuildPolicy(boolean inPlace, Serving serving, Set<String> columns) {
    this.inPlace = inPlace;
    this.serving = serving;
    this.columns = columns;
  }

  /** Beside the one that readers see, and served as soon as nothing is missing. */
  public static RebuildPolicy beside() {
    return new RebuildPolicy(false, Serving.AUTOMATICALLY, Set.of());
  }

  /**
   * In place: the read model is emptied, and readers see it fill up again. For who has no disk for
   * two of them. The first build of a projection is always in place, as it has no readers yet.
   */
  public static RebuildPolicy inPlace() {
    return new RebuildPolicy(true, Serving.AUTOMATICALLY, Set.of());
  }

  /** The new one is served as soon as nothing is missing, whatever differs. The default. */
  public RebuildPolicy automatically() {
    return serving(Serving.AUTOMATICALLY, Set.of());
  }

  /**
   * The new one is served if rows differ in some columns only; otherwise somebody has to approve.
   * Columns that only one of the two has, and rows that only one has, are differences, too.
   *
   * @param columns their names, in whichever table
   */
  public RebuildPolicy ifOnly(String... columns) {
    return serving(Serving.IF_ONLY, Set.of(columns));
  }

  /** The new one is served when somebody has approved it. */
  public RebuildPolicy whenApproved() {
    return serving(Serving.WHEN_APPROVED, Set.of());
  }

  private RebuildPolicy serving(Serving other, Set<String> names) {
    if (inPlace) {
      throw new IllegalStateException(
          "a read model that is rebuilt in place is served all along; what is built beside can be"
              + " compared and approved");
    }
    return new RebuildPolicy(false, other, names);
  }

  /** Whether the read model is emptied and filled again, where readers see it. */
  public boolean isInPlace() {
    return inPlace;
  }

  /** Whether somebody has to approve in any case. */
  public boolean isWhenApproved() {
    return serving == Serving.WHEN_APPROVED;
  }

  /** Whether somebody has to approve if there are other differences than in {@link #columns}. */
  public boolean isIfOnly() {
    return serving == Serving.IF_ONLY;
  }

  /** The columns that may differ, of {@link #ifOnly}. */
  public Set<String> columns() {
    return columns;
  }

  @Override
  public String toString() {
    if (inPlace) {
      return "in place";
    }
    return switch (serving) {
      case AUTOMATICALLY -> "beside, automatically";
      case IF_ONLY -> "beside, if only " + columns + " differ";
      case WHEN_APPROVED -> "beside, when approved";
    };
  }
}
