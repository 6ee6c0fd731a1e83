package dev.kintsugi.examples.bench.size;

import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Fills a database with skip records of the other projection, a part at a time. They are of ten
 * thousand streams, those of the load among them. The projection is paused: nobody drains.
 */
final class SkipFill {

  private static final int PART = 250_000;

  private static final String PAUSE =
      "UPDATE kintsugi_projection SET paused = TRUE WHERE projection = 'other'";

  private static final String OPEN =
      """
      INSERT INTO kintsugi_skip
        (projection, generation, persistence_id, sequence_number, ordering, reason)
      SELECT p.projection, p.generation, 'load-' || 1 + n % 10000, n, n, 'PAUSED'
      FROM kintsugi_projection p, generate_series(?::bigint, ?::bigint) n
      WHERE p.projection = 'other' AND p.paused
      """;

  private static final String ARCHIVE =
      """
      INSERT INTO kintsugi_skip_archive
        (projection, generation, persistence_id, sequence_number, ordering, reason, recorded_at,
         attempts, outcome)
      SELECT p.projection, p.generation, 'load-' || 1 + n % 10000, n, n, 'REBUILDING',
        clock_timestamp(), 0, 'applied'
      FROM kintsugi_projection p, generate_series(?::bigint, ?::bigint) n
      WHERE p.projection = 'other' AND p.paused
      """;

  private final BenchDatabase database;
  private final AtomicLong rows = new AtomicLong();

  SkipFill(BenchDatabase database) {
    this.database = database;
  }

  /** From now on nobody applies, helps or drains for it. */
  static void pauseTheOther(BenchDatabase database) throws SQLException {
    database.execute(PAUSE);
  }

  static void vacuum(BenchDatabase database) throws SQLException {
    database.execute("VACUUM ANALYZE");
  }

  void archive(int count) throws SQLException, InterruptedException {
    insert(ARCHIVE, count);
  }

  void open(int count) throws SQLException, InterruptedException {
    insert(OPEN, count);
  }

  /** How many there are by now. */
  long rows() {
    return rows.get();
  }

  private void insert(String sql, int count) throws SQLException, InterruptedException {
    try (Connection connection = database.login().connect();
        PreparedStatement insert = connection.prepareStatement(sql)) {
      for (long from = 1; from <= count; from += PART) {
        if (Thread.interrupted()) {
          throw new InterruptedException("interrupted while filling " + database.login());
        }
        insert.setLong(1, from);
        insert.setLong(2, Math.min(count, from + PART - 1));
        rows.addAndGet(insert.executeUpdate());
      }
    }
  }

  /** Refuses a run in which the records were not there, or did not stay. */
  static void refuseLess(BenchDatabase database, int archived, int open)
      throws SQLException, LoadFailedException {
    long foundArchived = database.count("SELECT count(*) FROM kintsugi_skip_archive");
    long foundOpen = database.count("SELECT count(*) FROM kintsugi_skip");
    if (foundArchived != archived || foundOpen != open) {
      throw new LoadFailedException(
          "%,d archived and %,d open skip records were to be there throughout, in the end there are %,d and %,d"
              .formatted(archived, open, foundArchived, foundOpen));
    }
  }
}
