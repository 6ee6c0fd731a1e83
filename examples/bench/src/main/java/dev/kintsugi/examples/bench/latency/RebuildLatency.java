package dev.kintsugi.examples.bench.latency;

import dev.kintsugi.examples.bench.BenchCommand;
import dev.kintsugi.examples.bench.Positive;
import dev.kintsugi.examples.bench.Progress;
import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.bench.load.Plugin;
import dev.kintsugi.examples.bench.load.WritesHandler;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.runtime.RebuildHandle;
import dev.kintsugi.runtime.status.Rebuild;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Latencies of a steady load, without and with a rebuild meanwhile. */
@Command(
    name = "rebuild-latency",
    description =
        "Measures how long a persist() takes at a steady rate, without and while the projection of"
            + " these events is rebuilt, in turn. Latencies count from the time at which an event was"
            + " due, not from when the actor got to it.")
public final class RebuildLatency extends BenchCommand {

  /** That many streams hold the history, apart from the streams of the load. */
  private static final int HISTORY_STREAMS = 100;

  private static final String LEFT_BEHIND =
      "SELECT (SELECT count(*) FROM event_journal) - (SELECT sum(events) FROM writes)"
          + " + (SELECT count(*) FROM kintsugi_skip)";

  @Option(
      names = "--history",
      paramLabel = "N",
      defaultValue = "100000",
      converter = Positive.class,
      description = "How many events there are to replay at first; default ${DEFAULT-VALUE}.")
  private int history;

  @Option(
      names = "--actors",
      paramLabel = "N",
      defaultValue = "50",
      converter = Positive.class,
      description = "How many actors take turns in the load; default ${DEFAULT-VALUE}.")
  private int actors;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "500",
      converter = Positive.class,
      description =
          "How many events are due each second, over all actors; default ${DEFAULT-VALUE}.")
  private int rate;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "5",
      converter = Positive.class,
      description = "How often both are measured; default ${DEFAULT-VALUE}.")
  private int rounds;

  @Override
  protected int run(BenchServer server) throws Exception {
    out().println(describeKintsugi());
    out()
        .printf(
            "%,d events of history; %,d events a second over %d actors; %d rounds%n",
            history, rate, actors, rounds);
    try (BenchDatabase database = server.create();
        Load load = Load.start(settings().config(Plugin.KINTSUGI, database))) {
      load.kintsugi().start(WritesHandler.projection());
      load.kintsugi().whenDone(WritesHandler.NAME).toCompletableFuture().get();
      fillHistory(load);
      load.recover("load", actors);
      LatencyReport report = new LatencyReport();
      Load.Done warmUp = whileRebuilding(load).load();
      progress().line("warm-up");
      Duration asLong = warmUp.took();
      for (int round = 1; round <= rounds; round++) {
        Load.Done without = forAsLongAs(load, asLong);
        Rebuilding with = whileRebuilding(load);
        asLong = with.load().took();
        report.add(without, with.load(), with.rebuild());
        progress().line("round %d of %d".formatted(round, rounds));
      }
      refuseWrongReadModel(database);
      out().println();
      report.lines().forEach(out()::println);
    }
    return DONE;
  }

  private record Rebuilding(Load.Done load, Rebuild rebuild) {}

  private void fillHistory(Load load) throws LoadFailedException, InterruptedException {
    load.recover("history", Math.min(HISTORY_STREAMS, history));
    try (Progress.Running running = progress().counting("history", load::events)) {
      load.persistAsync(history / Math.min(HISTORY_STREAMS, history));
    }
    progress().line("history");
  }

  /** Ends with the rebuild, which is proven to be whole by then. */
  private Rebuilding whileRebuilding(Load load) throws Exception {
    RebuildHandle handle =
        load.kintsugi().rebuild(WritesHandler.NAME, "benchmark").toCompletableFuture().get();
    CompletableFuture<Rebuild> proven = handle.done().toCompletableFuture();
    Load.Done done = paced(load, "rebuilding", () -> !proven.isDone());
    return new Rebuilding(done, proven.get());
  }

  private Load.Done forAsLongAs(Load load, Duration asLong) throws Exception {
    long end = System.nanoTime() + asLong.toNanos();
    return paced(load, "not rebuilding", () -> System.nanoTime() < end);
  }

  private Load.Done paced(Load load, String what, BooleanSupplier goesOn) throws Exception {
    try (Progress.Running running = progress().counting(what, load::events)) {
      return load.paced(rate, goesOn);
    }
  }

  private static void refuseWrongReadModel(BenchDatabase database) throws Exception {
    long leftBehind = database.count(LEFT_BEHIND);
    if (leftBehind != 0) {
      throw new LoadFailedException(
          "The read model is not what the journal is: %,d events more or less"
              .formatted(leftBehind));
    }
  }
}
