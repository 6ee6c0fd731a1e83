package dev.kintsugi.examples.bench.replay;

import dev.kintsugi.examples.bench.BenchCommand;
import dev.kintsugi.examples.bench.Positive;
import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.bench.load.Plugin;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.examples.history.files.FileEntity;
import dev.kintsugi.examples.history.input.HistoryFile;
import dev.kintsugi.examples.history.input.HistoryLine;
import java.sql.SQLException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Replays of a real history, beside loops that have no framework. */
@Command(
    name = "replay",
    description =
        "Measures how fast each kind of projection is rebuilt from a real history, each beside a"
            + " plain JDBC loop that builds the same table from the same events without a framework,"
            + " in turn. Afterwards both tables must be the same, row by row.")
public final class Replay extends BenchCommand {

  private static final String DIFFERENT_ROWS =
      """
      SELECT count(*) FROM (
        (TABLE %1$s EXCEPT ALL TABLE %2$s) UNION ALL (TABLE %2$s EXCEPT ALL TABLE %1$s)) AS rows
      """;

  @Option(
      names = "--events",
      paramLabel = "N",
      defaultValue = "999999999",
      converter = Positive.class,
      description = "How many events of the history, from the first on. Default: all.")
  private int most;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "5",
      converter = Positive.class,
      description = "How often each is measured; default ${DEFAULT-VALUE}.")
  private int rounds;

  @Option(
      names = "--only",
      paramLabel = "WHAT",
      split = ",",
      description = "Only some pairs, of: ${COMPLETION-CANDIDATES}.")
  private List<Pair> only = List.of(Pair.values());

  /** Who builds tables in turn. */
  private record Side(Contestant first, Contestant second) {}

  @Override
  protected int run(BenchServer server) throws Exception {
    List<HistoryLine> lines =
        HistoryFile.ofTheExample().stream()
            .filter(line -> FileEntity.canHave(line.path()))
            .limit(most)
            .toList();
    try (BenchDatabase database = server.create();
        Load load = Load.start(settings().config(Plugin.KINTSUGI, database))) {
      out()
          .printf(
              "%,d events of %,d files; %d rounds%n",
              lines.size(), lines.stream().map(HistoryLine::path).distinct().count(), rounds);
      new HistoryJournal(load.kintsugi().eventWriter()).fill(database, lines);
      database.execute("VACUUM ANALYZE event_journal");
      progress().line("history");
      Map<Pair, Side> sides = new EnumMap<>(Pair.class);
      for (Pair pair : only) {
        sides.put(
            pair, new Side(pair.openFirst(database), pair.openSecond(database, load.kintsugi())));
      }
      ReplayReport report = new ReplayReport();
      for (int round = 0; round <= rounds; round++) {
        for (Map.Entry<Pair, Side> entry : sides.entrySet()) {
          Contestant first = entry.getValue().first();
          Contestant second = entry.getValue().second();
          Contestant.Run ofFirst;
          Contestant.Run ofSecond;
          // Every other round the other way round, so that nobody always comes first.
          if (round % 2 == 0) {
            ofFirst = build(server, first, lines.size());
            ofSecond = build(server, second, lines.size());
          } else {
            ofSecond = build(server, second, lines.size());
            ofFirst = build(server, first, lines.size());
          }
          refuseDifference(database, first.table(), second.table(), lines.size());
          if (round > 0) {
            report.add(entry.getKey(), ofFirst, ofSecond);
          }
          progress()
              .line(
                  "%s  %s  %,d and %,d events/s"
                      .formatted(
                          round == 0 ? "warm-up" : round + " of " + rounds,
                          entry.getKey(),
                          Math.round(ofFirst.perSecond()),
                          Math.round(ofSecond.perSecond())));
        }
      }
      out().println();
      report.lines().forEach(out()::println);
    }
    return DONE;
  }

  /** Refuses tables that differ in a row, or do not count every event once. */
  private static void refuseDifference(
      BenchDatabase database, String one, String other, long events)
      throws SQLException, LoadFailedException {
    long different = database.count(DIFFERENT_ROWS.formatted(one, other));
    if (different > 0) {
      throw new LoadFailedException(
          "%s and %s were built from the same events, and %,d rows are in only one of them"
              .formatted(one, other, different));
    }
    long counted = database.count("SELECT COALESCE(sum(changes), 0) FROM " + one);
    if (counted != events) {
      throw new LoadFailedException(
          "%s and %s count %,d of %,d events".formatted(one, other, counted, events));
    }
  }

  private static Contestant.Run build(BenchServer server, Contestant contestant, long events)
      throws Exception {
    System.gc();
    server.checkpoint();
    Contestant.Run run = contestant.run();
    if (run.late() > 0) {
      throw new LoadFailedException(
          "%,d events were not replayed but drained: somebody writes".formatted(run.late()));
    }
    if (run.events() != events) {
      throw new LoadFailedException(
          "%s was built from %,d of %,d events"
              .formatted(contestant.table(), run.events(), events));
    }
    return run;
  }
}
