package dev.kintsugi.examples.bench.replay;

import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.history.files.FileEvent;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * What would be written without a framework: reads a page, executes its upserts, commits; on one
 * connection, or on several that each have streams of their own.
 */
final class BareLoop implements Contestant {

  private static final int EVENTS_A_TRANSACTION = 1_000;

  /** How upserts are executed. */
  enum Upserts {
    ONE_BY_ONE,
    IN_BATCHES
  }

  private final BenchDatabase database;
  private final String table;
  private final Upserts upserts;
  private final int connections;

  BareLoop(BenchDatabase database, String table, Upserts upserts, int connections) {
    this.database = database;
    this.table = table;
    this.upserts = upserts;
    this.connections = connections;
  }

  @Override
  public String table() {
    return table;
  }

  @Override
  public Run run() throws Exception {
    database.execute("TRUNCATE " + table);
    List<Connection> open = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(connections);
    try {
      List<Callable<Long>> loops = new ArrayList<>();
      for (int i = 0; i < connections; i++) {
        Connection connection = database.login().connect();
        open.add(connection);
        connection.setAutoCommit(false);
        JournalReader.Part part = new JournalReader.Part(i, connections);
        loops.add(() -> loop(connection, part));
      }
      long begin = System.nanoTime();
      long events = 0;
      for (Future<Long> ended : threads.invokeAll(loops)) {
        events += ended.get();
      }
      Duration took = Duration.ofNanos(System.nanoTime() - begin);
      return new Run(events, 0, took, took);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    } finally {
      threads.shutdownNow();
      for (Connection connection : open) {
        connection.close();
      }
    }
  }

  private long loop(Connection connection, JournalReader.Part part) throws Exception {
    long events = 0;
    try (JournalReader reader = new JournalReader(connection, part, EVENTS_A_TRANSACTION);
        PreparedStatement upsert = connection.prepareStatement(FilesTable.upsert(table))) {
      for (List<FileEvent> page = reader.next(); !page.isEmpty(); page = reader.next()) {
        if (Thread.interrupted()) {
          throw new InterruptedException("interrupted while building " + table);
        }
        execute(upsert, page);
        connection.commit();
        events += page.size();
      }
    }
    return events;
  }

  private void execute(PreparedStatement upsert, List<FileEvent> events) throws SQLException {
    for (FileEvent event : events) {
      FilesTable.bind(upsert, event);
      switch (upserts) {
        case ONE_BY_ONE -> upsert.executeUpdate();
        case IN_BATCHES -> upsert.addBatch();
      }
    }
    if (upserts == Upserts.IN_BATCHES) {
      upsert.executeBatch();
    }
  }
}
