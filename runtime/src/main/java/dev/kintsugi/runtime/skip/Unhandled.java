package dev.kintsugi.runtime.skip;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/**
 * Open records of a projection with the reason NO_HANDLER that nobody has drained for a while. If
 * no node has the projection they pile up, until one has, or the projection is retired.
 *
 * @param records how many
 * @param oldest the age of the oldest one
 */
public record Unhandled(String projection, long records, Duration oldest) {

  /** While nodes are upgraded, others have it and drain them; for so long nothing is said. */
  private static final Duration EXPECTED = Duration.ofMinutes(1);

  private static final String COUNT =
      """
      SELECT count(*), EXTRACT(EPOCH FROM clock_timestamp() - min(s.recorded_at))
      FROM kintsugi_skip s
      WHERE (s.projection || '/' || s.generation::text) = ? AND s.reason = 'NO_HANDLER'
      """;

  /** Of what was counted already. */
  public static Optional<Unhandled> of(String projection, OpenSkips.Summary skips) {
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
    return Optional.of(found).filter(all -> all.oldest.compareTo(EXPECTED) >= 0);
  }

  /** What it means where no node has the projection, and what to do; for people. */
  public String message() {
    return said("no node has it");
  }

  /** The same as a node knows it that asks no other one; for the log, with the command. */
  public String warning() {
    return said("this node's build lacks it")
        + ": Kintsugi.retire(\"%1$s\", \"why\", RetireOptions.dropTables()), or curl -X POST -H 'Content-Type: application/json' -d '{\"reason\": \"why\", \"tables\": \"drop\"}' http://127.0.0.1:8558/projections/%1$s/retire"
            .formatted(projection);
  }

  private String said(String lacking) {
    return "Projection '%s' has %d records of events that no handler was there for, the oldest of %s ago, and %s. Deploy a build that has it, and they are applied; or retire it"
        .formatted(projection, records, oldest.truncatedTo(ChronoUnit.SECONDS), lacking);
  }
}
