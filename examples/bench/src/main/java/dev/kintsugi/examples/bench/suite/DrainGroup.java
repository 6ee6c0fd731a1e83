package dev.kintsugi.examples.bench.suite;

import dev.kintsugi.examples.bench.failures.Drained;
import dev.kintsugi.examples.bench.failures.OpenRecords;
import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.load.LoadEvent;
import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.runtime.Kintsugi;
import dev.kintsugi.runtime.persistence.AppendResult;
import dev.kintsugi.runtime.persistence.EventWriter;
import dev.kintsugi.runtime.persistence.StreamAppend;
import java.sql.Connection;
import java.sql.Timestamp;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The drain of records that piled up while a projection was paused, from its resumption until the
 * last one is archived. The floor drains copies of the same records.
 */
final class DrainGroup implements Group {

  private static final String NAME = "drained";
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final int STREAMS_A_TRANSACTION = 1_000;

  private final Ground ground;
  private final Kind kind;

  private DrainGroup(Ground ground, Kind kind) {
    this.ground = ground;
    this.kind = kind;
  }

  /** A group for each kind. */
  static List<Group> all(Ground ground) {
    return Arrays.stream(Kind.values()).<Group>map(kind -> new DrainGroup(ground, kind)).toList();
  }

  @Override
  public List<Measure> open(Resources resources) throws Exception {
    BenchDatabase database = resources.add(ground.server().create());
    Load load = resources.add(ground.start(database));
    Ground.start(load, kind.projection(NAME));
    BareDrain bare = new BareDrain(database, kind);
    bare.createTables();
    Records records = new Records(database, load.kintsugi());
    return List.of(
        new Measure(
            "%s, %,d records of %,d streams".formatted(kind, records.count(), records.streams()),
            Unit.RECORDS_A_SECOND,
            records::drain,
            () -> bare.drain(records.count()),
            () -> {
              records.pileUp();
              bare.copyRecords();
            }));
  }

  /** Ours. */
  private final class Records {
    private final BenchDatabase database;
    private final Kintsugi kintsugi;
    private long sequenceNumber;

    Records(BenchDatabase database, Kintsugi kintsugi) {
      this.database = database;
      this.kintsugi = kintsugi;
    }

    int streams() {
      return ground.sizes().streams();
    }

    long count() {
      return (long) ground.sizes().records() / streams() * streams();
    }

    void pileUp() throws Exception {
      kintsugi.pause(NAME, "benchmark").toCompletableFuture().get();
      try (Connection connection = database.login().connect()) {
        connection.setAutoCommit(false);
        for (int i = 0; i < count() / streams(); i++) {
          appendToEach(connection);
        }
      }
      Counted.expect(database, count(), "SELECT count(*) FROM kintsugi_skip");
    }

    private void appendToEach(Connection connection) throws Exception {
      EventWriter writer = kintsugi.eventWriter();
      for (int from = 1; from <= streams(); from += STREAMS_A_TRANSACTION) {
        List<StreamAppend> appends = new ArrayList<>();
        for (int i = from; i < from + STREAMS_A_TRANSACTION && i <= streams(); i++) {
          String stream = "load-" + i;
          appends.add(
              new StreamAppend(
                  stream, sequenceNumber, List.of(LoadEvent.beginningWith(stream + " "))));
        }
        if (writer.append(connection, appends) instanceof AppendResult.Conflict conflict) {
          throw new LoadFailedException("The journal is written by somebody else: " + conflict);
        }
        connection.commit();
      }
      sequenceNumber++;
    }

    double drain() throws Exception {
      Timestamp resumed = Drained.now(database);
      kintsugi.resume(NAME, "benchmark").toCompletableFuture().get();
      OpenRecords.awaitNone(database, PATIENCE, ground.progress());
      Drained drained = Drained.since(database, resumed);
      Counted.expect(count(), drained.records(), "records were archived");
      Counted.expect(database, sequenceNumber * streams(), "SELECT sum(events) FROM " + NAME);
      return drained.perSecondFromTheRepair();
    }
  }
}
