package dev.kintsugi.examples.bench.replay;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import dev.kintsugi.examples.history.files.FileEvent;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Reads the journal in order, a page at a time, with plain JDBC and plain Jackson. */
final class JournalReader implements AutoCloseable {

  private static final String PAGE =
      """
      SELECT ordering, event_ser_manifest, event_payload FROM event_journal
      WHERE ordering > ? AND NOT deleted
      ORDER BY ordering LIMIT ?
      """;

  private static final String PAGE_OF_PART =
      """
      SELECT ordering, event_ser_manifest, event_payload FROM event_journal
      WHERE ordering > ? AND NOT deleted AND hashtext(persistence_id) & ? = ?
      ORDER BY ordering LIMIT ?
      """;

  private static final ObjectMapper CBOR =
      CBORMapper.builder().addModule(new JavaTimeModule()).build();

  /** By the manifest that Pekko's serializer writes: the class's name. */
  private static final Map<String, ObjectReader> READERS =
      Stream.of(FileEvent.Added.class, FileEvent.Modified.class, FileEvent.Deleted.class)
          .collect(Collectors.toUnmodifiableMap(Class::getName, CBOR::readerFor));

  /**
   * Some of the streams, by a hash of their persistence ids.
   *
   * @param parts 1 or 2: how many there are
   */
  record Part(int number, int parts) {
    static final Part ALL = new Part(0, 1);
  }

  private final PreparedStatement select;
  private final Part part;
  private final int pageSize;
  private long checkpoint;

  JournalReader(Connection connection, Part part, int pageSize) throws SQLException {
    this.select = connection.prepareStatement(part.parts() == 1 ? PAGE : PAGE_OF_PART);
    this.part = part;
    this.pageSize = pageSize;
  }

  /** The next events; none at the end. */
  List<FileEvent> next() throws SQLException, IOException {
    int parameter = 0;
    select.setLong(++parameter, checkpoint);
    if (part.parts() > 1) {
      select.setInt(++parameter, part.parts() - 1);
      select.setInt(++parameter, part.number());
    }
    select.setInt(++parameter, pageSize);
    List<FileEvent> events = new ArrayList<>(pageSize);
    try (ResultSet row = select.executeQuery()) {
      while (row.next()) {
        checkpoint = row.getLong(1);
        events.add(decode(row.getString(2), row.getBytes(3)));
      }
    }
    return events;
  }

  private static FileEvent decode(String manifest, byte[] payload) throws IOException {
    ObjectReader reader = READERS.get(manifest);
    if (reader == null) {
      throw new IllegalStateException("there is an event of an unknown class: " + manifest);
    }
    return reader.readValue(payload);
  }

  @Override
  public void close() throws SQLException {
    select.close();
  }
}
