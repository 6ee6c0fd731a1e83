package dev.kintsugi.examples.bench.beside;

import dev.kintsugi.examples.bench.server.Login;
import dev.kintsugi.examples.bench.stats.LatencyLog;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A reader: every now and then it reads all read models and the journal in one REPEATABLE READ
 * transaction, and holds each row against what the definition that is served makes of the journal
 * of that same snapshot. The columns say which definition that is. Every other time it reads the
 * journal first, and so has its snapshot before it comes to the read models.
 */
final class Onlooker extends Thread {

  private static final Duration EVERY = Duration.ofMillis(20);

  private static final String JOURNAL =
      """
      SELECT s.id, COALESCE((SELECT max(sequence_number) FROM event_journal WHERE persistence_id = s.id), 0)
      FROM unnest(?::text[]) AS s(id)
      """;

  /** What it saw of one read model. */
  static final class Seen {
    private final AtomicLong pollsOfFirst = new AtomicLong();
    private final AtomicLong pollsOfSecond = new AtomicLong();
    private final AtomicLong differences = new AtomicLong();
    private final LatencyLog latencies = new LatencyLog();

    long polls(int version) {
      return of(version).get();
    }

    private AtomicLong of(int version) {
      return version == 1 ? pollsOfFirst : pollsOfSecond;
    }

    long differences() {
      return differences.get();
    }

    LatencyLog latencies() {
      return latencies;
    }
  }

  private final Login login;
  private final List<String> streams;
  private final Map<Counted, Seen> seen = new EnumMap<>(Counted.class);
  private final List<String> faults = new ArrayList<>();
  private volatile boolean goesOn = true;
  private boolean journalFirst;

  Onlooker(Login login, List<String> streams) {
    super("onlooker");
    this.login = login;
    this.streams = List.copyOf(streams);
    for (Counted each : Counted.values()) {
      seen.put(each, new Seen());
    }
  }

  Seen seen(Counted readModel) {
    Seen of = seen.get(readModel);
    if (of == null) {
      throw new IllegalArgumentException("unknown: " + readModel);
    }
    return of;
  }

  /** Errors, and the first differences, in words; to be asked when it has ended. */
  List<String> faults() {
    return List.copyOf(faults);
  }

  /** Has it end, and waits until it has. */
  void end() throws InterruptedException {
    goesOn = false;
    join();
  }

  @Override
  public void run() {
    try (Connection connection = login.connect()) {
      connection.setAutoCommit(false);
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      while (goesOn) {
        try {
          poll(connection);
        } catch (SQLException e) {
          fault(e.toString());
        } finally {
          connection.rollback();
        }
        LockSupport.parkNanos(EVERY.toNanos());
      }
    } catch (SQLException e) {
      fault(e.toString());
    }
  }

  private void fault(String what) {
    if (faults.size() < 20) {
      faults.add(what);
    }
  }

  /** What was read of a read model. */
  private record ReadModel(int version, Map<String, Map<String, Long>> rows) {}

  private void poll(Connection connection) throws SQLException {
    journalFirst = !journalFirst;
    Map<String, Long> journal = journalFirst ? journal(connection) : Map.of();
    Map<Counted, ReadModel> readModels = new EnumMap<>(Counted.class);
    for (Counted each : Counted.values()) {
      long begin = System.nanoTime();
      readModels.put(each, readModel(connection, each));
      seen(each).latencies.add(System.nanoTime() - begin);
    }
    if (!journalFirst) {
      journal = journal(connection);
    }
    Map<String, Long> events = journal;
    readModels.forEach((each, readModel) -> compare(each, readModel, events));
  }

  private Map<String, Long> journal(Connection connection) throws SQLException {
    Map<String, Long> events = new HashMap<>();
    try (PreparedStatement select = connection.prepareStatement(JOURNAL)) {
      select.setArray(1, connection.createArrayOf("text", streams.toArray()));
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          events.put(row.getString(1), row.getLong(2));
        }
      }
    }
    return events;
  }

  private static ReadModel readModel(Connection connection, Counted readModel) throws SQLException {
    Map<String, Map<String, Long>> rows = new HashMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT * FROM " + readModel.projection())) {
      boolean isNew = hasColumn(row, "last_number");
      while (row.next()) {
        Map<String, Long> columns = new HashMap<>();
        columns.put("events", row.getLong("events"));
        if (isNew) {
          long last = row.getLong("last_number");
          isNew = !row.wasNull();
          columns.put("last_number", last);
        }
        rows.put(row.getString(readModel.stream()), columns);
      }
      return new ReadModel(isNew ? 2 : 1, rows);
    }
  }

  private static boolean hasColumn(ResultSet row, String column) throws SQLException {
    for (int i = 1; i <= row.getMetaData().getColumnCount(); i++) {
      if (row.getMetaData().getColumnName(i).equals(column)) {
        return true;
      }
    }
    return false;
  }

  private void compare(Counted each, ReadModel readModel, Map<String, Long> journal) {
    Seen of = seen(each);
    of.of(readModel.version()).incrementAndGet();
    journal.forEach(
        (stream, events) -> {
          @Nullable Map<String, Long> row = readModel.rows().get(stream);
          boolean isRight =
              row == null ? events == 0 : Counted.isRight(row, readModel.version(), events);
          if (!isRight) {
            of.differences.incrementAndGet();
            fault(
                "%s, version %d, stream %s: the journal has %d events, the read model %s"
                    .formatted(each.projection(), readModel.version(), stream, events, row));
          }
        });
  }
}
