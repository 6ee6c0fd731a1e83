package dev.kintsugi.examples.bench.beside;

import dev.kintsugi.examples.bench.BenchCommand;
import dev.kintsugi.examples.bench.Positive;
import dev.kintsugi.examples.bench.Progress;
import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.bench.load.Plugin;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.examples.bench.stats.Latencies;
import dev.kintsugi.examples.common.TextTable;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.status.Comparison;
import dev.kintsugi.runtime.status.ProjectionStatus;
import dev.kintsugi.runtime.status.TableChange;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Whether a reader notices that what he reads is rebuilt. */
@Command(
    name = "unnoticed",
    description =
        "Raises the version of a read model of each kind, with another column and a corrected"
            + " handler, while actors persist; has the older one serve again, and then the newer one."
            + " A reader polls all the while, and holds every row against the journal of the same"
            + " snapshot by the definition that is served. It must find no difference.")
public final class Unnoticed extends BenchCommand {

  private static final int HISTORY_STREAMS = 100;
  private static final int PATIENCE_SECONDS = 600;

  @Option(
      names = "--history",
      paramLabel = "N",
      defaultValue = "200000",
      converter = Positive.class,
      description = "How many events there are at first; default ${DEFAULT-VALUE}.")
  private int history;

  @Option(
      names = "--actors",
      paramLabel = "N",
      defaultValue = "20",
      converter = Positive.class,
      description = "How many actors persist; default ${DEFAULT-VALUE}.")
  private int actors;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "200",
      converter = Positive.class,
      description = "How many events are due each second; default ${DEFAULT-VALUE}.")
  private int rate;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "5",
      converter = Positive.class,
      description =
          "How long each definition is served before the next swap; default ${DEFAULT-VALUE}.")
  private int seconds;

  @Override
  protected int run(BenchServer server) throws Exception {
    out().println(describeKintsugi());
    out()
        .printf(
            "%,d events of history; %,d events a second over %d actors%n", history, rate, actors);
    try (BenchDatabase database = server.create()) {
      try (Load load = Load.start(settings().config(Plugin.KINTSUGI, database))) {
        start(load, 1);
        for (Counted each : Counted.values()) {
          get(load.kintsugi().whenDone(each.projection()));
        }
        fillHistory(load);
      }
      Onlooker onlooker = new Onlooker(database.login(), streams());
      onlooker.start();
      try (Load load = Load.start(settings().config(Plugin.KINTSUGI, database))) {
        raise(load);
        swapBack(load, 1);
        swapBack(load, 2);
      } finally {
        onlooker.end();
      }
      return report(onlooker);
    }
  }

  private List<String> streams() {
    return Stream.concat(
            IntStream.rangeClosed(1, Math.min(HISTORY_STREAMS, history))
                .mapToObj(i -> "history-" + i),
            IntStream.rangeClosed(1, actors).mapToObj(i -> "load-" + i))
        .toList();
  }

  private static void start(Load load, int version) {
    List<Projection<?>> definitions = new ArrayList<>();
    for (Counted each : Counted.values()) {
      definitions.add(
          version == 1
              ? each.definition(1)
              : each.definition(version).replacing(each.definition(version - 1)));
    }
    load.kintsugi().start(definitions.toArray(Projection<?>[]::new));
  }

  private void fillHistory(Load load) throws LoadFailedException, InterruptedException {
    load.recover("history", Math.min(HISTORY_STREAMS, history));
    try (Progress.Running running = progress().counting("history", load::events)) {
      load.persistAsync(history / Math.min(HISTORY_STREAMS, history));
    }
  }

  private void raise(Load load) throws Exception {
    long begin = System.nanoTime();
    start(load, 2);
    load.recover("load", actors);
    until(load, 2);
    out().printf("version 2 of all serves after %.1f s%n", secondsSince(begin));
    for (Counted each : Counted.values()) {
      ProjectionStatus status = get(load.kintsugi().status(each.projection()));
      Comparison comparison =
          get(load.kintsugi().comparison(each.projection(), status.generation().generation()))
              .orElseThrow();
      for (TableChange table : comparison.tables()) {
        out()
            .printf(
                "%s: %,d rows equal, %,d differ %s, new columns %s%n",
                table.table(),
                table.equal(),
                table.differing(),
                table.differingByColumn(),
                table.columnsOnlyNewer());
      }
    }
    served(load, 2);
  }

  private void swapBack(Load load, int version) throws Exception {
    long begin = System.nanoTime();
    for (Counted each : Counted.values()) {
      get(load.kintsugi().management("benchmark").undo(each.projection(), "a benchmark"));
    }
    until(load, version);
    out().printf("version %d of all serves again after %.1f s%n", version, secondsSince(begin));
    served(load, version);
  }

  /** Persists while all serve a version, for a while. */
  private void served(Load load, int version) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    try (Progress.Running running = progress().counting("version " + version, load::events)) {
      load.paced(rate, () -> System.nanoTime() < end);
    }
  }

  /** Persists until all serve a version. */
  private void until(Load load, int version) throws Exception {
    long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!isServed(load, version)) {
      if (System.nanoTime() > giveUp) {
        throw new LoadFailedException(
            "version %d is not served within %d s".formatted(version, PATIENCE_SECONDS));
      }
      long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(500);
      load.paced(rate, () -> System.nanoTime() < end);
    }
  }

  private static boolean isServed(Load load, int version) throws Exception {
    for (Counted each : Counted.values()) {
      if (get(load.kintsugi().status(each.projection())).generation().version() != version) {
        return false;
      }
    }
    return true;
  }

  private int report(Onlooker onlooker) {
    TextTable table =
        new TextTable(
            "read model",
            "polls of version 1",
            "of version 2",
            "differences",
            "poll p50",
            "p99",
            "longest, ms");
    long differences = 0;
    for (Counted each : Counted.values()) {
      Onlooker.Seen seen = onlooker.seen(each);
      Latencies latencies = seen.latencies().soFar();
      differences += seen.differences();
      table.row(
          each.projection(),
          "%,d".formatted(seen.polls(1)),
          "%,d".formatted(seen.polls(2)),
          "%,d".formatted(seen.differences()),
          millis(latencies.percentile(0.5).toNanos()),
          millis(latencies.percentile(0.99).toNanos()),
          millis(latencies.max().toNanos()));
    }
    out().println();
    table.lines().forEach(out()::println);
    onlooker.faults().forEach(out()::println);
    boolean isUnnoticed = differences == 0 && onlooker.faults().isEmpty();
    out().println(isUnnoticed ? "no reader noticed" : "A READER NOTICED");
    return isUnnoticed ? DONE : FAILED;
  }

  private static String millis(long nanos) {
    return "%.1f".formatted(nanos / 1e6);
  }

  private static double secondsSince(long begin) {
    return (System.nanoTime() - begin) / 1e9;
  }

  private static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }
}
