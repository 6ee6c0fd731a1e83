package dev.kintsugi.runtime.testing;

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

  private static final String EXACTLY_ONCE =
      """
      SELECT j.persistence_id, j.sequence_number,
        (SELECT count(*) FROM %1$s l WHERE l.persistence_id = j.persistence_id
          AND l.sequence_number = j.sequence_number) AS applied,
        (SELECT count(*) FROM kintsugi_skip s JOIN kintsugi_projection p USING (projection, generation)
          WHERE s.projection = '%2$s' AND s.persistence_id = j.persistence_id
            AND s.sequence_number = j.sequence_number) AS open,
        (SELECT count(*) FROM kintsugi_skip_archive a JOIN kintsugi_projection p USING (projection, generation)
          WHERE a.projection = '%2$s' AND a.outcome = 'discarded'
            AND a.persistence_id = j.persistence_id AND a.sequence_number = j.sequence_number) AS discarded,
        EXISTS (SELECT 1 FROM kintsugi_rebuild r JOIN kintsugi_projection p USING (projection, generation)
          WHERE r.projection = '%2$s' AND r.phase = 'replay' AND j.ordering > r.checkpoint
            AND j.ordering <= r.replay_to) AS to_be_replayed
      FROM event_journal j
      """;

  private static final String OUT_OF_ORDER =
      """
      SELECT persistence_id, sequence_number, previous FROM (
        SELECT persistence_id, sequence_number,
          lag(sequence_number) OVER (PARTITION BY persistence_id ORDER BY n) AS previous
        FROM %s l) o
      WHERE sequence_number <= previous
      """;

  private static final String PAST_AN_OPEN_RECORD =
      """
      SELECT l.persistence_id, l.sequence_number, s.sequence_number FROM %1$s l
      JOIN kintsugi_skip s ON s.persistence_id = l.persistence_id AND s.projection = '%2$s'
        AND s.sequence_number < l.sequence_number
      JOIN kintsugi_projection p ON p.projection = s.projection AND p.generation = s.generation
      """;

  private static final String APPLIED_OUT_OF_NOTHING =
      """
      SELECT l.persistence_id, l.sequence_number FROM %s l
      WHERE NOT EXISTS (SELECT 1 FROM event_journal j WHERE j.persistence_id = l.persistence_id
        AND j.sequence_number = l.sequence_number)
      """;

  private static final String ARCHIVED_TWICE =
      """
      SELECT persistence_id, sequence_number, count(*) FROM (
        SELECT projection, generation, persistence_id, sequence_number FROM kintsugi_skip
        UNION ALL
        SELECT projection, generation, persistence_id, sequence_number FROM kintsugi_skip_archive) r
      WHERE projection = '%2$s'
      GROUP BY projection, generation, persistence_id, sequence_number HAVING count(*) > 1
      """;

  private static final String ARCHIVED_AS_APPLIED_WITHOUT_BEING =
      """
      SELECT a.persistence_id, a.sequence_number FROM kintsugi_skip_archive a
      JOIN kintsugi_projection p USING (projection, generation)
      WHERE a.projection = '%2$s' AND a.outcome = 'applied' AND NOT EXISTS (
        SELECT 1 FROM %1$s l WHERE l.persistence_id = a.persistence_id
          AND l.sequence_number = a.sequence_number)
      """;

  private Auditor() {}

  private static final String HAS_A_READ_MODEL =
      """
      SELECT 1 FROM kintsugi_projection p JOIN kintsugi_rebuild r USING (projection, generation)
      WHERE p.projection = '%2$s' AND r.phase <> 'fence'
      """;

  /**
   * What is wrong, a line each; empty if nothing is. In the midst of a replay, what it has yet to
   * reach may be missing; before it, the newest generation has no read model to look at.
   */
  public static List<String> violations(Connection connection, TestProjection projection)
      throws SQLException {
    List<String> violations = new ArrayList<>();
    List<Integer> hasReadModel = new ArrayList<>();
    query(connection, projection, HAS_A_READ_MODEL, row -> hasReadModel.add(row.getInt(1)));
    if (hasReadModel.isEmpty()) {
      return violations;
    }
    query(
        connection,
        projection,
        EXACTLY_ONCE,
        row -> {
          long times = row.getLong(3) + row.getLong(4) + row.getLong(5);
          boolean toBeReplayed = row.getBoolean(6);
          if (times != 1 && !(times == 0 && toBeReplayed)) {
            violations.add(
                "%s/%d: applied %d, open %d, discarded %d times"
                    .formatted(
                        row.getString(1),
                        row.getLong(2),
                        row.getLong(3),
                        row.getLong(4),
                        row.getLong(5)));
          }
        });
    collect(connection, projection, violations, OUT_OF_ORDER, "applied out of order");
    collect(connection, projection, violations, PAST_AN_OPEN_RECORD, "applied past an open record");
    collect(
        connection, projection, violations, APPLIED_OUT_OF_NOTHING, "applied, not in the journal");
    collect(
        connection, projection, violations, ARCHIVED_TWICE, "open and archived, or archived twice");
    collect(
        connection,
        projection,
        violations,
        ARCHIVED_AS_APPLIED_WITHOUT_BEING,
        "archived as applied, but is not");
    return violations;
  }

  private interface EachRow {
    void accept(ResultSet row) throws SQLException;
  }

  private static void collect(
      Connection connection,
      TestProjection projection,
      List<String> violations,
      String sql,
      String what)
      throws SQLException {
    query(
        connection,
        projection,
        sql,
        row -> violations.add("%s/%d: %s".formatted(row.getString(1), row.getLong(2), what)));
  }

  private static void query(
      Connection connection, TestProjection projection, String sql, EachRow each)
      throws SQLException {
    try (PreparedStatement statement =
            connection.prepareStatement(sql.formatted(projection.fromItem(), projection.name()));
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        each.accept(row);
      }
    }
  }
}
