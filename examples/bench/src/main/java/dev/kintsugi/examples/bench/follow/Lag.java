package dev.kintsugi.examples.bench.follow;

import dev.kintsugi.examples.bench.BenchCommand;
import dev.kintsugi.examples.bench.Positive;
import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.bench.load.Plugin;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.examples.bench.stats.Latencies;
import dev.kintsugi.examples.common.TextTable;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** How far projections that follow are behind while actors persist at a steady rate. */
@Command(
    name = "lag",
    description =
        "Measures how far projections that follow are behind while actors persist at a steady rate,"
            + " whether or not earlier events are stored: one on the node that writes, and one on"
            + " another node, whose writers wake nobody. The lag counts from when an event is seen in"
            + " the journal until it is seen in the read model, by a look every few milliseconds."
            + " Afterwards each read model must have every event once.")
public final class Lag extends BenchCommand {

  private static final int WARM_UP_SECONDS = 3;

  @Option(
      names = "--rates",
      paramLabel = "N",
      split = ",",
      defaultValue = "1000,10000",
      converter = Positive.class,
      description = "How many events are due each second, in turn; default ${DEFAULT-VALUE}.")
  private List<Integer> rates = List.of();

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "15",
      converter = Positive.class,
      description = "For how long, at each rate; default ${DEFAULT-VALUE}.")
  private int seconds;

  @Option(
      names = "--actors",
      paramLabel = "N",
      defaultValue = "200",
      converter = Positive.class,
      description = "How many actors persist; default ${DEFAULT-VALUE}.")
  private int actors;

  @Option(
      names = "--kinds",
      paramLabel = "KIND",
      split = ",",
      description = "Which kinds of projections, in turn, of: ${COMPLETION-CANDIDATES}.")
  private List<Kind> kinds = List.of(Kind.values());

  @Override
  protected int run(BenchServer server) throws Exception {
    out().println(describeKintsugi());
    out().printf("%d s at each rate, %d actors%n", seconds, actors);
    TextTable table =
        new TextTable(
            "kind",
            "due/s",
            "stored/s",
            "append p99 ms",
            "follower",
            "lag p50 ms",
            "p99",
            "max",
            "events p50",
            "p99",
            "max");
    for (Kind kind : kinds) {
      measure(server, kind, table);
    }
    out().println();
    table.lines().forEach(out()::println);
    return DONE;
  }

  private void measure(BenchServer server, Kind kind, TextTable table) throws Exception {
    Following here = Following.of("the writers' node", kind, "here_" + kind);
    Following elsewhere = Following.of("another node", kind, "elsewhere_" + kind);
    try (BenchDatabase database = server.create();
        Load writers = Load.start(settings().config(Plugin.KINTSUGI, database));
        Load other = Load.start(settings().config(Plugin.KINTSUGI, database))) {
      here.follow(writers);
      elsewhere.follow(other);
      writers.recover("load", actors);
      paced(writers, rates.get(0), WARM_UP_SECONDS);
      for (int rate : rates) {
        try (LagSampler sampler =
            LagSampler.start(
                database, List.of(here.projection().name(), elsewhere.projection().name()))) {
          Load.Done done = paced(writers, rate, seconds);
          sampler.awaitCaughtUp();
          for (Following each : List.of(here, elsewhere)) {
            row(table, kind, rate, done, each, sampler.of(each.projection().name()));
          }
        }
        progress().line("%s at %,d/s".formatted(kind.title(), rate));
      }
      for (Following each : List.of(here, elsewhere)) {
        each.refuseWrongCount(database);
      }
    }
  }

  private static Load.Done paced(Load writers, int rate, int seconds)
      throws LoadFailedException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    return writers.paced(rate, () -> System.nanoTime() < end);
  }

  private static void row(
      TextTable table,
      Kind kind,
      int rate,
      Load.Done done,
      Following follower,
      LagSampler.Lag lag) {
    table.row(
        kind.title(),
        rate,
        Math.round(done.perSecond()),
        millis(done.latencies().percentile(0.99)),
        follower.name(),
        millis(lag.time().percentile(0.5)),
        millis(lag.time().percentile(0.99)),
        millis(lag.time().max()),
        events(lag.events(), 0.5),
        events(lag.events(), 0.99),
        events(lag.events(), 1));
  }

  private static double millis(Duration duration) {
    return duration.toNanos() / 1e6;
  }

  private static long events(Latencies behind, double share) {
    return behind.percentile(share).toNanos();
  }
}
