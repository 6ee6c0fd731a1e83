package dev.kintsugi.runtime.internal.housekeeping;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;

/**
 * Deletes verifications that have ended and are older than what is kept, but for the newest of each
 * projection: that one says when the read model was last looked at. They are few.
 */
final class OldVerifications {

  private static final String DELETE =
      """
      DELETE FROM kintsugi_verification AS old
      WHERE requested_at < ? AND state NOT IN ('waiting', 'running')
        AND EXISTS (SELECT FROM kintsugi_verification AS newer
          WHERE newer.projection = old.projection AND newer.id > old.id)
      """;

  private OldVerifications() {}

  static void delete(Connection connection, Instant now, Duration retention) throws SQLException {
    try (PreparedStatement delete = connection.prepareStatement(DELETE)) {
      delete.setObject(1, now.minus(retention).atOffset(ZoneOffset.UTC));
      delete.executeUpdate();
    }
  }
}
