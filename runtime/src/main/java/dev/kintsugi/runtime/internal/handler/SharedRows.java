package dev.kintsugi.runtime.internal.handler;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.internal.access.SharedSecrets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;

/**
 * One transaction at a time for a projection whose rows many streams share. It keeps transactions
 * from deadlocking on these rows, and decides nothing: what a writer does, rows say.
 *
 * <p>A transaction takes the locks of skip records first, then these by the projections' names,
 * then those of the rows; so these deadlock with nothing of the runtime's.
 */
public final class SharedRows {

  private static final String LOCK =
      "SELECT pg_advisory_xact_lock(hashtextextended('kintsugi.shared-rows/' || ?, 0))";

  private SharedRows() {}

  /**
   * Waits for the others that apply to this projection, if it shares rows; to the end of the
   * transaction.
   */
  public static void lock(Connection connection, Projection<?> projection) throws SQLException {
    if (!SharedSecrets.definitionOf(projection).sharesRows()) {
      return;
    }
    try (PreparedStatement lock = connection.prepareStatement(LOCK)) {
      lock.setString(1, projection.name());
      lock.execute();
    }
  }
}
