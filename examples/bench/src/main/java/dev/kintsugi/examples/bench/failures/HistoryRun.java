package dev.kintsugi.examples.bench.failures;

import dev.kintsugi.examples.bench.Progress;
import dev.kintsugi.examples.bench.Settings;
import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.load.Plugin;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.examples.history.audit.Audit;
import dev.kintsugi.examples.history.audit.Difference;
import dev.kintsugi.examples.history.audit.Findings;
import dev.kintsugi.examples.history.files.FileEntity;
import dev.kintsugi.examples.history.files.FileEvent;
import dev.kintsugi.examples.history.input.HistoryLine;
import dev.kintsugi.examples.history.readmodel.HistoryProjections;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.Kintsugi;
import dev.kintsugi.runtime.status.ProjectionCounts;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a history in a database of its own, with some streams failing or none; repairs what fails,
 * and audits what came of it.
 */
final class HistoryRun {

  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private static final String OPEN_FAILED =
      "SELECT count(*) FROM kintsugi_skip WHERE reason = 'FAILED'";
  private static final String OPEN = "SELECT count(*) FROM kintsugi_skip";
  private static final String DEADLOCKS =
      "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
  private static final String ARCHIVED_AS_APPLIED =
      "SELECT count(*) FROM kintsugi_skip_archive WHERE outcome = 'applied'";

  private final BenchServer server;
  private final Settings settings;
  private final Progress progress;
  private final int writers;
  private final ChosenStreams chosen;

  HistoryRun(
      BenchServer server, Settings settings, Progress progress, int writers, ChosenStreams chosen) {
    this.server = server;
    this.settings = settings;
    this.progress = progress;
    this.writers = writers;
    this.chosen = chosen;
  }

  /**
   * What a run came to.
   *
   * @param failed records of events that failed themselves, when all was written
   * @param recorded records altogether, then
   * @param deadlocks that the server found, until then
   * @param mending from the repair until no record was open
   */
  record Outcome(Load.Done load, long failed, long recorded, long deadlocks, Duration mending) {}

  Outcome run(List<HistoryLine> lines, boolean failing, Claims claims) throws Exception {
    System.gc();
    server.checkpoint();
    Bug bug = new Bug(chosen::includes);
    if (failing) {
      bug.ship();
    }
    try (BenchDatabase database = server.create();
        Load load = Load.start(settings.config(Plugin.KINTSUGI, database))) {
      start(load.kintsugi(), bug);
      Load.Done done = write(load, lines, failing);
      long failed = database.count(OPEN_FAILED);
      long recorded = database.count(OPEN);
      long deadlocks = database.count(DEADLOCKS);
      long expected = failing ? lines.stream().filter(this::isChosen).count() : 0;
      claims.claim("events stored", lines.size(), stored(database));
      claimCounts(load.kintsugi(), lines.size() - expected, expected, claims);
      claims.claim("open records before the repair", expected, recorded);
      Duration mending = failing ? mend(database, load.kintsugi(), bug) : Duration.ZERO;
      claims.claim("records archived as applied", expected, database.count(ARCHIVED_AS_APPLIED));
      claims.claim("records open in the end", 0, database.count(OPEN));
      claimNoOthers(database, failing, claims);
      audit(database, lines, claims);
      return new Outcome(done, failed, recorded, deadlocks, mending);
    }
  }

  private boolean isChosen(HistoryLine line) {
    return chosen.includes(FileEntity.persistenceId(line.path()));
  }

  private static void start(Kintsugi kintsugi, Bug bug) throws Exception {
    List<Projection<?>> projections = new ArrayList<>();
    for (Projection<FileEvent> projection : HistoryProjections.all()) {
      projections.add(
          projection.name().equals(HistoryProjections.FILES)
              ? LoggedFilesHandler.projection(projection, bug)
              : projection);
    }
    kintsugi.start(projections.toArray(Projection<?>[]::new));
    for (String projection : HistoryProjections.NAMES) {
      kintsugi.whenDone(projection).toCompletableFuture().get();
    }
  }

  private Load.Done write(Load load, List<HistoryLine> lines, boolean failing) throws Exception {
    String what = failing ? "with failures" : "without failures";
    try (Progress.Running running = progress.counting(what, load::events)) {
      return load.write(FileLines.partition(lines, writers)).awaitEnd();
    }
  }

  private static long stored(BenchDatabase database) throws SQLException {
    return database.count("SELECT count(*) FROM event_journal");
  }

  /** What the writers did in their transactions, by their own count. */
  private static void claimCounts(Kintsugi kintsugi, long inline, long recorded, Claims claims)
      throws Exception {
    for (String projection : HistoryProjections.NAMES) {
      boolean fails = projection.equals(HistoryProjections.FILES);
      ProjectionCounts counts = kintsugi.status(projection).toCompletableFuture().get().counts();
      claims.claim(
          projection + ": applied inline",
          fails ? inline : inline + recorded,
          counts.appliedInline());
      claims.claim(projection + ": recorded", fails ? recorded : 0, counts.recorded());
    }
  }

  private Duration mend(BenchDatabase database, Kintsugi kintsugi, Bug bug) throws Exception {
    long begin = System.nanoTime();
    bug.repair();
    progress.line(Mend.retryNow(kintsugi, HistoryProjections.FILES).message());
    OpenRecords.awaitNone(database, PATIENCE, progress);
    return Duration.ofNanos(System.nanoTime() - begin);
  }

  private void claimNoOthers(BenchDatabase database, boolean failing, Claims claims)
      throws SQLException {
    long ofHealthy =
        RecordedStreams.records(
            database, HistoryProjections.FILES, stream -> !failing || !chosen.includes(stream));
    claims.claim("records of healthy streams, ever", 0, ofHealthy);
    long ofOthers = 0;
    for (String projection : List.of(HistoryProjections.DIRECTORIES, HistoryProjections.AUTHORS)) {
      ofOthers += RecordedStreams.records(database, projection, stream -> true);
    }
    claims.claim("records of other projections, ever", 0, ofOthers);
  }

  private static void audit(BenchDatabase database, List<HistoryLine> lines, Claims claims)
      throws SQLException {
    Audit audit = new Audit(lines);
    try (Connection connection = database.login().connect()) {
      for (String table : HistoryProjections.NAMES) {
        Findings findings = audit.of(table, connection);
        claims.claim(table + ": events lost", 0, findings.lost());
        claims.claim(table + ": events doubled", 0, findings.doubled());
        claims.claim(table + ": rows that differ from the oracle's", 0, differences(findings));
      }
    }
    LedgerAudit.of(database, Ledger.HANDLER).claim(claims, Ledger.HANDLER);
  }

  private static long differences(Findings findings) {
    return findings.differences().stream().map(Difference::key).distinct().count();
  }
}
