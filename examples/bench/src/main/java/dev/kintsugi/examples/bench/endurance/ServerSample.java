package dev.kintsugi.examples.bench.endurance;

import dev.kintsugi.examples.bench.server.BenchDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * What the server has of ours at a time.
 *
 * @param connections of everybody but who asks
 * @param journalBytes with indexes
 * @param skipBytes of the open skip records, with indexes
 * @param archiveBytes of what became of them, with indexes
 * @param readModelBytes of both read models, with indexes
 * @param open skip records
 * @param archived skip records
 */
record ServerSample(
    long connections,
    long events,
    long journalBytes,
    long skipBytes,
    long archiveBytes,
    long readModelBytes,
    long open,
    long archived) {

  private static final String QUERY =
      """
      SELECT
        (SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND backend_type = 'client backend'
           AND pid <> pg_backend_pid()),
        (SELECT count(*) FROM event_journal),
        pg_total_relation_size('event_journal'),
        pg_total_relation_size('kintsugi_skip'),
        (SELECT sum(pg_total_relation_size(inhrelid))::bigint FROM pg_inherits
         WHERE inhparent = 'kintsugi_skip_archive'::regclass),
        pg_total_relation_size('%s') + pg_total_relation_size('%s'),
        (SELECT count(*) FROM kintsugi_skip),
        (SELECT count(*) FROM kintsugi_skip_archive)
      """
          .formatted(Endurance.STEADY, Endurance.REBUILT);

  static ServerSample take(BenchDatabase database) throws SQLException {
    try (Connection connection = database.login().connect();
        PreparedStatement query = connection.prepareStatement(QUERY);
        ResultSet row = query.executeQuery()) {
      row.next();
      return new ServerSample(
          row.getLong(1),
          row.getLong(2),
          row.getLong(3),
          row.getLong(4),
          row.getLong(5),
          row.getLong(6),
          row.getLong(7),
          row.getLong(8));
    }
  }

  /** Of the journal, with its indexes; 0 if there is none. */
  double bytesAnEvent() {
    return share(journalBytes, events);
  }

  /** Of the archive, with its indexes; 0 if there is none. */
  double bytesARecord() {
    return share(archiveBytes, archived);
  }

  private static double share(long bytes, long among) {
    return among == 0 ? 0 : (double) bytes / among;
  }
}
