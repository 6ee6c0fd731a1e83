package dev.kintsugi.examples.bench.endurance;

import dev.kintsugi.examples.bench.BenchCommand;
import dev.kintsugi.examples.bench.Positive;
import dev.kintsugi.examples.bench.Progress;
import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.load.LoadEvent;
import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.bench.load.Plugin;
import dev.kintsugi.examples.bench.load.WritesHandler;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.runtime.RebuildHandle;
import dev.kintsugi.runtime.status.Rebuild;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A steady load for long, with a rebuild in each interval. */
@Command(
    name = "endurance",
    description =
        "Persists at a steady rate for an hour, with two inline projections, one of which is rebuilt"
            + " at the beginning of each minute: that of one stream in ten, as the journal grows and"
            + " a minute does not. Prints latencies (while it is rebuilt, and afterwards), heap,"
            + " connections and sizes of the first and the last ten minutes: what grows that should"
            + " not? Latencies count from the time at which an event was due.")
public final class Endurance extends BenchCommand {

  /** Of all streams; never rebuilt. */
  static final String STEADY = "steady_writes";

  /** Of one stream in ten. */
  static final String REBUILT = "rebuilt_writes";

  private static final String OFTEN = "often";
  private static final int ONE_IN = 10;

  /** A rebuild that takes longer than its interval is waited for. */
  private static final int PATIENCE_SECONDS = 120;

  private static final String LEFT_BEHIND =
      "SELECT abs((SELECT count(*) FROM event_journal) - (SELECT sum(events) FROM %s))"
              .formatted(STEADY)
          + " + abs((SELECT count(*) FROM event_journal WHERE persistence_id LIKE '%s|%%')"
              .formatted(OFTEN)
          + " - (SELECT sum(events) FROM %s)) + (SELECT count(*) FROM kintsugi_skip)"
              .formatted(REBUILT);

  @Option(
      names = "--intervals",
      paramLabel = "N",
      defaultValue = "60",
      converter = Positive.class,
      description = "How many intervals; default ${DEFAULT-VALUE}.")
  private int intervals;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "60",
      converter = Positive.class,
      description = "How long each is; default ${DEFAULT-VALUE}.")
  private int seconds;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "1000",
      converter = Positive.class,
      description = "How many events are due each second; default ${DEFAULT-VALUE}.")
  private int rate;

  @Option(
      names = "--actors",
      paramLabel = "N",
      defaultValue = "1000",
      converter = Positive.class,
      description = "How many actors take turns; default ${DEFAULT-VALUE}.")
  private int actors;

  @Override
  protected int run(BenchServer server) throws Exception {
    out().println(describeKintsugi());
    out()
        .printf(
            "%d intervals of %d s, %,d events a second over %,d actors, a rebuild in each%n",
            intervals, seconds, rate, actors);
    out().flush();
    EnduranceReport report = new EnduranceReport();
    try (BenchDatabase database = server.create();
        Load load = Load.start(settings().config(Plugin.KINTSUGI, database))) {
      load.kintsugi()
          .start(WritesHandler.projection(STEADY), WritesHandler.projectionOf(OFTEN, REBUILT));
      for (String name : List.of(STEADY, REBUILT)) {
        load.kintsugi().whenDone(name).toCompletableFuture().get();
      }
      load.recover(streams(), stream -> LoadEvent.beginningWith(stream + " "));
      for (int interval = 1; interval <= intervals; interval++) {
        Interval done = interval(load, database);
        report.add(done);
        progress()
            .line(
                "%d of %d  p99 %s, %s while rebuilding; %,d events, %,d replayed"
                    .formatted(
                        interval,
                        intervals,
                        p99(done.afterwards()),
                        p99(done.rebuilding()),
                        done.server().events(),
                        done.rebuild().replayed()));
      }
      refuseWrongReadModels(database);
    }
    out().println();
    report.lines().forEach(out()::println);
    return DONE;
  }

  private static String p99(Waits waits) {
    return waits.p99Millis().map("%.1f ms"::formatted).orElse("of nobody");
  }

  private List<String> streams() {
    return IntStream.rangeClosed(1, actors)
        .mapToObj(i -> (i % ONE_IN == 0 ? OFTEN : "seldom") + "|" + i)
        .toList();
  }

  private Interval interval(Load load, BenchDatabase database) throws Exception {
    RebuildHandle handle =
        load.kintsugi().rebuild(REBUILT, "endurance").toCompletableFuture().get();
    CompletableFuture<Rebuild> proven = handle.done().toCompletableFuture();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    Waits rebuilding;
    Waits afterwards;
    try (Progress.Running running = progress().counting("events", load::events)) {
      rebuilding = Waits.of(load.paced(rate, () -> !proven.isDone() && System.nanoTime() < end));
      afterwards = Waits.of(load.paced(rate, () -> System.nanoTime() < end));
    }
    // Between two loads, so that the collection delays nothing that is due.
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    long heap = runtime.totalMemory() - runtime.freeMemory();
    return new Interval(
        rebuilding,
        afterwards,
        proven.get(seconds + PATIENCE_SECONDS, TimeUnit.SECONDS),
        heap,
        ServerSample.take(database));
  }

  private static void refuseWrongReadModels(BenchDatabase database) throws Exception {
    long leftBehind = database.count(LEFT_BEHIND);
    if (leftBehind != 0) {
      throw new LoadFailedException(
          "The read models are not what the journal is: %,d events or records more or less"
              .formatted(leftBehind));
    }
  }
}
