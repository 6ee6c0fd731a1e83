package dev.kintsugi.examples.bench.failures;

import dev.kintsugi.examples.bench.BenchCommand;
import dev.kintsugi.examples.bench.Positive;
import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.bench.load.Plugin;
import dev.kintsugi.examples.bench.load.StreamWriter;
import dev.kintsugi.examples.bench.load.Writing;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.runtime.status.ProjectionStatus;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A stream that never rests, and falls behind. */
@Command(
    name = "hot-stream",
    description =
        "One stream is written as fast as its acknowledgements come, beside a few others. It fails,"
            + " its records pile up, the handler is repaired: how long until its events are applied"
            + " inline again, while it is written without pause? In the end every event must be applied"
            + " once, in its stream's order.")
public final class HotStream extends BenchCommand {

  private static final int LONGEST_SECONDS = 300;

  private static final String OF_OTHERS =
      "SELECT count(*) FROM event_journal WHERE persistence_id <> 'hot'";

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      defaultValue = "handler",
      description =
          "What kind of projection, of: ${COMPLETION-CANDIDATES}; default ${DEFAULT-VALUE}.")
  private Ledger kind = Ledger.HANDLER;

  @Option(
      names = "--records",
      paramLabel = "N",
      defaultValue = "5000",
      converter = Positive.class,
      description =
          "How many records of the hot stream pile up before the repair; default ${DEFAULT-VALUE}.")
  private int records;

  @Option(
      names = "--others",
      paramLabel = "N",
      defaultValue = "4",
      converter = Positive.class,
      description = "How many other streams are written, as fast as it; default ${DEFAULT-VALUE}.")
  private int others;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "5",
      converter = Positive.class,
      description =
          "How long it is watched before the failure, and again once it is inline; default"
              + " ${DEFAULT-VALUE}.")
  private int seconds;

  @Override
  protected int run(BenchServer server) throws Exception {
    out().println(describeKintsugi());
    out().printf("%s; %,d records, %d other streams%n", kind, records, others);
    Bug bug = new Bug(HotWriters.HOT::equals);
    Claims claims = new Claims();
    HotReport report = new HotReport();
    try (BenchDatabase database = server.create();
        Load load = Load.start(settings().config(Plugin.KINTSUGI, database))) {
      load.kintsugi().start(kind.projection(bug));
      load.kintsugi().whenDone(Ledger.NAME).toCompletableFuture().get();
      AtomicBoolean goesOn = new AtomicBoolean(true);
      List<StreamWriter> writers = HotWriters.ofAll(others, goesOn::get);
      Writing writing = load.write(writers);
      Watch watch = new Watch(load, writers, report);

      watch.seconds("healthy", seconds);
      bug.ship();
      watch.until("failing", status -> status.openRecords() >= records);
      long piledUp = database.count("SELECT count(*) FROM kintsugi_skip");
      Timestamp repair = Drained.now(database);
      bug.repair();
      progress().line(Mend.retryNow(load.kintsugi(), Ledger.NAME).message());
      watch.until("repaired", status -> status.openRecords() == 0);
      watch.seconds("inline again", seconds);

      goesOn.set(false);
      Load.Done done = writing.awaitEnd();
      HotRecords hot = HotRecords.of(database, repair);
      report.end(hot, piledUp, done);
      claim(database, load, report, hot, claims);
    }
    out().println();
    report.lines().forEach(out()::println);
    out().println();
    out().println("What was counted in the database and by the writers");
    claims.lines().forEach(out()::println);
    return claims.hold() ? DONE : FAILED;
  }

  /** Looks at the projection every second. */
  private final class Watch {
    private final Load load;
    private final List<StreamWriter> writers;
    private final HotReport report;
    private long next = System.nanoTime();

    Watch(Load load, List<StreamWriter> writers, HotReport report) {
      this.load = load;
      this.writers = writers;
      this.report = report;
    }

    void seconds(String what, int count) throws Exception {
      for (int i = 0; i < count; i++) {
        look(what);
      }
    }

    void until(String what, Predicate<ProjectionStatus> reached) throws Exception {
      for (int i = 0; !reached.test(look(what)); i++) {
        if (i > LONGEST_SECONDS) {
          throw new LoadFailedException(
              "The hot stream is still %s after %d seconds".formatted(what, LONGEST_SECONDS));
        }
      }
    }

    private ProjectionStatus look(String what) throws Exception {
      next += TimeUnit.SECONDS.toNanos(1);
      TimeUnit.NANOSECONDS.sleep(next - System.nanoTime());
      ProjectionStatus status = load.kintsugi().status(Ledger.NAME).toCompletableFuture().get();
      long hot = writers.get(0).written();
      long ofOthers = writers.stream().skip(1).mapToLong(StreamWriter::written).sum();
      report.second(what, hot, ofOthers, status);
      progress().line(report.lastSecond());
      return status;
    }
  }

  private void claim(
      BenchDatabase database, Load load, HotReport report, HotRecords hot, Claims claims)
      throws Exception {
    ProjectionStatus status = load.kintsugi().status(Ledger.NAME).toCompletableFuture().get();
    claims.claim(
        "events stored: applied inline or recorded",
        status.counts().appliedInline() + status.counts().recorded(),
        stored(database));
    claims.claim(
        "hot stream: records by the writers' count", status.counts().recorded(), hot.records());
    claims.claim("hot stream: records open in the end", 0, status.openRecords());
    claims.claim(
        "hot stream: the record made last is of its highest number recorded",
        hot.highestRecorded(),
        hot.lastRecorded());
    claims.claim(
        "hot stream: applied inline, all that was not recorded",
        hot.highest() - hot.records(),
        status.counts().appliedInline() - database.count(OF_OTHERS));
    claims.claim("hot stream: seconds in which it rested", 0, report.rests());
    claims.claim(
        "records of other streams, ever",
        0,
        RecordedStreams.records(database, Ledger.NAME, stream -> !stream.equals(HotWriters.HOT)));
    LedgerAudit.of(database, kind).claim(claims, kind);
  }

  private static long stored(BenchDatabase database) throws SQLException {
    return database.count("SELECT count(*) FROM event_journal");
  }
}
