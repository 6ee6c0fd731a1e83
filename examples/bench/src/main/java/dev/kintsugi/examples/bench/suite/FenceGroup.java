package dev.kintsugi.examples.bench.suite;

import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.load.StreamWriter;
import dev.kintsugi.examples.bench.load.WritesHandler;
import dev.kintsugi.examples.bench.load.Writing;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.runtime.RebuildHandle;
import dev.kintsugi.runtime.metrics.KintsugiMeter;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/**
 * How long a rebuild in place waits for its two fences, by the runtime's own timer: that has the
 * pause between two looks in it. The floor takes two round trips of a transaction each, and waits
 * for a long transaction by the lock that it holds, which wakes it up at once. Beside transactions
 * that never end and read no status, the floor is a fence by ids: that never passes, and is given
 * up after the duration of a long transaction.
 */
final class FenceGroup implements Group {

  private static final String NAME = "fenced";
  private static final int FENCES_OF_A_REBUILD = 2;
  private static final int WRITERS = 16;

  private final Ground ground;

  FenceGroup(Ground ground) {
    this.ground = ground;
  }

  @Override
  public List<Measure> open(Resources resources) throws Exception {
    BenchDatabase database = resources.add(ground.server().create());
    Load load = resources.add(ground.start(database));
    Ground.start(load, WritesHandler.inPlaceOf("Other", NAME));
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    load.kintsugi().reportTo(meters);
    Ours ours = new Ours(load, meters);
    Connection connection = resources.add(database.login().connect());
    connection.setAutoCommit(false);
    int many = ground.sizes().rebuilds();
    return List.of(
        Measure.of(
            "both fences of a rebuild, no writers",
            Unit.MILLISECONDS,
            () -> ours.fences(many),
            () -> roundTrips(connection, many)),
        Measure.of(
            "both fences of a rebuild, %d writers".formatted(WRITERS),
            Unit.MILLISECONDS,
            () -> whileWriting(load, () -> ours.fences(many)),
            () -> whileWriting(load, () -> roundTrips(connection, many))),
        Measure.of(
            "both fences of a rebuild, a transaction of %d ms"
                .formatted(ground.sizes().transaction().toMillis()),
            Unit.MILLISECONDS,
            () -> whileOpen(database, () -> ours.fences(1)),
            () -> whileOpen(database, () -> waitForLock(connection))),
        Measure.of(
            "both fences of a rebuild, a forgotten and a prepared transaction; by ids",
            Unit.MILLISECONDS,
            () -> besideForgotten(database, () -> ours.fences(many)),
            () -> besideForgotten(database, () -> waitByIds(connection))));
  }

  /** Ours. */
  private static final class Ours {
    private final Load load;
    private final SimpleMeterRegistry meters;

    Ours(Load load, SimpleMeterRegistry meters) {
      this.load = load;
      this.meters = meters;
    }

    /** Milliseconds that a rebuild waits for its fences, the mean of some. */
    double fences(int rebuilds) throws Exception {
      Timer timer =
          meters.get(KintsugiMeter.REBUILD_FENCE_WAIT.meterName()).tag("projection", NAME).timer();
      double before = timer.totalTime(TimeUnit.MILLISECONDS);
      long fences = timer.count();
      for (int i = 0; i < rebuilds; i++) {
        load.kintsugi()
            .rebuild(NAME, "benchmark")
            .thenCompose(RebuildHandle::done)
            .toCompletableFuture()
            .get();
      }
      Counted.expect(
          (long) rebuilds * FENCES_OF_A_REBUILD, timer.count() - fences, "fences were waited for");
      return (timer.totalTime(TimeUnit.MILLISECONDS) - before) / rebuilds;
    }
  }

  private static double roundTrips(Connection connection, int rebuilds) throws SQLException {
    long begin = System.nanoTime();
    for (int i = 0; i < rebuilds * FENCES_OF_A_REBUILD; i++) {
      select(connection, "SELECT 1");
    }
    return (System.nanoTime() - begin) / 1e6 / rebuilds;
  }

  private static double waitForLock(Connection connection) throws SQLException {
    long begin = System.nanoTime();
    select(connection, "SELECT 1");
    select(connection, "SELECT pg_advisory_xact_lock(1)");
    return (System.nanoTime() - begin) / 1e6;
  }

  private double waitByIds(Connection connection) throws SQLException {
    long begin = System.nanoTime();
    long giveUp = begin + ground.sizes().transaction().toNanos();
    long fence = number(connection, "SELECT pg_current_xact_id()::text::bigint");
    while (System.nanoTime() < giveUp
        && number(connection, "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            <= fence) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
    return (System.nanoTime() - begin) / 1e6;
  }

  private static long number(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      long number = row.getLong(1);
      connection.commit();
      return number;
    }
  }

  private static void select(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.executeQuery(query).close();
    }
    connection.commit();
  }

  private static double whileWriting(Load load, Callable<Double> work) throws Exception {
    AtomicBoolean goesOn = new AtomicBoolean(true);
    Writing writing =
        load.write(
            IntStream.rangeClosed(1, WRITERS)
                .mapToObj(i -> new StreamWriter("load-" + i, goesOn::get))
                .toList());
    try {
      return work.call();
    } finally {
      goesOn.set(false);
      writing.awaitEnd();
    }
  }

  /** With transactions that have an id, never end, and have nothing to do with projections. */
  private static double besideForgotten(BenchDatabase database, Callable<Double> work)
      throws Exception {
    String gid = "forgotten_" + System.nanoTime();
    database.execute("CREATE TABLE IF NOT EXISTS of_others (n INT)");
    try (Connection open = database.login().connect();
        Connection prepared = database.login().connect();
        Statement forgotten = open.createStatement();
        Statement preparing = prepared.createStatement()) {
      forgotten.execute("BEGIN; INSERT INTO of_others VALUES (1)");
      boolean prepares =
          number(preparing, "SELECT current_setting('max_prepared_transactions')") > 0;
      if (prepares) {
        preparing.execute(
            "BEGIN; INSERT INTO of_others VALUES (1); PREPARE TRANSACTION '" + gid + "'");
      }
      try {
        return work.call();
      } finally {
        forgotten.execute("ROLLBACK");
        if (prepares) {
          preparing.execute("ROLLBACK PREPARED '" + gid + "'");
        }
      }
    }
  }

  private static int number(Statement statement, String query) throws SQLException {
    try (ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getInt(1);
    }
  }

  /** With a transaction that has read the statuses, and a lock, and ends after a while. */
  private double whileOpen(BenchDatabase database, Callable<Double> work) throws Exception {
    try (Connection open = database.login().connect()) {
      open.setAutoCommit(false);
      try (Statement statement = open.createStatement()) {
        statement.execute(
            "SELECT pg_current_xact_id(), pg_advisory_xact_lock(1); SELECT 1 FROM kintsugi_projection");
      }
      ScheduledExecutorService later = Executors.newSingleThreadScheduledExecutor();
      try {
        Future<Boolean> ended =
            later.schedule(
                () -> commit(open), ground.sizes().transaction().toMillis(), TimeUnit.MILLISECONDS);
        double figure = work.call();
        ended.get();
        return figure;
      } finally {
        later.shutdownNow();
      }
    }
  }

  private static boolean commit(Connection open) throws SQLException {
    open.commit();
    return true;
  }
}
