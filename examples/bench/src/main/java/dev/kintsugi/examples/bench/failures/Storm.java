package dev.kintsugi.examples.bench.failures;

import dev.kintsugi.examples.bench.BenchCommand;
import dev.kintsugi.examples.bench.Positive;
import dev.kintsugi.examples.bench.Progress;
import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.load.Plugin;
import dev.kintsugi.examples.bench.load.Writing;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.runtime.status.ProjectionCounts;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.util.Collections;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A handler that fails for every event, until it is repaired. */
@Command(
    name = "storm",
    description =
        "A bug is shipped and fails a projection for every event: measures appends before it and"
            + " while skip records pile up, then how fast these drain once the bug is repaired, while"
            + " some writers go on, and whether the tables are small again afterwards. In the end every"
            + " event must be applied once, in its stream's order.")
public final class Storm extends BenchCommand {

  private static final Duration PATIENCE = Duration.ofMinutes(20);

  private static final String OPEN = "SELECT count(*) FROM kintsugi_skip";
  private static final String OPEN_FAILED =
      "SELECT count(*) FROM kintsugi_skip WHERE reason = 'FAILED'";

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      defaultValue = "rows",
      description =
          "What kind of projection, of: ${COMPLETION-CANDIDATES}; default ${DEFAULT-VALUE}. A handler"
              + " drains by a statement an event. Rows can't show the order of events, but for"
              + " which is the last.")
  private Ledger kind = Ledger.ROWS;

  @Option(
      names = "--records",
      paramLabel = "N",
      defaultValue = "200000",
      converter = Positive.class,
      description = "How many records pile up; default ${DEFAULT-VALUE}.")
  private int records;

  @Option(
      names = "--streams",
      paramLabel = "N",
      defaultValue = "20000",
      converter = Positive.class,
      description = "How many streams are written to in turn; default ${DEFAULT-VALUE}.")
  private int streams;

  @Option(
      names = "--writers",
      paramLabel = "N",
      defaultValue = "100",
      converter = Positive.class,
      description = "How many write at once, an event at a time each; default ${DEFAULT-VALUE}.")
  private int writers;

  @Option(
      names = "--drain-writers",
      paramLabel = "N",
      defaultValue = "4",
      converter = Positive.class,
      description = "How many go on while the records drain; default ${DEFAULT-VALUE}.")
  private int drainWriters;

  @Option(
      names = "--patience",
      paramLabel = "SECONDS",
      defaultValue = "180",
      converter = Positive.class,
      description =
          "How long to wait at the end for the tables to be small again; default ${DEFAULT-VALUE}.")
  private int patience;

  @Override
  protected int run(BenchServer server) throws Exception {
    out().println(describeKintsugi());
    out()
        .printf(
            "%s; %,d records in %,d streams, %d writers; %d while they drain%n",
            kind, records, streams, writers, drainWriters);
    Bug bug = new Bug(stream -> true);
    StormReport report = new StormReport();
    Claims claims = new Claims();
    try (BenchDatabase database = server.create();
        Load load = Load.start(settings().config(Plugin.KINTSUGI, database))) {
      load.kintsugi().start(kind.projection(bug));
      load.kintsugi().whenDone(Ledger.NAME).toCompletableFuture().get();
      write(load, "warm-up", streams);
      report.sizes("before", SkipSizes.of(database));
      Load.Done before = write(load, "healthy", records);
      claims.claim(
          "applied inline before the bug", streams + records, counts(load).appliedInline());

      bug.ship();
      Load.Done storm = write(load, "storm", records);
      claims.claim("records open at the height", records, database.count(OPEN));
      claims.claim(
          "applied inline during the storm", 0, counts(load).appliedInline() - streams - records);
      report.appends(before, storm, database.count(OPEN_FAILED), records);
      report.sizes("at the height", SkipSizes.of(database));

      drain(database, load, bug, report);
      report.sizes("after the drain", SkipSizes.of(database));
      awaitSmall(database, report);
      claimAll(database, counts(load), claims);
    }
    out().println();
    report.lines().forEach(out()::println);
    out().println();
    out().println("What was counted in the database and by the writers");
    claims.lines().forEach(out()::println);
    return claims.hold() ? DONE : FAILED;
  }

  private Load.Done write(Load load, String what, int events) throws Exception {
    System.gc();
    InTurn writer = new InTurn(streams, number -> number < events);
    try (Progress.Running running = progress().counting(what, load::events)) {
      Load.Done done = load.write(Collections.nCopies(writers, writer)).awaitEnd();
      progress().line("%s  %,d events/s".formatted(what, Math.round(done.perSecond())));
      return done;
    }
  }

  private static ProjectionCounts counts(Load load) throws Exception {
    return load.kintsugi().status(Ledger.NAME).toCompletableFuture().get().counts();
  }

  private void drain(BenchDatabase database, Load load, Bug bug, StormReport report)
      throws Exception {
    ProjectionCounts before = counts(load);
    AtomicBoolean draining = new AtomicBoolean(true);
    InTurn writer = new InTurn(streams, number -> draining.get());
    Timestamp repair = Drained.now(database);
    bug.repair();
    Writing meanwhile = load.write(Collections.nCopies(drainWriters, writer));
    progress().line(Mend.retryNow(load.kintsugi(), Ledger.NAME).message());
    OpenRecords.awaitNone(database, PATIENCE, progress());
    draining.set(false);
    Load.Done written = meanwhile.awaitEnd();
    OpenRecords.awaitNone(database, PATIENCE, progress());
    ProjectionCounts after = counts(load);
    report.drained(
        Drained.since(database, repair),
        written,
        after.appliedInline() - before.appliedInline(),
        after.recorded() - before.recorded());
    progress().line("drained");
  }

  private void awaitSmall(BenchDatabase database, StormReport report) throws Exception {
    long begin = System.nanoTime();
    long deadline = begin + TimeUnit.SECONDS.toNanos(patience);
    AtomicLong total = new AtomicLong();
    SkipSizes sizes = SkipSizes.of(database);
    try (Progress.Running running =
        progress().counting("bytes of kintsugi_skip and its indexes", total::get)) {
      while (!sizes.areSmall() && System.nanoTime() < deadline) {
        TimeUnit.SECONDS.sleep(1);
        sizes = SkipSizes.of(database);
        total.set(sizes.total());
      }
    }
    report.sizes("in the end", sizes);
    report.shrunk(sizes, Duration.ofNanos(System.nanoTime() - begin));
  }

  private void claimAll(BenchDatabase database, ProjectionCounts counts, Claims claims)
      throws SQLException {
    long stored = database.count("SELECT count(*) FROM event_journal");
    claims.claim(
        "events stored: applied inline or recorded",
        counts.appliedInline() + counts.recorded(),
        stored);
    claims.claim(
        "records archived as applied",
        counts.recorded(),
        database.count("SELECT count(*) FROM kintsugi_skip_archive WHERE outcome = 'applied'"));
    claims.claim("records open in the end", 0, database.count(OPEN));
    LedgerAudit.of(database, kind).claim(claims, kind);
  }
}
