package dev.kintsugi.examples.bench.suite;

import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.load.StreamWriter;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.projections.Projection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Appends with some projections of one kind. Ours and the floor have a database each. A writer has
 * a stream of its own, and writes the next event when the one before is stored.
 */
final class AppendGroup implements Group {

  private static final List<Integer> WRITERS = List.of(1, 16, 100);

  private final Ground ground;
  private final Kind kind;
  private final List<String> tables;

  private AppendGroup(Ground ground, Kind kind, int projections) {
    this.ground = ground;
    this.kind = kind;
    this.tables = IntStream.rangeClosed(1, projections).mapToObj(i -> "writes_" + i).toList();
  }

  /** A group for each kind and number of projections; without any there is no kind. */
  static List<Group> all(Ground ground) {
    List<Group> groups = new ArrayList<>();
    groups.add(new AppendGroup(ground, Kind.HANDLER, 0));
    for (Kind kind : Kind.values()) {
      groups.add(new AppendGroup(ground, kind, 1));
      groups.add(new AppendGroup(ground, kind, 3));
    }
    return groups;
  }

  @Override
  public List<Measure> open(Resources resources) throws Exception {
    Ours ours = ours(resources);
    Floor floor = floor(resources);
    String projections = tables.isEmpty() ? "no projection" : tables.size() + " " + kind;
    List<Measure> measures = new ArrayList<>();
    for (int writers : WRITERS) {
      BareAppends bare = resources.add(floor.connect(streams(writers)));
      measures.add(
          Measure.of(
              "%s, %d %s".formatted(projections, writers, writers == 1 ? "writer" : "writers"),
              Unit.EVENTS_A_SECOND,
              () -> ours.append(streams(writers)),
              () -> floor.append(bare)));
    }
    return measures;
  }

  private static List<String> streams(int writers) {
    return IntStream.rangeClosed(1, writers)
        .mapToObj(i -> "load-%d-%d".formatted(writers, i))
        .toList();
  }

  private Ours ours(Resources resources) throws Exception {
    BenchDatabase database = resources.add(ground.server().create());
    Load load = resources.add(ground.start(database));
    Ground.start(load, tables.stream().map(kind::projection).toArray(Projection<?>[]::new));
    return new Ours(database, load);
  }

  private Floor floor(Resources resources) throws Exception {
    BenchDatabase database = resources.add(ground.server().create()).withJournal();
    for (String table : tables) {
      database.execute(kind.ddl(table));
    }
    return new Floor(database);
  }

  private void refuseOther(BenchDatabase database, long events) throws Exception {
    Counted.expect(database, events, "SELECT count(*) FROM event_journal");
    for (String table : tables) {
      Counted.expect(database, events, "SELECT sum(events) FROM " + table);
    }
  }

  /** Persistent actors. */
  private final class Ours {
    private final BenchDatabase database;
    private final Load load;
    private long events;

    Ours(BenchDatabase database, Load load) {
      this.database = database;
      this.load = load;
    }

    double append(List<String> streams) throws Exception {
      long end = System.nanoTime() + ground.sizes().run().toNanos();
      Load.Done done =
          load.write(
                  streams.stream()
                      .map(stream -> new StreamWriter(stream, () -> System.nanoTime() < end))
                      .toList())
              .awaitEnd();
      events += done.events();
      refuseOther(database, events);
      Counted.expect(database, 0, "SELECT count(*) FROM kintsugi_skip");
      return done.perSecond();
    }
  }

  /** As many connections as our journal has lanes, if there are as many writers. */
  private final class Floor {
    private final BenchDatabase database;
    private final List<BareAppends> all = new ArrayList<>();

    Floor(BenchDatabase database) {
      this.database = database;
    }

    BareAppends connect(List<String> streams) throws SQLException {
      int connections = Math.min(streams.size(), ground.lanes());
      BareAppends bare = new BareAppends(database, connections, streams, kind, tables);
      all.add(bare);
      return bare;
    }

    double append(BareAppends bare) throws Exception {
      double perSecond = bare.run(ground.sizes().run());
      refuseOther(database, all.stream().mapToLong(BareAppends::events).sum());
      return perSecond;
    }
  }
}
