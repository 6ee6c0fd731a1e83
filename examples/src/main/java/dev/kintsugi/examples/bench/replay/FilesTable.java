package dev.kintsugi.examples.bench.replay;

import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.history.files.FileEvent;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Timestamp;

/** The read model that everybody builds, a row for each file, under a name for each. */
final class FilesTable {

  private static final String DIFFERENT_ROWS =
      """
      WITH one AS (SELECT path, present, changes, last_author, last_change_at FROM %s),
        other AS (SELECT path, present, changes, last_author, last_change_at FROM %s)
      SELECT count(*) FROM (
        (TABLE one EXCEPT ALL TABLE other) UNION ALL (TABLE other EXCEPT ALL TABLE one)) rows
      """;

  private FilesTable() {}

  static String ddl(String name) {
    return """
        CREATE TABLE IF NOT EXISTS %s (
          path           TEXT        PRIMARY KEY,
          present        BOOLEAN     NOT NULL,
          changes        BIGINT      NOT NULL,
          last_author    TEXT        NOT NULL,
          last_change_at TIMESTAMPTZ NOT NULL
        )
        """
        .formatted(name);
  }

  /** The statement of an event. */
  static String upsert(String name) {
    return """
        INSERT INTO %s AS f (path, present, changes, last_author, last_change_at)
        VALUES (?, ?, 1, ?, ?)
        ON CONFLICT (path) DO UPDATE SET
          present = excluded.present,
          changes = f.changes + 1,
          last_author = excluded.last_author,
          last_change_at = excluded.last_change_at
        """
        .formatted(name);
  }

  static void bind(PreparedStatement upsert, FileEvent event) throws SQLException {
    upsert.setString(1, event.path());
    upsert.setBoolean(2, event.exists());
    upsert.setString(3, event.author());
    upsert.setTimestamp(4, Timestamp.from(event.at()));
  }

  /** Refuses tables that differ in a row, or do not count every event once. */
  static void refuseDifference(BenchDatabase database, String one, String other, long events)
      throws SQLException, LoadFailedException {
    long different = database.count(DIFFERENT_ROWS.formatted(one, other));
    if (different > 0) {
      throw new LoadFailedException(
          "%s and %s were built from the same events, and %,d rows are in only one of them"
              .formatted(one, other, different));
    }
    long counted = database.count("SELECT COALESCE(sum(changes), 0) FROM " + one);
    if (counted != events) {
      throw new LoadFailedException(
          "%s and %s count %,d of %,d events".formatted(one, other, counted, events));
    }
  }
}
