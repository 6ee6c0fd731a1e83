package dev.kintsugi.examples.bench.suite;

import dev.kintsugi.examples.bench.server.BenchDatabase;
import java.sql.Connection;
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
 * The floor of an append: each connection stores the next event of all its streams in one
 * transaction, keeps the read models in it, commits, and begins anew. Nobody hands events over and
 * nobody waits for an answer: it is as if each writer had its next event at hand at once. It looks
 * at no status, records nothing, and does what it does only as long as nothing fails.
 */
final class BareAppends implements AutoCloseable {

  private final List<Lane> lanes = new ArrayList<>();
  private final ExecutorService threads;

  /**
   * Opens connections.
   *
   * @param streams their names, which the connections share out among them
   */
  BareAppends(
      BenchDatabase database, int connections, List<String> streams, Kind kind, List<String> tables)
      throws SQLException {
    threads = Executors.newFixedThreadPool(connections);
    try {
      for (int i = 0; i < connections; i++) {
        List<String> share = new ArrayList<>();
        for (int s = i; s < streams.size(); s += connections) {
          share.add(streams.get(s));
        }
        lanes.add(new Lane(database.login().connect(), share, kind, tables));
      }
    } catch (SQLException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Appends for so long, to the last commit; returns events a second. */
  double run(Duration forSoLong) throws Exception {
    long begin = System.nanoTime();
    long end = begin + forSoLong.toNanos();
    try {
      long events = 0;
      for (Future<Long> done :
          threads.invokeAll(
              lanes.stream().map(lane -> (Callable<Long>) () -> lane.run(end)).toList())) {
        events += done.get();
      }
      return events / ((System.nanoTime() - begin) / 1e9);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  /** How many events it has appended in all. */
  long events() {
    return lanes.stream().mapToLong(lane -> lane.events).sum();
  }

  @Override
  public void close() throws SQLException {
    threads.shutdownNow();
    for (Lane lane : lanes) {
      lane.connection.close();
    }
  }

  /** A connection, and the streams that only it writes to. */
  private static final class Lane {
    private final Connection connection;
    private final List<String> streams;
    private final BareInsert insert;
    private final List<BareReadModel> readModels = new ArrayList<>();
    private long sequenceNumber;
    private long events;

    Lane(Connection connection, List<String> streams, Kind kind, List<String> tables)
        throws SQLException {
      this.connection = connection;
      this.streams = streams;
      connection.setAutoCommit(false);
      insert = new BareInsert(connection);
      for (String table : tables) {
        readModels.add(new BareReadModel(connection, kind, table));
      }
    }

    /** A transaction at least. */
    long run(long end) throws Exception {
      long before = events;
      do {
        if (Thread.interrupted()) {
          throw new InterruptedException("interrupted while appending");
        }
        long next = sequenceNumber + 1;
        List<StreamEvent> group =
            streams.stream().map(stream -> new StreamEvent(stream, next)).toList();
        insert.insert(group);
        for (BareReadModel readModel : readModels) {
          readModel.apply(group);
        }
        connection.commit();
        sequenceNumber = next;
        events += group.size();
      } while (System.nanoTime() < end);
      return events - before;
    }
  }
}
