package dev.kintsugi.runtime.internal.skip;

import dev.kintsugi.runtime.skip.SkipReason;
import dev.kintsugi.runtime.skip.SkipSummary;
import dev.kintsugi.runtime.status.Unhandled;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;

/** Counts open records with the reason NO_HANDLER that nobody has drained for a while. */
public final class UnhandledRecords {

  /** While nodes are upgraded, others have it and drain them; for so long nothing is said. */
  private static final Duration EXPECTED = Duration.ofMinutes(1);

  private static final String COUNT =
      """
      SELECT count(*), EXTRACT(EPOCH FROM clock_timestamp() - min(s.recorded_at))
      FROM kintsugi_skip s
      WHERE (s.projection || '/' || s.generation::text) = ? AND s.reason = 'NO_HANDLER'
      """;

  private UnhandledRecords() {}

  /** Of what was counted already. */
  public static Optional<Unhandled> of(String projection, SkipSummary skips) {
    return old(
        new Unhandled(
            projection,
            skips.byReason().getOrDefault(SkipReason.NO_HANDLER, 0L),
            skips.oldestByReason().getOrDefault(SkipReason.NO_HANDLER, Duration.ZERO)));
  }

  /** Counts those of a generation, in the caller's transaction. */
  public static Optional<Unhandled> count(Connection connection, String projection, int generation)
      throws SQLException {
    try (PreparedStatement count = connection.prepareStatement(COUNT)) {
      count.setString(1, SkipRecords.generationKey(projection, generation));
      try (ResultSet row = count.executeQuery()) {
        row.next();
        return old(new Unhandled(projection, row.getLong(1), Duration.ofSeconds(row.getLong(2))));
      }
    }
  }

  private static Optional<Unhandled> old(Unhandled found) {
    return Optional.of(found).filter(all -> all.oldest().compareTo(EXPECTED) >= 0);
  }
}
