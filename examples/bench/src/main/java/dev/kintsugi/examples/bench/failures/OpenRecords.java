package dev.kintsugi.examples.bench.failures;

import dev.kintsugi.examples.bench.Progress;
import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Waits until no skip record is open any more, and gives up at last. */
public final class OpenRecords {

  private static final long LOOK_EVERY_MILLIS = 500;

  private static final String OPEN = "SELECT count(*) FROM kintsugi_skip";

  private static final String WHY =
      """
      SELECT format('event %s of stream %s has failed %s times: %s', sequence_number, persistence_id,
        attempts, split_part(last_error, E'\\n', 1))
      FROM kintsugi_skip WHERE attempts > 0 ORDER BY ordering LIMIT 1
      """;

  private OpenRecords() {}

  /**
   * Waits for the end of all records.
   *
   * @throws LoadFailedException if there are some still after this long; it says why
   */
  public static void awaitNone(BenchDatabase database, Duration patience, Progress progress)
      throws SQLException, InterruptedException, LoadFailedException {
    long deadline = System.nanoTime() + patience.toNanos();
    AtomicLong open = new AtomicLong();
    try (Connection connection = database.login().connect();
        Statement statement = connection.createStatement();
        Progress.Running running = progress.counting("open records", open::get)) {
      for (open.set(count(statement)); open.get() > 0; open.set(count(statement))) {
        if (System.nanoTime() > deadline) {
          throw new LoadFailedException(
              "%,d records are still open after %,d seconds; %s"
                  .formatted(open.get(), patience.toSeconds(), why(statement)));
        }
        TimeUnit.MILLISECONDS.sleep(LOOK_EVERY_MILLIS);
      }
    }
  }

  private static long count(Statement statement) throws SQLException {
    try (ResultSet row = statement.executeQuery(OPEN)) {
      row.next();
      return row.getLong(1);
    }
  }

  private static String why(Statement statement) throws SQLException {
    try (ResultSet row = statement.executeQuery(WHY)) {
      return row.next() ? row.getString(1) : "none of them has failed";
    }
  }
}
