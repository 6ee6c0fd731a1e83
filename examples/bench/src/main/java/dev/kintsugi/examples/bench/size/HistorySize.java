package dev.kintsugi.examples.bench.size;

import dev.kintsugi.examples.bench.BenchCommand;
import dev.kintsugi.examples.bench.Positive;
import dev.kintsugi.examples.bench.Progress;
import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.load.Plugin;
import dev.kintsugi.examples.bench.load.WritesHandler;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import java.sql.SQLException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Appends in a database with many skip records of another projection, and in one with none. */
@Command(
    name = "history-size",
    description =
        "Measures appends with one inline upsert where millions of skip records of another"
            + " projection are archived and open, and where there are none, in turn.")
public final class HistorySize extends BenchCommand {

  @Option(
      names = "--archived",
      paramLabel = "N",
      defaultValue = "10000000",
      converter = Positive.class,
      description = "How many skip records are archived; default ${DEFAULT-VALUE}.")
  private int archived;

  @Option(
      names = "--open",
      paramLabel = "N",
      defaultValue = "1000000",
      converter = Positive.class,
      description = "How many skip records are open; default ${DEFAULT-VALUE}.")
  private int open;

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
      description = "How many events each persists in a round; default ${DEFAULT-VALUE}.")
  private int events;

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
            "%,d records archived, %,d open; %d actors, %,d events each; %d rounds%n",
            archived, open, actors, events, rounds);
    try (BenchDatabase emptyDatabase = server.create();
        BenchDatabase filledDatabase = server.create();
        Load empty = start(emptyDatabase);
        Load filled = start(filledDatabase)) {
      SkipFill.pauseTheOther(emptyDatabase);
      SkipFill.pauseTheOther(filledDatabase);
      fill(filledDatabase);
      SkipFill.vacuum(emptyDatabase);
      SkipFill.vacuum(filledDatabase);
      server.checkpoint();
      persist("warm-up", empty);
      persist("warm-up", filled);
      SizeReport report = new SizeReport();
      for (int round = 1; round <= rounds; round++) {
        String name = "round %d of %d".formatted(round, rounds);
        if (round % 2 == 1) {
          Load.Done ofEmpty = persist(name, empty);
          report.add(ofEmpty, persist(name, filled));
        } else {
          Load.Done ofFilled = persist(name, filled);
          report.add(persist(name, empty), ofFilled);
        }
        progress().line(name);
      }
      SkipFill.refuseLess(filledDatabase, archived, open);
      out().println();
      report.lines().forEach(out()::println);
    }
    return DONE;
  }

  private Load start(BenchDatabase database) throws Exception {
    Load load = Load.start(settings().config(Plugin.KINTSUGI, database));
    try {
      load.kintsugi().start(WritesHandler.projection(), OtherHandler.projection());
      load.kintsugi().whenDone(WritesHandler.NAME).toCompletableFuture().get();
      load.kintsugi().whenDone(OtherHandler.NAME).toCompletableFuture().get();
      load.recover("load", actors);
      return load;
    } catch (Exception e) {
      load.close();
      throw e;
    }
  }

  private void fill(BenchDatabase database) throws SQLException, InterruptedException {
    SkipFill fill = new SkipFill(database);
    try (Progress.Running running = progress().counting("skip records", fill::rows)) {
      fill.archive(archived);
      fill.open(open);
    }
    progress().line("%,d skip records".formatted(fill.rows()));
  }

  private Load.Done persist(String name, Load load) throws Exception {
    System.gc();
    try (Progress.Running running = progress().counting(name, load::events)) {
      return load.persist(events);
    }
  }
}
