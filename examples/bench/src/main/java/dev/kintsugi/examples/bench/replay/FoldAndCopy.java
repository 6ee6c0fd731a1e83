package dev.kintsugi.examples.bench.replay;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.history.files.FileEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/**
 * What would be written without a framework for a history that fits into memory: reads all of it,
 * folds it in a map, copies the map into the empty table, builds the index, commits.
 */
final class FoldAndCopy implements Contestant {

  private static final int EVENTS_A_PAGE = 10_000;
  private static final int COPY_CHUNK = 64 * 1024;

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .addModule(new JavaTimeModule())
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
          .build();

  /** What a file is in the table. */
  enum Form {
    ROW,
    DOCUMENT
  }

  private final BenchDatabase database;
  private final String table;
  private final Form form;

  FoldAndCopy(BenchDatabase database, String table, Form form) {
    this.database = database;
    this.table = table;
    this.form = form;
  }

  @Override
  public String table() {
    return table;
  }

  @Override
  public Run run() throws Exception {
    database.execute("TRUNCATE " + table);
    database.execute("DROP INDEX IF EXISTS " + index());
    try (Connection connection = database.login().connect()) {
      connection.setAutoCommit(false);
      long begin = System.nanoTime();
      Map<String, FileState> files = new HashMap<>();
      long events = fold(connection, files);
      copy(connection, files);
      if (form == Form.DOCUMENT) {
        try (Statement create = connection.createStatement()) {
          create.execute("CREATE INDEX %s ON %s (changes)".formatted(index(), table));
        }
      }
      connection.commit();
      Duration took = Duration.ofNanos(System.nanoTime() - begin);
      return new Run(events, 0, took, took);
    }
  }

  private String index() {
    return table + "_changes_idx";
  }

  private static long fold(Connection connection, Map<String, FileState> files)
      throws SQLException, IOException {
    long events = 0;
    try (JournalReader reader =
        new JournalReader(connection, JournalReader.Part.ALL, EVENTS_A_PAGE)) {
      for (List<FileEvent> page = reader.next(); !page.isEmpty(); page = reader.next()) {
        for (FileEvent event : page) {
          files.compute(
              event.path(), (path, state) -> FileState.after(Optional.ofNullable(state), event));
        }
        events += page.size();
      }
    }
    return events;
  }

  private void copy(Connection connection, Map<String, FileState> files)
      throws SQLException, JsonProcessingException {
    CopyIn copy =
        connection
            .unwrap(PGConnection.class)
            .getCopyAPI()
            .copyIn("COPY %s FROM STDIN".formatted(table));
    try {
      StringBuilder text = new StringBuilder();
      for (Map.Entry<String, FileState> file : files.entrySet()) {
        append(text, file.getKey(), file.getValue());
        if (text.length() >= COPY_CHUNK) {
          send(copy, text);
        }
      }
      send(copy, text);
      copy.endCopy();
    } finally {
      if (copy.isActive()) {
        copy.cancelCopy();
      }
    }
  }

  private void append(StringBuilder text, String path, FileState file)
      throws JsonProcessingException {
    escape(text, path);
    switch (form) {
      case ROW -> {
        text.append('\t').append(file.present()).append('\t').append(file.changes()).append('\t');
        escape(text, file.lastAuthor());
        text.append('\t').append(file.lastChangeAt());
      }
      case DOCUMENT -> {
        text.append("\t1\t");
        escape(text, JSON.writeValueAsString(file));
        text.append('\t').append(file.changes());
      }
    }
    text.append('\n');
  }

  private static void escape(StringBuilder text, String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '\\' -> text.append("\\\\");
        case '\n' -> text.append("\\n");
        case '\r' -> text.append("\\r");
        case '\t' -> text.append("\\t");
        default -> text.append(c);
      }
    }
  }

  private static void send(CopyIn copy, StringBuilder text) throws SQLException {
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    copy.writeToCopy(bytes, 0, bytes.length);
    text.setLength(0);
  }
}
