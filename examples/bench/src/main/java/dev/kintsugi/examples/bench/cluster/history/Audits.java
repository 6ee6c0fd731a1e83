package dev.kintsugi.examples.bench.cluster.history;

import dev.kintsugi.examples.bench.failures.Claims;
import dev.kintsugi.examples.common.TextTable;
import dev.kintsugi.examples.history.audit.Audit;
import dev.kintsugi.examples.history.audit.Difference;
import dev.kintsugi.examples.history.audit.Findings;
import dev.kintsugi.examples.history.files.FileEntity;
import dev.kintsugi.examples.history.input.HistoryLine;
import dev.kintsugi.examples.history.readmodel.HistoryProjections;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What is in the database in the end, in one snapshot, beside what was acknowledged and beside what
 * the history says.
 *
 * @param readModels each compared with the oracle's, which is computed from the history's lines
 * @param open skip records
 * @param twice records that were archived as applied more than once
 * @param otherwise records that were archived as neither applied, nor superseded by a rebuild, nor
 *     discarded by an operator
 * @param discarded records that operators discarded, by the archive
 * @param discardedByOperations the same, by what is on record of their operations
 * @param records how many of each projection and reason there were, and what became of them
 */
public record Audits(
    JournalFindings journal,
    List<Findings> readModels,
    long open,
    long twice,
    long otherwise,
    long discarded,
    long discardedByOperations,
    List<Records> records) {

  /** Archived skip records. */
  public record Records(
      String projection, int generation, String reason, String outcome, long count) {}

  /** Which event a change has become. */
  private record EventId(String stream, long number) {
    static EventId of(Change change) {
      return new EventId(FileEntity.persistenceId(change.line().path()), change.number());
    }
  }

  private static final String OPEN = "SELECT count(*) FROM kintsugi_skip";

  private static final String TWICE =
      """
      SELECT count(*) FROM (
        SELECT FROM kintsugi_skip_archive WHERE outcome = 'applied'
        GROUP BY projection, generation, persistence_id, sequence_number
        HAVING count(*) > 1) event
      """;

  private static final String OTHERWISE =
      """
      SELECT count(*) FROM kintsugi_skip_archive a
      WHERE outcome <> 'applied' AND NOT (outcome = 'superseded' AND EXISTS (
        SELECT FROM kintsugi_projection p
        WHERE p.projection = a.projection AND p.generation > a.generation))
      AND NOT (outcome = 'discarded' AND operation IS NOT NULL)
      """;

  private static final String DISCARDED =
      "SELECT count(*) FROM kintsugi_skip_archive WHERE outcome = 'discarded' AND operation IS NOT NULL";

  private static final String DISCARDED_BY_OPERATIONS =
      "SELECT COALESCE(sum(records), 0) FROM kintsugi_operation WHERE operation = 'discard'";

  /** A rebuild begins anew: what was discarded before it is applied again. */
  private static final String GIVEN_UP =
      """
      SELECT persistence_id, sequence_number FROM kintsugi_skip_archive
      JOIN kintsugi_projection USING (projection, generation)
      WHERE projection = ? AND outcome = 'discarded'
      """;

  private static final String RECORDS =
      """
      SELECT projection, generation, reason, outcome, count(*) FROM kintsugi_skip_archive
      GROUP BY projection, generation, reason, outcome
      ORDER BY projection, generation, reason, outcome
      """;

  /**
   * Looks at all of it.
   *
   * @param connection none's transaction; it is left with autocommit off
   */
  public static Audits of(Connection connection, List<Change> history, Tally tally)
      throws SQLException, IOException {
    return of(connection, history, tally, HistoryProjections.NAMES);
  }

  /**
   * The same.
   *
   * @param names of the history's read models that there are
   */
  public static Audits of(
      Connection connection, List<Change> history, Tally tally, List<String> names)
      throws SQLException, IOException {
    connection.setAutoCommit(false);
    connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    List<Change> acknowledged = tally.acknowledged();
    Set<Change> written = new HashSet<>(acknowledged);
    List<Findings> readModels = new ArrayList<>();
    for (String table : names) {
      readModels.add(new Audit(shownBy(table, connection, history, written)).of(table, connection));
    }
    Audits audits =
        new Audits(
            JournalFindings.compare(
                StoredChange.all(connection), acknowledged.stream().map(StoredChange::of).toList()),
            readModels,
            count(connection, OPEN),
            count(connection, TWICE),
            count(connection, OTHERWISE),
            count(connection, DISCARDED),
            count(connection, DISCARDED_BY_OPERATIONS),
            records(connection));
    connection.rollback();
    return audits;
  }

  /** The lines that a projection's read model has to show: those of its events not given up. */
  private static List<HistoryLine> shownBy(
      String projection, Connection connection, List<Change> history, Set<Change> written)
      throws SQLException {
    Set<EventId> givenUp = givenUp(connection, projection);
    return history.stream()
        .filter(written::contains)
        .filter(change -> !givenUp.contains(EventId.of(change)))
        .map(Change::line)
        .toList();
  }

  private static Set<EventId> givenUp(Connection connection, String projection)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(GIVEN_UP)) {
      select.setString(1, projection);
      Set<EventId> events = new HashSet<>();
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          events.add(new EventId(row.getString(1), row.getLong(2)));
        }
      }
      return events;
    }
  }

  private static long count(Connection connection, String query) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(query);
        ResultSet row = select.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }

  private static List<Records> records(Connection connection) throws SQLException {
    List<Records> records = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(RECORDS);
        ResultSet row = select.executeQuery()) {
      while (row.next()) {
        records.add(
            new Records(
                row.getString(1),
                row.getInt(2),
                row.getString(3),
                row.getString(4),
                row.getLong(5)));
      }
    }
    return records;
  }

  /** Claims that all is as it should be. */
  public void claim(Claims claims) {
    claims.claim("acknowledged events that are not in the journal", 0, journal.lost());
    claims.claim("events that are in the journal twice", 0, journal.doubled());
    claims.claim("events that were never acknowledged", 0, journal.strangers());
    for (Findings findings : readModels) {
      claims.claim(findings.table() + ": events lost", 0, findings.lost());
      claims.claim(findings.table() + ": events doubled", 0, findings.doubled());
      claims.claim(findings.table() + ": rows that differ from the oracle's", 0, rows(findings));
    }
    claims.claim("open records", 0, open);
    claims.claim("records applied twice", 0, twice);
    claims.claim(
        "records archived as neither applied, nor superseded, nor discarded by an operator",
        0,
        otherwise);
    claims.claim("records that operators discarded", discardedByOperations, discarded);
  }

  private static long rows(Findings findings) {
    return findings.differences().stream().map(Difference::key).distinct().count();
  }

  /** How many records there were, for people. */
  public List<String> recordLines() {
    TextTable table = new TextTable("records", "generation", "reason", "outcome", "count");
    records.forEach(
        some ->
            table.row(
                some.projection(), some.generation(), some.reason(), some.outcome(), some.count()));
    return table.lines();
  }
}
