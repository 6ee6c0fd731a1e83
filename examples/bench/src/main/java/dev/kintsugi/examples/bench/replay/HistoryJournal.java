package dev.kintsugi.examples.bench.replay;

import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.history.files.FileEntity;
import dev.kintsugi.examples.history.files.FileEvent;
import dev.kintsugi.examples.history.input.HistoryLine;
import dev.kintsugi.runtime.persistence.AppendResult;
import dev.kintsugi.runtime.persistence.EventWriter;
import dev.kintsugi.runtime.persistence.StreamAppend;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Fills the journal with a history, as its files would, some lines in each transaction. */
public final class HistoryJournal {

  private static final int LINES_A_TRANSACTION = 1_000;

  /** What a file knows of itself. */
  private record Known(long sequenceNumber, boolean exists) {
    static final Known NOTHING = new Known(0, false);
  }

  private final EventWriter writer;
  private final Map<String, Known> files = new HashMap<>();

  public HistoryJournal(EventWriter writer) {
    this.writer = writer;
  }

  /** Appends an event for each line. */
  public void fill(BenchDatabase database, List<HistoryLine> lines) throws Exception {
    try (Connection connection = database.login().connect()) {
      connection.setAutoCommit(false);
      for (int from = 0; from < lines.size(); from += LINES_A_TRANSACTION) {
        append(connection, lines.subList(from, Math.min(lines.size(), from + LINES_A_TRANSACTION)));
        connection.commit();
      }
    }
  }

  private void append(Connection connection, List<HistoryLine> lines) throws Exception {
    Map<String, Long> expected = new HashMap<>();
    Map<String, List<FileEvent>> events = new LinkedHashMap<>();
    for (HistoryLine line : lines) {
      Known known = files.getOrDefault(line.path(), Known.NOTHING);
      FileEvent event = FileEvent.of(line, known.exists());
      expected.putIfAbsent(line.path(), known.sequenceNumber());
      events.computeIfAbsent(line.path(), first -> new ArrayList<>()).add(event);
      files.put(line.path(), new Known(known.sequenceNumber() + 1, event.exists()));
    }
    List<StreamAppend> appends = new ArrayList<>();
    events.forEach(
        (path, ofPath) ->
            appends.add(
                new StreamAppend(
                    FileEntity.persistenceId(path), expected.getOrDefault(path, 0L), ofPath)));
    AppendResult result = writer.append(connection, appends);
    if (result instanceof AppendResult.Conflict conflict) {
      throw new LoadFailedException("The journal is written by somebody else, too: " + conflict);
    }
  }
}
