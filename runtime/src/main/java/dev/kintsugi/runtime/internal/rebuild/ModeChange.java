package dev.kintsugi.runtime.internal.rebuild;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.internal.state.Cursors;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Status;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Begins to change a projection from inline to following, or back, as its definition says by now
 * (DESIGN 7a): the next generation is rebuilding, so writers record for it, and takes the read
 * model over as it is. How it goes on, {@link RebuildSteps} says. In the caller's transaction.
 */
public final class ModeChange {

  private ModeChange() {}

  /**
   * Whether a generation is in use in another way than a definition of the same version says. One
   * that is being built is changed when it is built.
   */
  public static boolean isDue(Connection connection, Generation row, Projection<?> definition)
      throws SQLException {
    return isDue(connection, row, definition.version(), definition.isFollowing());
  }

  private static boolean isDue(Connection connection, Generation row, int version, boolean follows)
      throws SQLException {
    return row.version() == version
        && (follows
            ? row.status() == Status.ACTIVE
            : row.status() == Status.FOLLOWING
                && Cursors.find(connection, row.projection(), row.generation()).isPresent());
  }

  /**
   * Begins it, if it is due.
   *
   * @return the generation that it makes; empty if it is not due, or another request came first
   */
  public static Optional<Integer> begin(Connection connection, Projection<?> definition)
      throws SQLException {
    return begin(connection, definition.name(), definition.version(), definition.isFollowing());
  }

  /**
   * Begins it, if it is due, as a definition of this version would that follows, or is inline.
   *
   * @return the generation that it makes; empty if it is not due, or another request came first
   */
  public static Optional<Integer> begin(
      Connection connection, String projection, int version, boolean follows) throws SQLException {
    Optional<Generation> seen = Generations.find(connection, projection);
    if (seen.isEmpty() || !isDue(connection, seen.get(), version, follows)) {
      return Optional.empty();
    }
    OptionalInt begun = Generations.beginNext(connection, seen.get(), version, Status.REBUILDING);
    if (begun.isEmpty()) {
      return Optional.empty();
    }
    int next = begun.getAsInt();
    Rebuilds.supersedeOlder(connection, projection, next);
    Rebuilds.takeOver(
        connection,
        projection,
        next,
        "start",
        follows ? "its definition follows the journal now" : "its definition is inline now",
        seen.get(),
        follows);
    return Optional.of(next);
  }
}
