package dev.kintsugi.examples.bench.bystanders;

import dev.kintsugi.examples.bench.BenchCommand;
import dev.kintsugi.examples.bench.Positive;
import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.bench.load.Plugin;
import dev.kintsugi.examples.bench.load.Tagger;
import dev.kintsugi.examples.bench.load.WritesHandler;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.examples.bench.stats.Median;
import dev.kintsugi.examples.common.TextTable;
import dev.kintsugi.runtime.RebuildHandle;
import dev.kintsugi.runtime.query.KintsugiReadJournal;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.Done;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.stream.javadsl.Sink;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A rebuild and a live query beside old transactions, and without them, in turn. */
@Command(
    name = "bystanders",
    description =
        "Measures a rebuild, a live query and a fence, without and beside three old transactions: one"
            + " that somebody forgot, one in another database, and a prepared one. They touch nothing"
            + " of Kintsugi's, so all must finish as if they were not there. Beside each stands a"
            + " fence by transaction ids alone, which waits for them. The rebuild is one in place: the"
            + " swap of one beside waits for the forgotten one, which may be a reader with an old"
            + " snapshot.")
public final class Bystanders extends BenchCommand {

  private static final String HAS_PASSED =
      "SELECT (pg_snapshot_xmin(pg_current_snapshot()) > '%s'::xid8)::text";

  private static final int ACTORS = 10;
  private static final int TIMES_PATIENCE = 10;

  /** What is measured. */
  private enum Measured {
    REBUILD("rebuild, from the request to its proof"),
    QUERY("live query, from a write to its delivery"),
    BY_IDS("a fence by ids alone");

    private final String text;

    Measured(String text) {
      this.text = text;
    }
  }

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "5",
      converter = Positive.class,
      description = "How often each is measured, after a warm-up; default ${DEFAULT-VALUE}.")
  private int rounds;

  @Option(
      names = "--events",
      paramLabel = "N",
      defaultValue = "5000",
      converter = Positive.class,
      description = "How many events there are to rebuild from; default ${DEFAULT-VALUE}.")
  private int events;

  @Option(
      names = "--patience",
      paramLabel = "SECONDS",
      defaultValue = "2",
      converter = Positive.class,
      description =
          "For how long the fence by ids alone is waited for, and a tenth of how long the others may"
              + " take; default ${DEFAULT-VALUE}.")
  private int patience;

  private final Map<Measured, List<Double>> without = new EnumMap<>(Measured.class);
  private final Map<Measured, List<Double>> beside = new EnumMap<>(Measured.class);

  @Override
  protected int run(BenchServer server) throws Exception {
    out().println(describeKintsugi());
    try (BenchDatabase database = server.create();
        BenchDatabase other = server.create();
        Load load =
            Load.start(Plugin.KINTSUGI.tagging(settings().config(Plugin.KINTSUGI, database)))) {
      if (!OldTransactions.canBePrepared(database)) {
        out().println("max_prepared_transactions is 0 on this server: there is no prepared one");
      }
      load.kintsugi().start(WritesHandler.inPlace());
      await("the first build", load.kintsugi().whenDone(WritesHandler.NAME));
      load.recover("load", ACTORS);
      load.persistAsync(Math.max(1, events / ACTORS));
      for (int round = 0; round <= rounds; round++) {
        measure(load, database, round == 0 ? Optional.empty() : Optional.of(without));
        try (OldTransactions old = OldTransactions.begin(database, other)) {
          measure(load, database, round == 0 ? Optional.empty() : Optional.of(beside));
        }
        progress().line(round == 0 ? "warm-up" : "round %d of %d".formatted(round, rounds));
      }
    }
    out().println();
    report().lines().forEach(out()::println);
    return DONE;
  }

  /**
   * Measures each once.
   *
   * @param into takes the times; none in the warm-up
   */
  private void measure(
      Load load, BenchDatabase database, Optional<Map<Measured, List<Double>>> into)
      throws Exception {
    double rebuild = rebuild(load);
    double query = query(load, database);
    double byIds = byIds(database);
    into.ifPresent(
        times -> {
          add(times, Measured.REBUILD, rebuild);
          add(times, Measured.QUERY, query);
          add(times, Measured.BY_IDS, byIds);
        });
  }

  private static void add(Map<Measured, List<Double>> times, Measured measured, double millis) {
    times.computeIfAbsent(measured, first -> new ArrayList<>()).add(millis);
  }

  private double rebuild(Load load) throws Exception {
    long begin = System.nanoTime();
    await(
        "a rebuild",
        load.kintsugi().rebuild(WritesHandler.NAME, "measured").thenCompose(RebuildHandle::done));
    return millisSince(begin);
  }

  /** From a write of each actor until a query that runs already has delivered all of these. */
  private double query(Load load, BenchDatabase database) throws Exception {
    long end = database.count("SELECT max(ordering) FROM event_journal");
    CompletionStage<Done> delivered =
        PersistenceQuery.get(load.system())
            .getReadJournalFor(KintsugiReadJournal.class, KintsugiReadJournal.IDENTIFIER)
            .eventsByTag(Tagger.TAG, Offset.sequence(end))
            .take(ACTORS)
            .runWith(Sink.ignore(), load.system());
    long begin = System.nanoTime();
    load.persist(1);
    await("a live query", delivered);
    return millisSince(begin);
  }

  private <T> T await(String what, CompletionStage<T> stage) throws Exception {
    try {
      return stage.toCompletableFuture().get((long) TIMES_PATIENCE * patience, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new LoadFailedException(
          "%s was not done after %d s: something holds it up"
              .formatted(what, (long) TIMES_PATIENCE * patience));
    }
  }

  /** How long a fence by ids takes; infinite if it has not passed when patience is at an end. */
  private double byIds(BenchDatabase database) throws Exception {
    try (Connection connection = database.login().connect()) {
      String fence = text(connection, "SELECT pg_current_xact_id()::text");
      long begin = System.nanoTime();
      while (!text(connection, HAS_PASSED.formatted(fence)).equals("true")) {
        if (System.nanoTime() - begin > TimeUnit.SECONDS.toNanos(patience)) {
          return Double.POSITIVE_INFINITY;
        }
        TimeUnit.MILLISECONDS.sleep(1);
      }
      return millisSince(begin);
    }
  }

  private static String text(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getString(1);
    }
  }

  private static double millisSince(long begin) {
    return (System.nanoTime() - begin) / 1e6;
  }

  private TextTable report() {
    TextTable table = new TextTable("milliseconds, medians", "without", "beside them", "ratio");
    for (Measured measured : Measured.values()) {
      double alone = Median.of(without.getOrDefault(measured, List.of()));
      double old = Median.of(beside.getOrDefault(measured, List.of()));
      table.row(
          measured.text,
          "%.1f".formatted(alone),
          Double.isInfinite(old) ? "not within %d s".formatted(patience) : "%.1f".formatted(old),
          Double.isInfinite(old) ? "" : "%.2f".formatted(old / alone));
    }
    return table;
  }
}
