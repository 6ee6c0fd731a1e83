package dev.kintsugi.examples.bench.failures;

import dev.kintsugi.examples.bench.server.BenchDatabase;
import java.sql.SQLException;

/** What an operator does once the handler is repaired: nothing shall wait any longer. */
final class Mend {

  /** Locks in the order in which writers and drains do, so that it can't deadlock with them. */
  private static final String RETRY_NOW =
      """
      WITH waiting AS (
        SELECT persistence_id, projection, generation, sequence_number FROM kintsugi_skip
        WHERE attempts > 0 AND (parked_at IS NOT NULL OR next_attempt_at > clock_timestamp())
        ORDER BY projection, generation, ordering
        FOR UPDATE)
      UPDATE kintsugi_skip s SET next_attempt_at = '-infinity', parked_at = NULL
      FROM waiting w
      WHERE s.persistence_id = w.persistence_id AND s.projection = w.projection
        AND s.generation = w.generation AND s.sequence_number = w.sequence_number
      """;

  private Mend() {}

  /** Makes every record that is parked, or waits for its next attempt, due now. */
  static void retryNow(BenchDatabase database) throws SQLException {
    database.execute(RETRY_NOW);
  }
}
