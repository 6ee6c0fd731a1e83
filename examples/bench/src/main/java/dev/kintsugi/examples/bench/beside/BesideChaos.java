package dev.kintsugi.examples.bench.beside;

import dev.kintsugi.examples.bench.BenchCommand;
import dev.kintsugi.examples.bench.Positive;
import dev.kintsugi.examples.bench.Seed;
import dev.kintsugi.examples.bench.follow.StrictHandler;
import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.bench.load.Plugin;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.examples.common.TextTable;
import dev.kintsugi.runtime.status.ProjectionStatus;
import java.sql.SQLException;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Builds beside what is served, one after the other, with crashes, aborted writers, undo. */
@Command(
    name = "beside-chaos",
    description =
        "Builds a projection beside what is served, again and again, while actors persist. As chance"
            + " has it the application ends in the midst of a build, the server cuts off sessions, a"
            + " swap is undone, or undone and swapped again, or what it replaced is retired. In the end"
            + " every event must be applied once, in its stream's order, in every generation that is"
            + " there; and every comparison must have found the generations the same.")
public final class BesideChaos extends BenchCommand {

  private static final int SHORTEST_MILLIS = 50;
  private static final int LONGEST_MILLIS = 1500;
  private static final int PATIENCE_SECONDS = 120;

  private static final String CUT =
      """
      SELECT count(pg_terminate_backend(pid)) FROM (
        SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT 3) s
      """;

  private static final String UNEQUAL =
      """
      SELECT count(*) FROM kintsugi_rebuild, jsonb_array_elements(comparison) c
      WHERE (c->>'differing')::bigint + (c->>'onlyOlder')::bigint + (c->>'onlyNewer')::bigint > 0
      """;

  private static final String FAILED_EVENTS =
      """
      SELECT (SELECT count(*) FROM kintsugi_skip WHERE attempts > 0)
        + (SELECT count(*) FROM kintsugi_skip_archive WHERE attempts > 0)
      """;

  private static final String UNLIKE_THE_JOURNAL =
      """
      SELECT count(*) FROM (
        SELECT persistence_id, max(sequence_number) AS last FROM event_journal GROUP BY 1) j
      FULL JOIN %s s USING (persistence_id)
      WHERE s.last_sequence_number IS DISTINCT FROM j.last OR s.events IS DISTINCT FROM j.last
      """;

