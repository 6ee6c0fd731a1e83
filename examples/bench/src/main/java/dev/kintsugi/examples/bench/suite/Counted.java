package dev.kintsugi.examples.bench.suite;

import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import java.sql.SQLException;

/** What must be in a database after a run. */
final class Counted {

  private Counted() {}

  /** Fails unless two counts are the same. */
  static void expect(long expected, long found, String what) throws LoadFailedException {
    if (found != expected) {
      throw new LoadFailedException(
          "%,d were expected, and there are %,d: %s".formatted(expected, found, what));
    }
  }

  /** Fails unless a query returns this number. */
  static void expect(BenchDatabase database, long expected, String query)
      throws SQLException, LoadFailedException {
    expect(expected, database.count(query), query);
  }
}
