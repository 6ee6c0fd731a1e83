package dev.kintsugi.examples.bench.suite;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kintsugi.examples.bench.load.WritesTable;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A read model that is kept by hand, in whichever transaction its connection is in: the statements
 * that each kind of projection comes to. One thread uses it; it ends with its connection.
 */
final class BareReadModel {

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String LOCK =
      "SELECT key, state::text FROM %s WHERE key = ANY (?) ORDER BY key FOR UPDATE";

  private final Connection connection;
  private final Kind kind;
  private final PreparedStatement write;
  private final String table;

  BareReadModel(Connection connection, Kind kind, String table) throws SQLException {
    this.connection = connection;
    this.kind = kind;
    this.write =
        connection.prepareStatement(
            switch (kind) {
              case HANDLER, GROUPED -> WritesTable.upsert(table);
              case ROWS -> WritesTable.upsertMany(table);
              case FOLD ->
                  """
                  INSERT INTO %s (key, schema_version, state, events)
                  SELECT u.key, 1, u.state::jsonb, u.events
                  FROM unnest(?::text[], ?::text[], ?::bigint[]) AS u(key, state, events)
                  ON CONFLICT (key) DO UPDATE SET
                    state = excluded.state, events = excluded.events
                  """
                      .formatted(table);
            });
    this.table = table;
  }

  /** Applies events, those of a stream in sequence. */
  void apply(List<StreamEvent> events) throws SQLException, JsonProcessingException {
    switch (kind) {
      case HANDLER -> {
        for (StreamEvent event : events) {
          bind(event);
          write.executeUpdate();
        }
      }
      case GROUPED -> {
        for (StreamEvent event : events) {
          bind(event);
          write.addBatch();
        }
        write.executeBatch();
      }
      case ROWS -> writeRows(folded(events, Map.of()));
      case FOLD -> writeDocuments(folded(events, locked(events)));
    }
  }

  private void bind(StreamEvent event) throws SQLException {
    write.setString(1, event.persistenceId());
    write.setLong(2, event.sequenceNumber());
  }

  private static Map<String, WritesDocument> folded(
      List<StreamEvent> events, Map<String, WritesDocument> before) {
    Map<String, WritesDocument> documents = new LinkedHashMap<>();
    for (StreamEvent event : events) {
      String stream = event.persistenceId();
      WritesDocument document = documents.get(stream);
      if (document == null) {
        document = before.getOrDefault(stream, WritesDocument.NONE);
      }
      documents.put(stream, document.plus(event.sequenceNumber()));
    }
    return documents;
  }

  private Map<String, WritesDocument> locked(List<StreamEvent> events)
      throws SQLException, JsonProcessingException {
    String[] keys =
        events.stream().map(StreamEvent::persistenceId).distinct().toArray(String[]::new);
    Map<String, WritesDocument> documents = new HashMap<>();
    try (PreparedStatement lock = connection.prepareStatement(LOCK.formatted(table))) {
      lock.setArray(1, connection.createArrayOf("text", keys));
      try (ResultSet row = lock.executeQuery()) {
        while (row.next()) {
          documents.put(row.getString(1), JSON.readValue(row.getString(2), WritesDocument.class));
        }
      }
    }
    return documents;
  }

  private void writeRows(Map<String, WritesDocument> rows) throws SQLException {
    write.setArray(1, texts(new ArrayList<>(rows.keySet())));
    write.setArray(2, longs(rows.values().stream().map(WritesDocument::events).toList()));
    write.setArray(
        3, longs(rows.values().stream().map(WritesDocument::lastSequenceNumber).toList()));
    write.executeUpdate();
  }

  private void writeDocuments(Map<String, WritesDocument> documents)
      throws SQLException, JsonProcessingException {
    List<String> keys = new ArrayList<>();
    List<String> states = new ArrayList<>();
    List<Long> events = new ArrayList<>();
    for (Map.Entry<String, WritesDocument> entry : documents.entrySet()) {
      keys.add(entry.getKey());
      states.add(JSON.writeValueAsString(entry.getValue()));
      events.add(entry.getValue().events());
    }
    write.setArray(1, texts(keys));
    write.setArray(2, texts(states));
    write.setArray(3, longs(events));
    write.executeUpdate();
  }

  private Array texts(List<String> texts) throws SQLException {
    return connection.createArrayOf("text", texts.toArray(String[]::new));
  }

  private Array longs(List<Long> longs) throws SQLException {
    return connection.createArrayOf("int8", longs.toArray(Long[]::new));
  }
}
