package dev.kintsugi.examples.bench.cuts;

import dev.kintsugi.runtime.internal.node.KintsugiNode;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The threads and connections of a node, and whether they are to be had. */
final class Threads {

  private static final String THREADS = "blocking-dispatcher.thread-pool-executor.fixed-pool-size";
  private static final String CONNECTIONS = "jdbc.pool-size";
  private static final long LOOK_EVERY_MILLIS = 5;

  private final KintsugiNode node;
  private final Duration patience;

  /**
   * @param patience how long to wait for what should be there
   */
  Threads(KintsugiNode node, Duration patience) {
    this.node = node;
    this.patience = patience;
  }

  /** How many there are, of a kind each. */
  record Counted(long blocking, long lanes, long connections, long waiting) {}

  /** How many there should be, by the settings; and lanes as many as there are now. */
  Counted expected() {
    return new Counted(
        node.config().getInt(THREADS), lanes(), node.config().getInt(CONNECTIONS), 0);
  }

  /** Counts while nothing else goes on. */
  Counted count() throws InterruptedException {
    return new Counted(atTheSameTime(), lanes(), connections(), waiting());
  }

  /** How many blocking threads meet: each waits until all are there. */
  private long atTheSameTime() throws InterruptedException {
    int all = node.config().getInt(THREADS);
    CountDownLatch meeting = new CountDownLatch(all);
    for (int i = 0; i < all; i++) {
      node.onBlockingThread(
          () -> {
            meeting.countDown();
            return meeting.await(patience.toNanos(), TimeUnit.NANOSECONDS);
          });
    }
    return meeting.await(patience.toNanos(), TimeUnit.NANOSECONDS) ? all : all - meeting.getCount();
  }

  private static long lanes() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("kintsugi-lane-"))
        .count();
  }

  /** How many connections can be had at once, of which none is given back meanwhile. */
  private long connections() {
    List<Connection> had = new ArrayList<>();
    try {
      while (had.size() < node.config().getInt(CONNECTIONS)) {
        had.add(node.database().connection());
      }
    } catch (SQLException noMore) {
      // As many as there are.
    }
    for (Connection connection : had) {
      try {
        connection.close();
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }
    return had.size();
  }

  /**
   * How many threads wait for the database, or for a connection. Now and then one does for a moment
   * though all is quiet; so it is looked for a moment at which none does.
   */
  private long waiting() throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    long waiting = waitingNow();
    while (waiting > 0 && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(LOOK_EVERY_MILLIS);
      waiting = waitingNow();
    }
    return waiting;
  }

  private static long waitingNow() {
    return Thread.getAllStackTraces().values().stream().filter(Threads::isInDriverOrPool).count();
  }

  private static boolean isInDriverOrPool(StackTraceElement[] stack) {
    return Arrays.stream(stack)
        .anyMatch(
            frame ->
                frame.getClassName().startsWith("org.postgresql.core.")
                    || (frame.getClassName().equals("com.zaxxer.hikari.HikariDataSource")
                        && frame.getMethodName().equals("getConnection")));
  }
}
