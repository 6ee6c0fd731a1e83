package dev.kintsugi.examples.bench.cluster.chaos;

import dev.kintsugi.examples.bench.BenchCommand;
import dev.kintsugi.examples.bench.Positive;
import dev.kintsugi.examples.bench.cluster.history.Audits;
import dev.kintsugi.examples.bench.cluster.history.Change;
import dev.kintsugi.examples.bench.failures.Claims;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.examples.cluster.ClusterFailedException;
import dev.kintsugi.examples.cluster.Timeline;
import dev.kintsugi.examples.cluster.launch.ConfigDirectory;
import dev.kintsugi.examples.common.BadInputException;
import dev.kintsugi.examples.common.TextTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Lets everything go wrong at once, by a seed, and looks for what was lost. */
@Command(
    name = "chaos",
    description =
        "Three JVMs write a real history into read models of each kind, while at random nodes are"
            + " killed or stand still, the server crashes and recovers, sessions are ended,"
            + " connections stall or are cut by a proxy, handlers fail, one node's clock is an hour"
            + " off, and operators rebuild, pause, stop, retry and discard. Then there is peace, and"
            + " the audit: nothing acknowledged is lost, nothing doubled, nothing out of order,"
            + " nothing stuck, and the nodes' own verification finds every read model clean. The same seed makes the same faults at the same times; what they meet is"
            + " another story each time.")
public final class Chaos extends BenchCommand {

  @Option(
      names = "--runs",
      paramLabel = "N",
      defaultValue = "6",
      converter = Positive.class,
      description =
          "How many runs, each with a database, a cluster and a seed of its own; default"
              + " ${DEFAULT-VALUE}.")
  private int runs;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "600",
      converter = Positive.class,
      description = "For how long things go wrong in each; default ${DEFAULT-VALUE}.")
  private int seconds;

  @Option(
      names = "--gap",
      paramLabel = "MILLIS",
      defaultValue = "4000",
      converter = Positive.class,
      description = "The mean time from one fault to the next; default ${DEFAULT-VALUE}.")
  private int gap;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description =
          "Of the first run; the next one has the next. Default: another one each time; it is"
              + " printed.")
  private Optional<Long> seed = Optional.empty();

  @Option(
      names = "--only",
      paramLabel = "FAULT",
      split = ",",
      description = "Only some faults, of: ${COMPLETION-CANDIDATES}.")
  private List<Kind> only = List.of(Kind.values());

  @Option(
      names = "--events",
      paramLabel = "N",
      defaultValue = "20000",
      converter = Positive.class,
      description =
          "How many events there are before anything goes wrong; default ${DEFAULT-VALUE}.")
  private int events;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "250",
      converter = Positive.class,
      description = "How many events a second are written from then on; default ${DEFAULT-VALUE}.")
  private int rate;

  @Mixin private ConfigDirectory config = new ConfigDirectory();

  @Option(
      names = "--logs",
      paramLabel = "DIR",
      defaultValue = "target/chaos",
      description =
          "The directory for the nodes' logs, and for the tables of a run that went wrong; default"
              + " ${DEFAULT-VALUE}.")
  private Path logs = Path.of("target");

  @Override
  protected int run(BenchServer server) throws Exception {
    ChaosRun.Shape shape = shape(server);
    List<Change> history = Change.ofTheExample(events);
    long first = seed.orElseGet(() -> ThreadLocalRandom.current().nextLong(1_000_000_000));
    out()
        .printf(
            "%d runs of %d s, a fault every %.1f s; %,d events before, %d a second; seed %d%n",
            runs, seconds, gap / 1000.0, events, rate, first);
    out().flush();
    Claims claims = new Claims();
    Tried tried = new Tried();
    Recorded recorded = new Recorded();
    TextTable table =
        new TextTable(
            "run",
            "seed",
            "faults",
            "nodes started again",
            "acknowledged",
            "outcome unknown",
            "rebuilds",
            "skip records",
            "");
    boolean clean = true;
    for (int run = 1; run <= runs; run++) {
      long own = first + run - 1;
      Path directory = Files.createDirectories(logs.resolve("seed-" + own)).toRealPath();
      System.out.printf("%nRun %d of %d, seed %d; it logs to %s%n", run, runs, own, directory);
      Timeline timeline = new Timeline(System.out);
      ChaosRun.Outcome outcome;
      try {
        outcome =
            new ChaosRun(server, settings(), shape, history, timeline).run(own, directory, claims);
      } catch (ClusterFailedException e) {
        out().println(e.getMessage());
        out().println("Run %d came to no end; again by --runs 1 --seed %d".formatted(run, own));
        return FAILED;
      }
      outcome.broken().forEach(System.out::println);
      clean &= outcome.broken().isEmpty();
      tried.add(outcome.tried());
      recorded.add(outcome.records());
      table.row(
          run,
          Long.toString(own),
          outcome.tried().done(),
          outcome.restarts(),
          outcome.acknowledged(),
          outcome.unknown(),
          outcome.rebuilds(),
          outcome.records().stream().mapToLong(Audits.Records::count).sum(),
          outcome.broken().isEmpty() ? "clean" : "BROKEN");
    }
    report(table, tried, recorded, claims);
    return clean && claims.hold() ? DONE : FAILED;
  }

  private ChaosRun.Shape shape(BenchServer server) throws IOException, BadInputException {
    Path configuration = config.path();
    if (!server.isEmbedded()) {
      throw new BadInputException("The server is to be crashed, and the one at --url is not ours");
    }
    return new ChaosRun.Shape(
        events,
        rate,
        Duration.ofSeconds(seconds),
        Duration.ofMillis(gap),
        List.copyOf(only),
        configuration);
  }

  private void report(TextTable table, Tried tried, Recorded recorded, Claims claims) {
    out().println();
    table.lines().forEach(out()::println);
    out().println();
    tried.lines().forEach(out()::println);
    out().println();
    recorded.lines().forEach(out()::println);
    out().println();
    claims.lines().forEach(out()::println);
    out().println();
    out()
        .println(
            claims.hold()
                ? "%,d faults: nothing lost, nothing doubled, nothing out of order, nothing stuck."
                    .formatted(tried.done())
                : "NOT all is as it should be.");
  }
}
