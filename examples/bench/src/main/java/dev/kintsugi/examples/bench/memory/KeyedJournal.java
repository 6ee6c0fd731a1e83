package dev.kintsugi.examples.bench.memory;

import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.history.files.FileEntity;
import dev.kintsugi.examples.history.files.FileEvent;
import dev.kintsugi.runtime.persistence.EventWriter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A journal with one event in each of very many streams. The first is appended as any other; the
 * server makes the others from it, a part at a time.
 */
final class KeyedJournal {

  private static final int PART = 250_000;

  private static final String FIRST = FileEntity.persistenceId("1");

  private static final String MULTIPLY =
      """
      INSERT INTO event_journal
        (persistence_id, sequence_number, deleted, writer, write_timestamp, adapter_manifest,
         event_ser_id, event_ser_manifest, event_payload)
      SELECT ? || n, j.sequence_number, j.deleted, j.writer, j.write_timestamp, j.adapter_manifest,
        j.event_ser_id, j.event_ser_manifest, j.event_payload
      FROM event_journal j, generate_series(?::bigint, ?::bigint) n
      WHERE j.persistence_id = ?
      """;

  private final BenchDatabase database;
  private final AtomicLong streams = new AtomicLong();

  KeyedJournal(BenchDatabase database) {
    this.database = database;
  }

  /** Makes so many streams, where there are none. */
  void fill(EventWriter writer, int count) throws Exception {
    try (Connection connection = database.login().connect()) {
      connection.setAutoCommit(false);
      FileEvent event =
          new FileEvent.Added(
              "src/main/java/app/File.java",
              "2b1c7e9d0a5f4c8e9b3d6a7f1e0c5d4b3a291807",
              Instant.EPOCH,
              "Ada Lovelace",
              false);
      writer.append(connection, FIRST, 0, List.of(event));
      connection.commit();
      streams.set(1);
      connection.setAutoCommit(true);
      multiply(connection, count);
    }
    database.execute("VACUUM ANALYZE event_journal");
  }

  private void multiply(Connection connection, int count)
      throws SQLException, InterruptedException {
    try (PreparedStatement insert = connection.prepareStatement(MULTIPLY)) {
      for (long from = 2; from <= count; from += PART) {
        if (Thread.interrupted()) {
          throw new InterruptedException("interrupted while filling " + database.login());
        }
        insert.setString(1, FileEntity.persistenceId(""));
        insert.setLong(2, from);
        insert.setLong(3, Math.min(count, from + PART - 1));
        insert.setString(4, FIRST);
        streams.addAndGet(insert.executeUpdate());
      }
    }
  }

  /** How many there are by now. */
  long streams() {
    return streams.get();
  }
}
