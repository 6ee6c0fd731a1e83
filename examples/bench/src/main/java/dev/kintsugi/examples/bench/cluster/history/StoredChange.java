package dev.kintsugi.examples.bench.cluster.history;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper;
import dev.kintsugi.examples.history.files.FileEntity;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** An event of the journal: the stream, its number there, and the commit that it is about. */
record StoredChange(String stream, long number, String commit) {

  private static final String EVENTS =
      "SELECT persistence_id, sequence_number, event_payload FROM event_journal WHERE NOT deleted";

  private static final int ROWS_A_FETCH = 10_000;
  private static final CBORMapper CBOR = new CBORMapper();

  /** What is to be in the journal once a change was acknowledged. */
  static StoredChange of(Change change) {
    return new StoredChange(
        FileEntity.persistenceId(change.line().path()), change.number(), change.line().commit());
  }

  /** Reads all of the journal, in the caller's transaction. */
  static List<StoredChange> all(Connection connection) throws SQLException, IOException {
    List<StoredChange> stored = new ArrayList<>();
    try (Statement select = connection.createStatement()) {
      select.setFetchSize(ROWS_A_FETCH);
      try (ResultSet row = select.executeQuery(EVENTS)) {
        while (row.next()) {
          JsonNode event = CBOR.readTree(row.getBytes(3));
          stored.add(
              new StoredChange(
                  row.getString(1), row.getLong(2), event.required("commit").textValue()));
        }
      }
    }
    return stored;
  }
}
