package dev.kintsugi.examples.bench.append;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.kintsugi.examples.bench.BenchCommand;
import dev.kintsugi.examples.bench.Positive;
import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.server.BenchServer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Appends and recovers beside the stock plugin. */
@Command(
    name = "append",
    description =
        "Measures appends and recovery beside the stock plugin (Pekko Persistence JDBC, on Slick):"
            + " the same actors, events, tables and number of connections, each run in a database of"
            + " its own, the plugins in turn.")
public final class Append extends BenchCommand {

  @Option(
      names = "--actors",
      paramLabel = "N",
      defaultValue = "100",
      converter = Positive.class,
      description = "How many actors persist at once; default ${DEFAULT-VALUE}.")
  private int actors;

  @Option(
      names = "--events",
      paramLabel = "N",
      defaultValue = "1000",
      converter = Positive.class,
      description = "How many events each persists; default ${DEFAULT-VALUE}.")
  private int events;

  @Option(
      names = "--runs",
      paramLabel = "N",
      defaultValue = "5",
      converter = Positive.class,
      description = "How often each is measured; default ${DEFAULT-VALUE}.")
  private int runs;

  @Option(
      names = "--warm-up",
      paramLabel = "N",
      defaultValue = "300",
      converter = Positive.class,
      description =
          "How many events each actor persists in the round before, which is not measured; default"
              + " ${DEFAULT-VALUE}.")
  private int warmUp;

  @Option(
      names = "--only",
      paramLabel = "WHAT",
      split = ",",
      description = "Only some comparisons, of: ${COMPLETION-CANDIDATES}.")
  private List<Comparison> only = List.of(Comparison.values());

  @Override
  protected int run(BenchServer server) throws Exception {
    out().println("%d actors, %,d events each; %d runs".formatted(actors, events, runs));
    stockSettings().forEach(out()::println);
    AppendReport report = new AppendReport(only);
    List<Case> cases = Comparison.cases(only);
    try (Runner runner = new Runner(server, settings(), progress(), actors)) {
      for (Case what : cases) {
        runner.run(what, warmUp);
        progress().line("warm-up  " + what);
      }
      for (int round = 1; round <= runs; round++) {
        for (Case what : inTurn(cases, round)) {
          Load.Done done = runner.run(what, events);
          report.add(what, done);
          progress()
              .line(
                  "%d of %d  %s  %,d events/s"
                      .formatted(round, runs, what, Math.round(done.perSecond())));
        }
      }
    }
    out().println();
    report.lines().forEach(out()::println);
    return DONE;
  }

  /** Every other round goes backwards, so that neither plugin always comes first. */
  private static List<Case> inTurn(List<Case> cases, int round) {
    List<Case> inTurn = new ArrayList<>(cases);
    if (round % 2 == 0) {
      Collections.reverse(inTurn);
    }
    return inTurn;
  }

  private Stream<String> stockSettings() {
    Config config =
        ConfigFactory.parseMap(settings().overrides()).withFallback(ConfigFactory.load("bench"));
    return Stream.of(
        "stock: %d connections, parallelism %s, batchSize %s, bufferSize %s, replayBatchSize %s"
            .formatted(
                settings().connections(),
                config.getString("jdbc-journal.parallelism"),
                config.getString("jdbc-journal.batchSize"),
                config.getString("jdbc-journal.bufferSize"),
                config.getString("jdbc-journal.replayBatchSize")),
        describeKintsugi());
  }
}
