package dev.kintsugi.examples.bench.follow;

import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.stats.Latencies;
import dev.kintsugi.examples.bench.stats.LatencyLog;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * Looks again and again at the journal's highest ordering and at cursors, in one snapshot. How long
 * after an ordering was first seen in the journal a cursor is first seen at it, or beyond it, is
 * the lag in time: a cursor moves in the transaction that changes the read model. The lag in events
 * is how many orderings a cursor is behind in a look.
 */
final class LagSampler implements AutoCloseable {

  /** A look takes a fraction of it. */
  private static final long LOOK_EVERY_MILLIS = 3;

  private static final Duration CAUGHT_UP = Duration.ofMinutes(2);

  private static final String LOOK =
      """
      SELECT projection, position, (SELECT COALESCE(max(ordering), 0) FROM event_journal)
      FROM kintsugi_cursor WHERE projection = ANY (?)
      """;

  /** What is known of one of them. */
  private static final class Followed {
    private final Deque<Seen> pending = new ArrayDeque<>();
    private final LatencyLog nanos = new LatencyLog();
    private final LatencyLog events = new LatencyLog();
    private long highest;
  }

  /** The journal's highest ordering was this one. */
  private record Seen(long ordering, long at) {}

  /**
   * The lag of a projection.
   *
   * @param time of each ordering that was the highest in a look
   * @param events in each look, as if an event were a nanosecond
   */
  record Lag(Latencies time, Latencies events) {}

  private final BenchDatabase database;
  private final Map<String, Followed> followed = new HashMap<>();
  private final Thread thread = new Thread(this::look, "lag-sampler");
  private final CompletableFuture<Void> caughtUp = new CompletableFuture<>();
  private volatile boolean noMoreEvents;

  private LagSampler(BenchDatabase database, List<String> projections) {
    this.database = database;
    projections.forEach(projection -> followed.put(projection, new Followed()));
  }

  /** Begins to look. */
  static LagSampler start(BenchDatabase database, List<String> projections) {
    LagSampler sampler = new LagSampler(database, projections);
    sampler.thread.start();
    return sampler;
  }

  private void look() {
    try (Connection connection = database.login().connect();
        PreparedStatement look = connection.prepareStatement(LOOK)) {
      Array projections = connection.createArrayOf("text", followed.keySet().toArray());
      look.setArray(1, projections);
      while (true) {
        boolean atTheEnd = noMoreEvents;
        if (look(look) && atTheEnd) {
          caughtUp.complete(null);
          return;
        }
        TimeUnit.MILLISECONDS.sleep(LOOK_EVERY_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (SQLException | RuntimeException e) {
      caughtUp.completeExceptionally(e);
    }
  }

  /** Whether all have come to the journal's end. */
  private boolean look(PreparedStatement look) throws SQLException {
    long before = System.nanoTime();
    boolean allCaughtUp = true;
    try (ResultSet row = look.executeQuery()) {
      long after = System.nanoTime();
      while (row.next()) {
        Followed each = Objects.requireNonNull(followed.get(row.getString(1)));
        long position = row.getLong(2);
        long highest = row.getLong(3);
        if (highest > each.highest) {
          each.highest = highest;
          each.pending.addLast(new Seen(highest, before));
        }
        while (!each.pending.isEmpty() && each.pending.getFirst().ordering() <= position) {
          each.nanos.add(after - each.pending.removeFirst().at());
        }
        each.events.add(Math.max(0, highest - position));
        allCaughtUp &= each.pending.isEmpty();
      }
    }
    return allCaughtUp;
  }

  /** Nothing is written any more: waits until all have come to the journal's end. */
  void awaitCaughtUp() throws Exception {
    noMoreEvents = true;
    try {
      caughtUp.get(CAUGHT_UP.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw e;
    }
  }

  /** To be asked once all have caught up. */
  Lag of(String projection) {
    Followed each = followed.getOrDefault(projection, new Followed());
    return new Lag(each.nanos.soFar(), each.events.soFar());
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
