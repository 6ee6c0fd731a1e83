package dev.kintsugi.runtime.retirement;

import dev.kintsugi.runtime.handler.Registry;
import dev.kintsugi.runtime.state.Generation;
import dev.kintsugi.runtime.state.Generations;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Projections that this node's build lacks, and whose records pile up as no node has them, it
 * seems: one that another node has is drained there.
 *
 * @param records its open records with the reason NO_HANDLER
 * @param oldest the age of the oldest one
 */
record Unhandled(String projection, long records, Duration oldest) {

  /** While nodes are upgraded, others have it; for so long nothing is said. */
  private static final Duration EXPECTED = Duration.ofMinutes(1);

  private static final String COUNT =
      """
      SELECT count(*), EXTRACT(EPOCH FROM clock_timestamp() - min(s.recorded_at))
      FROM kintsugi_skip s
      WHERE (s.projection || '/' || s.generation::text) = ? AND s.reason = 'NO_HANDLER'
      """;

  /**
   * Looks for them, in the caller's transaction. Where this build has all projections, that is one
   * look at their few rows.
   */
  static List<Unhandled> find(Connection connection, Registry registry) throws SQLException {
    List<Unhandled> found = new ArrayList<>();
    for (Generation generation : Generations.all(connection)) {
      if (registry.find(generation.projection()).isEmpty()) {
        Unhandled unhandled = count(connection, generation);
        if (unhandled.oldest().compareTo(EXPECTED) >= 0) {
          found.add(unhandled);
        }
      }
    }
    return found;
  }

  private static Unhandled count(Connection connection, Generation generation) throws SQLException {
    try (PreparedStatement count = connection.prepareStatement(COUNT)) {
      count.setString(1, generation.projection() + "/" + generation.generation());
      try (ResultSet row = count.executeQuery()) {
        row.next();
        return new Unhandled(
            generation.projection(), row.getLong(1), Duration.ofSeconds(row.getLong(2)));
      }
    }
  }

  /** What it means, and what to do. */
  String message() {
    return "Projection '%1$s' has %2$d records of events that no handler was there for, the oldest of %3$s ago, and this node's build lacks it. Deploy a build that has it, and they are applied; or retire it: Kintsugi.retire(\"%1$s\", \"why\", RetireOptions.dropTables()), or curl -X POST -H 'Content-Type: application/json' -d '{\"reason\": \"why\", \"tables\": \"drop\"}' http://127.0.0.1:8558/projections/%1$s/retire"
        .formatted(projection, records, oldest);
  }
}
