package dev.kintsugi.examples.bench.suite;

import dev.kintsugi.examples.bench.load.LoadEvent;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;

/**
 * Inserts events into the journal by hand: one statement for any number of them, the same bytes in
 * the same columns as the journal plugin's.
 */
final class BareInsert {

  private static final String INSERT =
      """
      INSERT INTO event_journal (persistence_id, sequence_number, deleted, writer, write_timestamp,
        adapter_manifest, event_ser_id, event_ser_manifest, event_payload)
      SELECT e.persistence_id, e.sequence_number, FALSE, ?, ?, '', 740001, 'load', e.payload
      FROM unnest(?::text[], ?::bigint[], ?::bytea[]) AS e(persistence_id, sequence_number, payload)
      """;

  private final Connection connection;
  private final PreparedStatement insert;
  private final String writer = UUID.randomUUID().toString();

  BareInsert(Connection connection) throws SQLException {
    this.connection = connection;
    this.insert = connection.prepareStatement(INSERT);
  }

  void insert(List<StreamEvent> events) throws SQLException {
    insert.setString(1, writer);
    insert.setLong(2, System.currentTimeMillis());
    insert.setArray(
        3,
        connection.createArrayOf(
            "text", events.stream().map(StreamEvent::persistenceId).toArray(String[]::new)));
    insert.setArray(
        4,
        connection.createArrayOf(
            "int8", events.stream().map(StreamEvent::sequenceNumber).toArray(Long[]::new)));
    insert.setArray(
        5,
        connection.createArrayOf(
            "bytea", events.stream().map(BareInsert::payload).toArray(byte[][]::new)));
    insert.executeUpdate();
  }

  private static byte[] payload(StreamEvent event) {
    return LoadEvent.beginningWith(event.persistenceId() + " ")
        .text()
        .getBytes(StandardCharsets.UTF_8);
  }
}
