package dev.kintsugi.examples.bench.suite;

import dev.kintsugi.examples.bench.server.BenchDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * What would be written without a framework: reads a page of records with their events, applies
 * these, moves the records to the archive, commits. It locks nothing, so nobody else may drain, and
 * knows no event that fails.
 */
final class BareDrain {

  private static final String TABLE = "bare_drained";
  private static final int RECORDS_A_TRANSACTION = 5_000;

  private static final String PAGE =
      """
      SELECT s.persistence_id, s.sequence_number, s.ordering, j.event_payload
      FROM bare_skip s JOIN event_journal j ON j.ordering = s.ordering
      WHERE s.projection || '/' || s.generation::text = 'drained/1' AND s.ordering > ?
      ORDER BY s.ordering LIMIT ?
      """;

  private static final String ARCHIVE =
      """
      WITH moved AS (DELETE FROM bare_skip s
        WHERE s.projection || '/' || s.generation::text = 'drained/1' AND s.ordering = ANY (?)
        RETURNING *)
      INSERT INTO bare_archive (projection, generation, persistence_id, sequence_number, ordering,
        reason, recorded_at, attempts, last_error, outcome)
      SELECT projection, generation, persistence_id, sequence_number, ordering,
        reason, recorded_at, attempts, last_error, 'applied'
      FROM moved
      """;

  private final BenchDatabase database;
  private final Kind kind;
  private long drained;

  BareDrain(BenchDatabase database, Kind kind) {
    this.database = database;
    this.kind = kind;
  }

  /** As the runtime's are, indexes included. */
  void createTables() throws SQLException {
    database.execute("CREATE TABLE bare_skip (LIKE kintsugi_skip INCLUDING ALL)");
    database.execute("CREATE TABLE bare_archive (LIKE kintsugi_skip_archive INCLUDING ALL)");
    database.execute(kind.ddl(TABLE));
  }

  /** Takes over what is open just now. */
  void copyRecords() throws SQLException {
    database.execute("INSERT INTO bare_skip SELECT * FROM kintsugi_skip ORDER BY ordering");
  }

  /** Drains all; returns records a second. */
  double drain(long expected) throws Exception {
    try (Connection connection = database.login().connect()) {
      connection.setAutoCommit(false);
      long begin = System.nanoTime();
      long records = drain(connection);
      double seconds = (System.nanoTime() - begin) / 1e9;
      drained += records;
      Counted.expect(database, 0, "SELECT count(*) FROM bare_skip");
      Counted.expect(database, drained, "SELECT count(*) FROM bare_archive");
      Counted.expect(database, drained, "SELECT sum(events) FROM " + TABLE);
      Counted.expect(expected, records, "records were drained");
      return records / seconds;
    }
  }

  private long drain(Connection connection) throws Exception {
    BareReadModel readModel = new BareReadModel(connection, kind, TABLE);
    long records = 0;
    long after = 0;
    try (PreparedStatement page = connection.prepareStatement(PAGE);
        PreparedStatement archive = connection.prepareStatement(ARCHIVE)) {
      while (true) {
        if (Thread.interrupted()) {
          throw new InterruptedException("interrupted while draining");
        }
        List<StreamEvent> events = new ArrayList<>();
        List<Long> orderings = new ArrayList<>();
        page.setLong(1, after);
        page.setInt(2, RECORDS_A_TRANSACTION);
        try (ResultSet row = page.executeQuery()) {
          while (row.next()) {
            events.add(new StreamEvent(row.getString(1), row.getLong(2)));
            orderings.add(row.getLong(3));
            row.getBytes(4);
          }
        }
        if (events.isEmpty()) {
          connection.commit();
          return records;
        }
        after = orderings.get(orderings.size() - 1);
        readModel.apply(events);
        archive.setArray(1, connection.createArrayOf("int8", orderings.toArray(Long[]::new)));
        archive.executeUpdate();
        connection.commit();
        records += events.size();
      }
    }
  }
}