  @Option(
      names = "--times",
      paramLabel = "N",
      defaultValue = "100",
      converter = Positive.class,
      description = "How many builds; default ${DEFAULT-VALUE}.")
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
      defaultValue = "300",
      converter = Positive.class,
      description = "How many events are due each second; default ${DEFAULT-VALUE}.")
  private int rate;

  @Mixin private Seed seed = new Seed();

  private Random random = new Random();
  private int swaps;
  private int undone;
  private int retired;
  private int cuts;
  private int ends;

  @Override
  protected int run(BenchServer server) throws Exception {
    long seedInUse = seed.choose();
    random = new Random(seedInUse);
    out().println(describeKintsugi());
    out()
        .printf(
            "%d builds; %d actors, %,d events a second; seed %d%n", times, actors, rate, seedInUse);
    try (BenchDatabase database = server.create()) {
      int highest = 1;
      try (Load load = Load.start(settings().config(Plugin.KINTSUGI, database))) {
        load.kintsugi().start(StrictHandler.inVersion(1));
        get(load.kintsugi().whenDone(StrictHandler.NAME));
      }
      while (swaps < times) {
        int serving = (int) database.count("SELECT version FROM kintsugi_projection WHERE serving");
        boolean isUndone =
            database.count(
                    "SELECT count(*) FROM kintsugi_rebuild WHERE undone_at IS NOT NULL AND version = "
                        + highest)
                > 0;
        highest = highest <= serving || isUndone ? highest + 1 : highest;
        int next = Math.max(highest, serving + 1);
        highest = next;
        try {
          build(database, serving, next);
        } catch (LoadFailedException | CutOffException cutOff) {
          ends++; // its actors, or we, were cut off from the database: the application starts again
        }
        progress().line("%d of %d swaps, %d undone".formatted(swaps, times, undone));
      }
      settle(database);
      return audit(database);
    }
  }

  private void build(BenchDatabase database, int serving, int next) throws Exception {
    try (Load load = Load.start(settings().config(Plugin.KINTSUGI, database))) {
      load.kintsugi()
          .start(StrictHandler.inVersion(next).replacing(StrictHandler.inVersion(serving)));
      load.recover("load", actors);
      pace(load, random.nextInt(SHORTEST_MILLIS, LONGEST_MILLIS));
      if (random.nextInt(4) == 0) {
        ends++;
        return;
      }
      if (random.nextInt(4) == 0) {
        cuts += (int) database.count(CUT);
      }
      awaitServing(load, next);
      swaps++;
      switch (random.nextInt(5)) {
        case 0 -> undo(load, serving);
        case 1 -> {
          undo(load, serving);
          undo(load, next);
        }
        case 2 -> retire(load);
        default -> pace(load, random.nextInt(SHORTEST_MILLIS, LONGEST_MILLIS));
      }
      if (random.nextBoolean()) {
        retire(load);
      }
    }
  }

  private void pace(Load load, int millis) throws Exception {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    load.paced(rate, () -> System.nanoTime() < end);
  }

  private void awaitServing(Load load, int version) throws Exception {
    long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (true) {
      ProjectionStatus status = get(load.kintsugi().status(StrictHandler.NAME));
      if (status.generation().version() == version) {
        return;
      }
      if (System.nanoTime() > giveUp) {
        throw new IllegalStateException("version %d does not serve: %s".formatted(version, status));
      }
      pace(load, 100);
    }
  }

  private void undo(Load load, int version) throws Exception {
    get(load.kintsugi().management("benchmark").undo(StrictHandler.NAME, "a benchmark"));
    awaitServing(load, version);
    undone++;
  }

  private void retire(Load load) throws Exception {
    get(load.kintsugi().management("benchmark").retireReplaced(StrictHandler.NAME, "a benchmark"));
    retired++;
  }

  /** Starts once more, until nothing is open of what serves. */
  private void settle(BenchDatabase database) throws Exception {
    int serving = (int) database.count("SELECT version FROM kintsugi_projection WHERE serving");
    try (Load load = Load.start(settings().config(Plugin.KINTSUGI, database))) {
      load.kintsugi().start(StrictHandler.inVersion(serving));
      long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
      while (open(database, "p.serving") > 0 && System.nanoTime() < giveUp) {
        TimeUnit.MILLISECONDS.sleep(100);
      }
    }
  }

  private static long open(BenchDatabase database, String which) throws Exception {
    return database.count(
        "SELECT count(*) FROM kintsugi_skip JOIN kintsugi_projection p USING (projection, generation) WHERE "
            + which);
  }

  private int audit(BenchDatabase database) throws Exception {
    TextTable table = new TextTable("claim", "expected", "counted", "");
    boolean held =
        row(table, "streams that the served read model has otherwise", unlike(database, "strict"));
    held &= row(table, "open records of what serves", open(database, "p.serving"));
    held &=
        row(table, "events that came twice or before their turn", database.count(FAILED_EVENTS));
    held &= row(table, "comparisons that found a difference", database.count(UNEQUAL));
    held &=
        row(
            table,
            "places that no generation has",
            database.count(
                "SELECT count(*) FROM pg_namespace n WHERE nspname LIKE 'kintsugi_strict%' AND NOT EXISTS (SELECT FROM kintsugi_projection p WHERE p.place = n.nspname) AND NOT EXISTS (SELECT FROM kintsugi_retirement r WHERE r.place = n.nspname AND r.ended_at IS NULL)"));
    out().println();
    out()
        .printf(
            "%,d events; %d swaps, %d undone, %d retired; %d ends in the midst, %d sessions cut off; %d generations%n",
            database.count("SELECT count(*) FROM event_journal"),
            swaps,
            undone,
            retired,
            ends,
            cuts,
            database.count("SELECT max(generation) FROM kintsugi_rebuild"));
    out().println();
    table.lines().forEach(out()::println);
    return held ? DONE : FAILED;
  }

  private static long unlike(BenchDatabase database, String table) throws Exception {
    return database.count(UNLIKE_THE_JOURNAL.formatted(table));
  }

  private static boolean row(TextTable table, String claim, long counted) {
    table.row(claim, 0, counted, counted == 0 ? "held" : "BROKEN");
    return counted == 0;
  }

  private static <T> T get(CompletionStage<T> stage) throws Exception {
    try {
      return stage.toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof SQLException cut) {
        throw new CutOffException(cut);
      }
      throw e;
    }
  }

  /** A question to the database was cut off. */
  private static final class CutOffException extends Exception {
    private static final long serialVersionUID = 1L;

    CutOffException(SQLException cause) {
      super(cause);
    }
  }
}
