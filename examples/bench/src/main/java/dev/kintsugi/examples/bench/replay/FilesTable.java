package dev.kintsugi.examples.bench.replay;

import dev.kintsugi.examples.history.files.FileEvent;
import dev.kintsugi.projections.rows.RowChanges;
import dev.kintsugi.projections.rows.RowTable;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Timestamp;

/** The read model that everybody builds, a row for each file, under a name for each. */
final class FilesTable {

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

  /** The same table, for changes that are declared. */
  static RowTable rows(String name) {
    return RowTable.named(name)
        .key("path", "text")
        .column("present", "boolean")
        .counter("changes")
        .column("last_author", "text")
        .column("last_change_at", "timestamptz");
  }

  /** What an event changes, declared. */
  static void map(RowTable table, FileEvent event, RowChanges rows) {
    rows.upsert(table, event.path())
        .set("present", event.exists())
        .increment("changes", 1)
        .set("last_author", event.author())
        .set("last_change_at", event.at());
  }
}
