package dev.kintsugi.examples.bench.cuts;

import com.typesafe.config.Config;
import dev.kintsugi.examples.bench.BenchCommand;
import dev.kintsugi.examples.bench.Positive;
import dev.kintsugi.examples.bench.Seed;
import dev.kintsugi.examples.bench.Settings;
import dev.kintsugi.examples.bench.load.Plugin;
import dev.kintsugi.examples.bench.proxy.Proxy;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.examples.common.TextTable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Starts actor systems before their database, and measures when they work. */
@Command(
    name = "late-database",
    description =
        "Starts an actor system whose database can't be reached yet, which is used at once in each"
            + " way; lets the database be reached after a random delay; and measures how long after"
            + " that the first persist is stored, a projection is started, a snapshot is loaded, a"
            + " durable state is written, and a query answered. None may take longer than"
            + " kintsugi.jdbc.connection-timeout.")
public final class LateDatabase extends BenchCommand {

  private static final Map<String, String> SETTINGS =
      Map.of(
          "pekko.persistence.snapshot-store.plugin", "kintsugi.snapshot-store",
          // What fails until then is as it should be.
          "pekko.loglevel", "OFF");

  private static final int SHORTEST_MILLIS = 1_000;

  @Option(
      names = "--times",
      paramLabel = "N",
      defaultValue = "10",
      converter = Positive.class,
      description = "How many actor systems, each with a database; default ${DEFAULT-VALUE}.")
  private int times;

  @Option(
      names = "--longest",
      paramLabel = "SECONDS",
      defaultValue = "20",
      converter = Positive.class,
      description =
          "The longest delay, in seconds; the shortest is one second. Default ${DEFAULT-VALUE}.")
  private int longest;

  @Mixin private Seed seed = new Seed();

  @Override
  protected int run(BenchServer server) throws Exception {
    long seedInUse = seed.choose();
    Random random = new Random(seedInUse);
    out().println(describeKintsugi());
    out().printf("%d starts; delays of 1 to %d s; seed %d%n", times, longest, seedInUse);
    out().flush();
    TextTable table =
        new TextTable(
            "start", "delay s", "persist", "projection", "snapshot", "state", "query", "");
    boolean inTime = true;
    double slowest = 0;
    Duration bound = Duration.ZERO;
    for (int i = 1; i <= times; i++) {
      long delay = random.nextLong(SHORTEST_MILLIS, longest * 1_000L + 1);
      try (BenchDatabase database = server.create();
          Proxy proxy = Proxy.open(database.login().address())) {
        Config config = config(database, proxy);
        bound = config.getDuration("kintsugi.jdbc.connection-timeout");
        proxy.closeDoor();
        List<Double> seconds = start(config, proxy, delay, bound);
        double slowestOfAll = Collections.max(seconds);
        boolean met = slowestOfAll <= bound.toNanos() / 1e9;
        inTime &= met;
        slowest = Math.max(slowest, slowestOfAll);
        List<Object> cells = new ArrayList<>(List.of(i, delay / 1e3));
        cells.addAll(seconds);
        cells.add(met ? "in time" : "TOO LATE");
        table.row(cells.toArray());
        progress().line("start %d of %d  after %.1f s without".formatted(i, times, delay / 1e3));
      }
    }
    out().println();
    out().println("Seconds from the database's being there until it was used, in each way");
    table.lines().forEach(out()::println);
    out().println();
    out()
        .printf(
            "The slowest took %.2f s; connection-timeout is %.1f s: %s.%n",
            slowest, bound.toMillis() / 1e3, inTime ? "all in time" : "NOT all in time");
    return inTime ? DONE : FAILED;
  }

  private Config config(BenchDatabase database, Proxy proxy) {
    Settings settings = settings();
    Map<String, String> overrides = new HashMap<>(SETTINGS);
    overrides.putAll(settings.overrides());
    return Plugin.KINTSUGI.config(
        database.login().atPort(proxy.port()), settings.connections(), overrides);
  }

  private static List<Double> start(Config config, Proxy proxy, long delayMillis, Duration bound)
      throws Exception {
    try (LateStart start = LateStart.begin(config)) {
      TimeUnit.MILLISECONDS.sleep(delayMillis);
      start.refuseUseWithoutDatabase();
      proxy.openDoor();
      // What is late is measured, too, unless it never comes.
      return start.awaitAll(System.nanoTime(), bound.multipliedBy(6));
    }
  }
}
