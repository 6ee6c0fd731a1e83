package dev.kintsugi.examples.bench.follow;

import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/** What reads the journal into a table of its own, exactly once; stopped until it is let go on. */
interface Reader {

  /** How it reads, and by what kind of handler. */
  String name();

  /** A query for the count of all events that its table has. */
  String countQuery();

  /** A query for how far it has come, as an ordering. */
  String positionQuery();

  /** Lets it go on from where it stopped. */
  void resume(Load load) throws Exception;

  /** Stops it, and waits for its end. */
  void stop(Load load) throws Exception;

  /** What was measured would be another thing if an event were missing, or counted twice. */
  default void refuseWrongCount(BenchDatabase database) throws SQLException, LoadFailedException {
    long stored = database.count("SELECT count(*) FROM event_journal");
    long counted = database.count(countQuery());
    if (stored != counted) {
      throw new LoadFailedException(
          "%s has counted %,d events, and there are %,d".formatted(name(), counted, stored));
    }
  }

  /** Waits until it has come to an ordering. */
  default void await(Connection connection, long ordering)
      throws SQLException, InterruptedException {
    try (PreparedStatement query = connection.prepareStatement(positionQuery())) {
      while (true) {
        try (ResultSet row = query.executeQuery()) {
          if (row.next() && row.getLong(1) >= ordering) {
            return;
          }
        }
        Thread.sleep(5);
      }
    }
  }
}
