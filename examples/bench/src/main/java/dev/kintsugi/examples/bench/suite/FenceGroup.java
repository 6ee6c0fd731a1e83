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
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;

/**
 * How long a rebuild waits for its two fences, by the runtime's own timer: that has the pause
 * between two looks in it. The floor takes two round trips of a transaction each, and waits for a
 * long transaction by the lock that it holds, which wakes it up at once.
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
    Ground.start(load, WritesHandler.projectionOf("Other", NAME));
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
            () -> whileOpen(database, () -> waitForLock(connection))));
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

  /** With a transaction that has an id and a lock, and ends after a while. */
  private double whileOpen(BenchDatabase database, Callable<Double> work) throws Exception {
    try (Connection open = database.login().connect()) {
      open.setAutoCommit(false);
      try (Statement statement = open.createStatement()) {
        statement.execute("SELECT pg_current_xact_id(), pg_advisory_xact_lock(1)");
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
