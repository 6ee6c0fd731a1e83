package dev.kintsugi.examples.bench.failures;

import dev.kintsugi.examples.bench.server.BenchDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * The ledger beside the journal, stream by stream.
 *
 * @param lost events that a stream's row lacks
 * @param doubled events that it has too often
 * @param different streams whose row is another one than the journal makes: another sum of sequence
 *     numbers, or another last one
 * @param misplaced events that were applied, and not right after the one before; where that one was
 *     discarded, not right after the last one that was not
 */
public record LedgerAudit(long lost, long doubled, long different, long misplaced) {

  /** The journal without what the ledger's generation has given up by name. */
  private static final String COMPARE =
      """
      WITH shown AS (
        SELECT persistence_id, sequence_number,
          (sequence_number <> COALESCE(lag(sequence_number) OVER
            (PARTITION BY persistence_id ORDER BY sequence_number), 0) + 1)::int AS after_a_gap
        FROM event_journal
        WHERE (persistence_id, sequence_number) NOT IN (
          SELECT persistence_id, sequence_number FROM kintsugi_skip_archive
          JOIN kintsugi_projection USING (projection, generation)
          WHERE projection = '%1$s' AND outcome = 'discarded'))
      SELECT
        COALESCE(sum(greatest(COALESCE(j.events, 0) - COALESCE(l.events, 0), 0)), 0),
        COALESCE(sum(greatest(COALESCE(l.events, 0) - COALESCE(j.events, 0), 0)), 0),
        count(*) FILTER (WHERE (j.sequence_sum, j.last_sequence_number)
          IS DISTINCT FROM (l.sequence_sum, l.last_sequence_number)),
        COALESCE(sum(greatest(l.misplaced - COALESCE(j.gaps, 0), 0)), 0)
      FROM (
        SELECT persistence_id, count(*) AS events, sum(sequence_number)::bigint AS sequence_sum,
          max(sequence_number) AS last_sequence_number, sum(after_a_gap) AS gaps
        FROM shown GROUP BY persistence_id) j
      FULL JOIN (
        SELECT %2$s AS persistence_id, events, sequence_sum, last_sequence_number, %3$s AS misplaced
        FROM %1$s) l USING (persistence_id)
      """;

  /** Compares them as they are now. */
  public static LedgerAudit of(BenchDatabase database, Ledger kind) throws SQLException {
    return of(database, kind, Ledger.NAME);
  }

  /** The same of one with another name, which is its table's, too. */
  public static LedgerAudit of(BenchDatabase database, Ledger kind, String name)
      throws SQLException {
    try (Connection connection = database.login().connect();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(COMPARE.formatted(name, kind.key(), kind.misplaced()))) {
      row.next();
      return new LedgerAudit(row.getLong(1), row.getLong(2), row.getLong(3), row.getLong(4));
    }
  }

  /** Claims that there is nothing to be found; of the order only where the kind shows it. */
  public void claim(Claims claims, Ledger kind) {
    claim(claims, kind, Ledger.NAME);
  }

  /** The same of one with another name. */
  public void claim(Claims claims, Ledger kind, String name) {
    claims.claim(name + ": events lost", 0, lost);
    claims.claim(name + ": events doubled", 0, doubled);
    claims.claim(name + ": streams that differ from the journal", 0, different);
    if (kind.showsOrder()) {
      claims.claim(name + ": events not applied right after the one before", 0, misplaced);
    }
  }
}
