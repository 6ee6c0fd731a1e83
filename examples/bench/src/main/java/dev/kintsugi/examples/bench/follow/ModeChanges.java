package dev.kintsugi.examples.bench.follow;

import dev.kintsugi.examples.bench.BenchCommand;
import dev.kintsugi.examples.bench.Positive;
import dev.kintsugi.examples.bench.Seed;
import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.load.Plugin;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.examples.common.TextTable;
import dev.kintsugi.runtime.status.ProjectionStatus;
import dev.kintsugi.runtime.status.Status;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A projection is inline, follows, is inline again, and so on, while actors persist. */
@Command(
    name = "mode-changes",
    description =
        "Changes a projection from inline to following and back without a rebuild, at random"
            + " moments, while actors persist. Each change is a start of the application with the"
            + " other definition; many end before the change has. In the end every event must be"
            + " applied once, in its stream's order.")
public final class ModeChanges extends BenchCommand {

  private static final int SHORTEST_MILLIS = 100;
  private static final int LONGEST_MILLIS = 1500;
  private static final int PATIENCE_SECONDS = 60;

  @Option(
      names = "--times",
      paramLabel = "N",
      defaultValue = "200",
      converter = Positive.class,
      description = "How many changes; default ${DEFAULT-VALUE}.")
  private int times;

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
      defaultValue = "500",
      converter = Positive.class,
      description = "How many events are due each second; default ${DEFAULT-VALUE}.")
  private int rate;

  @Mixin private Seed seed = new Seed();

  @Override
  protected int run(BenchServer server) throws Exception {
    long seedInUse = seed.choose();
    Random random = new Random(seedInUse);
    out().println(describeKintsugi());
    out()
        .printf(
            "%d changes; %d actors, %,d events a second; seed %d%n",
            times, actors, rate, seedInUse);
    try (BenchDatabase database = server.create()) {
      int inTime = 0;
      for (int i = 0; i <= times; i++) {
        boolean follows = i % 2 == 1;
        try (Load load = Load.start(settings().config(Plugin.KINTSUGI, database))) {
          load.kintsugi().start(StrictHandler.projection(follows));
          load.recover("load", actors);
          long end =
              System.nanoTime()
                  + TimeUnit.MILLISECONDS.toNanos(random.nextInt(SHORTEST_MILLIS, LONGEST_MILLIS));
          load.paced(rate, () -> System.nanoTime() < end);
          inTime += i > 0 && is(load, follows) ? 1 : 0;
          if (i == times) {
            awaitAllApplied(load, database, follows);
          }
        }
        if (i > 0) {
          progress().line("change %d of %d".formatted(i, times));
        }
      }
      return audit(database, inTime);
    }
  }

  private static boolean is(Load load, boolean follows) throws Exception {
    ProjectionStatus status =
        load.kintsugi().status(StrictHandler.NAME).toCompletableFuture().get();
    return status.generation().status() == (follows ? Status.FOLLOWING : Status.ACTIVE);
  }

  private static void awaitAllApplied(Load load, BenchDatabase database, boolean follows)
      throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (System.nanoTime() < deadline
        && !(is(load, follows) && database.count(MISSING) == 0 && database.count(OPEN) == 0)) {
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  private static final String MISSING =
      "SELECT (SELECT count(*) FROM event_journal) - (SELECT COALESCE(sum(events), 0) FROM strict)";

  private static final String OPEN = "SELECT count(*) FROM kintsugi_skip";

  /** An event that came again, or before its turn, has failed. */
  private static final String OUT_OF_ORDER =
      """
      SELECT (SELECT count(*) FROM kintsugi_skip WHERE attempts > 0)
        + (SELECT count(*) FROM kintsugi_skip_archive WHERE attempts > 0)
      """;

  private static final String BESIDE =
      """
      SELECT count(*) FROM (
        SELECT persistence_id, max(sequence_number) AS last FROM event_journal GROUP BY 1) j
      FULL JOIN strict s USING (persistence_id)
      WHERE s.last_sequence_number IS DISTINCT FROM j.last OR s.events IS DISTINCT FROM j.last
      """;

  private int audit(BenchDatabase database, int inTime) throws Exception {
    TextTable table = new TextTable("claim", "expected", "counted", "");
    boolean held = row(table, "events that are in no row", database.count(MISSING));
    held &= row(table, "events that came twice or before their turn", database.count(OUT_OF_ORDER));
    held &= row(table, "streams whose row is not the journal", database.count(BESIDE));
    held &= row(table, "open skip records", database.count(OPEN));
    out().println();
    out()
        .printf(
            "%,d events, %,d records on the way; generation %d; %d changes were done when their application ended%n",
            database.count("SELECT count(*) FROM event_journal"),
            database.count("SELECT count(*) FROM kintsugi_skip_archive"),
            database.count("SELECT max(generation) FROM kintsugi_projection"),
            inTime);
    out().println();
    table.lines().forEach(out()::println);
    return held ? DONE : FAILED;
  }

  private static boolean row(TextTable table, String claim, long counted) {
    table.row(claim, 0, counted, counted == 0 ? "held" : "BROKEN");
    return counted == 0;
  }
}
