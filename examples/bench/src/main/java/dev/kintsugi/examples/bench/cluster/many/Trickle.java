package dev.kintsugi.examples.bench.cluster.many;

import dev.kintsugi.examples.bench.server.Login;
import dev.kintsugi.runtime.persistence.AppendResult;
import dev.kintsugi.runtime.persistence.EventWriter;
import java.sql.Connection;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Appends at a steady rate, on a thread and a connection of its own, until it is told to end. */
final class Trickle {

  private static final int LONGEST_SECONDS = 30;

  private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
  private final EventWriter writer;
  private final Connection connection;
  private final Future<?> appending;
  private final String stream = "Small|" + UUID.randomUUID();
  private int appended;

  private Trickle(EventWriter writer, Connection connection, int perSecond) {
    this.writer = writer;
    this.connection = connection;
    this.appending =
        thread.scheduleAtFixedRate(
            this::append, 0, TimeUnit.SECONDS.toNanos(1) / perSecond, TimeUnit.NANOSECONDS);
  }

  /** Begins, with events that a few projections subscribe to. */
  static Trickle start(EventWriter writer, int perSecond) throws Exception {
    Connection connection = Login.ofEnvironment(System.getenv()).connect();
    connection.setAutoCommit(false);
    return new Trickle(writer, connection, perSecond);
  }

  private void append() {
    try {
      AppendResult result =
          writer.append(
              connection, stream, appended, List.of(new SmallProjections.Trickled("one")));
      connection.commit();
      if (!(result instanceof AppendResult.Appended)) {
        throw new IllegalStateException("not appended: " + result);
      }
      appended++;
    } catch (Exception e) {
      throw new IllegalStateException(e); // ends the schedule, and is thrown at the end
    }
  }

  /** Ends it; how many were appended. */
  int end() throws Exception {
    thread.shutdown();
    thread.awaitTermination(LONGEST_SECONDS, TimeUnit.SECONDS);
    connection.close();
    if (!appending.isCancelled()) {
      appending.get();
    }
    return appended;
  }
}
