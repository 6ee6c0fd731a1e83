package dev.kintsugi.runtime.testing;

import dev.kintsugi.runtime.status.Generation;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Checks the invariants of DESIGN 10 for a {@link TestProjection}, from the rows alone. To be asked
 * when nothing runs.
 */
public final class Auditor {

  /**
   * One question, as it is asked tens of thousands of times; each table is named once, as planning
   * it takes longer than the few rows.
   */
  private static final String VIOLATIONS =
      """
      WITH current AS (
        SELECT generation, r.phase, r.checkpoint, r.replay_to, r.takes_over, r.follows,
          r.follows OR (r.beside AND p.status = 'following') AS goes_on, c.position
        FROM kintsugi_projection p JOIN kintsugi_rebuild r USING (projection, generation)
          LEFT JOIN kintsugi_cursor c USING (projection, generation)
        WHERE p.projection = '%2$s' AND %3$s AND r.phase NOT IN ('fence', 'takeover')
      ), applied AS (
        SELECT persistence_id, sequence_number, n FROM %1$s l
      ), journal AS (
        SELECT persistence_id, sequence_number, ordering FROM event_journal
      ), record AS (
        SELECT generation, persistence_id, sequence_number, 'open' AS outcome
        FROM kintsugi_skip WHERE projection = '%2$s'
        UNION ALL
        SELECT generation, persistence_id, sequence_number, outcome
        FROM kintsugi_skip_archive WHERE projection = '%2$s'
      ), record_of_current AS (
        SELECT persistence_id, sequence_number, outcome
        FROM record JOIN current USING (generation)
      ), count_applied AS (
        SELECT persistence_id, sequence_number, count(*) AS applied FROM applied GROUP BY 1, 2
      ), count_recorded AS (
        SELECT persistence_id, sequence_number,
          count(*) FILTER (WHERE outcome = 'open') AS open,
          count(*) FILTER (WHERE outcome = 'discarded') AS discarded
        FROM record_of_current GROUP BY 1, 2
      ), count_each AS (
        SELECT persistence_id, sequence_number, coalesce(applied, 0) AS applied,
          coalesce(open, 0) AS open, coalesce(discarded, 0) AS discarded,
          EXISTS (SELECT 1 FROM current WHERE phase = 'replay' AND ordering > checkpoint
            AND NOT (follows AND takes_over) AND (goes_on OR ordering <= replay_to) OR ordering > position) AS to_be_replayed
        FROM journal
        LEFT JOIN count_applied USING (persistence_id, sequence_number)
        LEFT JOIN count_recorded USING (persistence_id, sequence_number)
      ), violation AS (
        SELECT persistence_id, sequence_number,
          'applied ' || applied || ', open ' || open || ', discarded ' || discarded || ' times' AS what
        FROM count_each
        WHERE applied + open + discarded <> 1
          AND NOT (applied + open + discarded = 0 AND to_be_replayed)
        UNION ALL
        SELECT persistence_id, sequence_number, 'applied out of order' FROM (
          SELECT persistence_id, sequence_number,
            lag(sequence_number) OVER (PARTITION BY persistence_id ORDER BY n) AS previous
          FROM applied) o
        WHERE sequence_number <= previous
        UNION ALL
        SELECT a.persistence_id, a.sequence_number, 'applied past an open record'
        FROM applied a JOIN record_of_current s USING (persistence_id)
        WHERE s.outcome = 'open' AND s.sequence_number < a.sequence_number
        UNION ALL
        SELECT persistence_id, sequence_number, 'applied, not in the journal'
        FROM applied LEFT JOIN journal USING (persistence_id, sequence_number)
        WHERE ordering IS NULL
        UNION ALL
        SELECT persistence_id, sequence_number, 'open and archived, or archived twice'
        FROM record GROUP BY generation, 1, 2 HAVING count(*) > 1
        UNION ALL
        SELECT persistence_id, sequence_number, 'archived as applied, but is not'
        FROM record_of_current LEFT JOIN count_applied USING (persistence_id, sequence_number)
        WHERE outcome = 'applied' AND applied IS NULL
      )
      SELECT persistence_id || '/' || sequence_number || ': ' || what FROM violation
      WHERE EXISTS (SELECT 1 FROM current)
      """;

  private Auditor() {}

  /**
   * What is wrong with a generation, a line each; empty if nothing is. In the midst of a replay,
   * what it has yet to reach may be missing, as what is beyond the cursor of one that follows;
   * before it, the generation has no read model to look at.
   */
  public static List<String> violations(
      Connection connection, TestProjection projection, Generation generation) throws SQLException {
    return violations(
        connection,
        VIOLATIONS.formatted(
            projection.fromItem(generation),
            projection.name(),
            "p.generation = " + generation.generation()));
  }

  /** The same of the generation that serves, as readers see it. */
  public static List<String> violations(Connection connection, TestProjection projection)
      throws SQLException {
    return violations(
        connection, VIOLATIONS.formatted(projection.fromItem(), projection.name(), "p.serving"));
  }

  private static List<String> violations(Connection connection, String question)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(question);
        ResultSet row = statement.executeQuery()) {
      List<String> violations = new ArrayList<>();
      while (row.next()) {
        violations.add(row.getString(1));
      }
      return violations;
    }
  }
}
