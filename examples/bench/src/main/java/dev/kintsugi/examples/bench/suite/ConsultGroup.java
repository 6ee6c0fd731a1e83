package dev.kintsugi.examples.bench.suite;

import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.load.LoadEvent;
import dev.kintsugi.examples.bench.load.WritesHandler;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.stats.LatencyLog;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.internal.writer.Appender;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What it costs to consult the projections' rows: the median time of the statement that takes an
 * id, appends one event and consults, as the runtime times it on the thread that appends, beside an
 * insert of the same event alone. The projections are active, and subscribe to no stream that is
 * written.
 */
final class ConsultGroup implements Group {

  private static final List<Integer> PROJECTIONS = List.of(0, 1, 10);

  private final Ground ground;
  private final int projections;

  private ConsultGroup(Ground ground, int projections) {
    this.ground = ground;
    this.projections = projections;
  }

  static List<Group> all(Ground ground) {
    return PROJECTIONS.stream().<Group>map(count -> new ConsultGroup(ground, count)).toList();
  }

  @Override
  public List<Measure> open(Resources resources) throws Exception {
    Ours ours = ours(resources);
    Floor floor = new Floor(resources.add(ground.server().create()).withJournal(), resources);
    String what = projections == 1 ? "1 projection" : projections + " projections";
    List<Measure> measures = new ArrayList<>();
    measures.add(
        Measure.of(
            "insert and consult, " + what + "; insert",
            Unit.MICROSECONDS,
            ours::append,
            () -> floor.append(false)));
    if (projections == 1) {
      measures.add(
          Measure.of(
              "insert and consult, " + what + "; insert, SELECT 1",
              Unit.MICROSECONDS,
              ours::append,
              () -> floor.append(true)));
    }
    return measures;
  }

  private Ours ours(Resources resources) throws Exception {
    BenchDatabase database = resources.add(ground.server().create());
    Load load = resources.add(ground.start(database));
    Ground.start(
        load,
        IntStream.rangeClosed(1, projections)
            .mapToObj(i -> WritesHandler.projectionOf("Other", "writes_" + i))
            .toArray(Projection<?>[]::new));
    return new Ours(database, load.node(), resources);
  }

  private static double medianMicros(LatencyLog statements) {
    return statements.soFar().percentile(0.5).toNanos() / 1e3;
  }

  private final class Ours {
    private final BenchDatabase database;
    private final KintsugiNode node;
    private final Appender appender;
    private long events;

    Ours(BenchDatabase database, KintsugiNode node, Resources resources) {
      this.database = database;
      this.node = node;
      this.appender = resources.add(new Appender(node.database(), node.writer()));
    }

    double append() throws Exception {
      long end = System.nanoTime() + ground.sizes().run().toNanos();
      LatencyLog statements = new LatencyLog();
      do {
        statements.add(appender.append(List.of(next())).consultNanos());
        events++;
      } while (System.nanoTime() < end);
      Counted.expect(database, events, "SELECT count(*) FROM event_journal");
      return medianMicros(statements);
    }

    private NewEvent next() {
      return node.codec()
          .adaptAndEncode(
              "load",
              events + 1,
              "a writer",
              LoadEvent.beginningWith("load "),
              System.currentTimeMillis());
    }
  }

  private final class Floor {
    private final BenchDatabase database;
    private final Connection connection;
    private final BareInsert insert;
    private long events;

    Floor(BenchDatabase database, Resources resources) throws SQLException {
      this.database = database;
      this.connection = resources.add(database.login().connect());
      connection.setAutoCommit(false);
      this.insert = new BareInsert(connection);
    }

    /**
     * Appends and commits; only the time of the statements counts.
     *
     * @param andSelect whether with the smallest round trip there is after each
     */
    double append(boolean andSelect) throws Exception {
      long end = System.nanoTime() + ground.sizes().run().toNanos();
      LatencyLog statements = new LatencyLog();
      do {
        if (Thread.interrupted()) {
          throw new InterruptedException("interrupted while appending");
        }
        long begin = System.nanoTime();
        insert.insert(List.of(new StreamEvent("load", events + 1)));
        if (andSelect) {
          try (Statement select = connection.createStatement()) {
            select.executeQuery("SELECT 1").close();
          }
        }
        statements.add(System.nanoTime() - begin);
        connection.commit();
        events++;
      } while (System.nanoTime() < end);
      Counted.expect(database, events, "SELECT count(*) FROM event_journal");
      return medianMicros(statements);
    }
  }
}
