package dev.kintsugi.examples.bench.follow;

import dev.kintsugi.examples.bench.BenchCommand;
import dev.kintsugi.examples.bench.Positive;
import dev.kintsugi.examples.bench.Progress;
import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.load.Plugin;
import dev.kintsugi.examples.bench.load.WritesTable;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Projections that follow, and Pekko Projection's, catch up with the same events in turn. */
@Command(
    name = "follow",
    description =
        "Measures how fast projections that follow catch up with a journal, beside Pekko"
            + " Projection's exactlyOnce and groupedWithin with the same handlers, on the same"
            + " database, in turn. Afterwards each table must have every event once.")
public final class Follow extends BenchCommand {

  private static final OfPekko EXACTLY_ONCE =
      new OfPekko("Pekko Projection, exactlyOnce", "pekko_handler", false);

  private static final OfPekko GROUPED_WITHIN =
      new OfPekko("Pekko Projection, groupedWithin", "pekko_grouped", true);

  private static final List<Following> FOLLOWING =
      Stream.of(Kind.values())
          .map(kind -> Following.of("following, " + kind.title(), kind, "follow_" + kind))
          .toList();

  @Option(
      names = "--events",
      paramLabel = "N",
      defaultValue = "500",
      converter = Positive.class,
      description = "How many events each actor persists in a round; default ${DEFAULT-VALUE}.")
  private int events;

  @Option(
      names = "--actors",
      paramLabel = "N",
      defaultValue = "100",
      converter = Positive.class,
      description = "How many streams there are; default ${DEFAULT-VALUE}.")
  private int actors;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "5",
      converter = Positive.class,
      description = "How often each is measured, after a warm-up; default ${DEFAULT-VALUE}.")
  private int rounds;

  @Override
  protected int run(BenchServer server) throws Exception {
    out().println(describeKintsugi());
    out()
        .printf(
            "%,d events in each round, of %d streams; %d rounds%n",
            (long) events * actors, actors, rounds);
    try (BenchDatabase database = server.create();
        Load load =
            Load.start(Plugin.KINTSUGI.tagging(settings().config(Plugin.KINTSUGI, database)))) {
      for (Following each : FOLLOWING) {
        each.start(load);
      }
      for (OfPekko each : List.of(EXACTLY_ONCE, GROUPED_WITHIN)) {
        database.execute(WritesTable.ddl(each.table()));
      }
      OfPekko.createOffsets(load);
      load.recover("load", actors);
      FollowReport report = new FollowReport();
      List<Reader> readers =
          new ArrayList<>(
              Stream.of(FOLLOWING, List.of(EXACTLY_ONCE, GROUPED_WITHIN))
                  .<Reader>flatMap(List::stream)
                  .toList());
      for (int round = 0; round <= rounds; round++) {
        String name = round == 0 ? "warm-up" : "round %d of %d".formatted(round, rounds);
        try (Progress.Running running = progress().counting(name, load::events)) {
          load.persistAsync(events);
        }
        long end = database.count("SELECT max(ordering) FROM event_journal");
        for (Reader reader : readers) {
          Duration took = catchUp(load, database, reader, end);
          if (round > 0) {
            report.add(reader, (long) events * actors, took);
          }
        }
        Collections.rotate(readers, 1);
        progress().line(name);
      }
      for (Reader reader : readers) {
        reader.refuseWrongCount(database);
      }
      out().println();
      report.lines(FOLLOWING, EXACTLY_ONCE, GROUPED_WITHIN).forEach(out()::println);
    }
    return DONE;
  }

  private static Duration catchUp(Load load, BenchDatabase database, Reader reader, long end)
      throws Exception {
    try (Connection connection = database.login().connect()) {
      long begin = System.nanoTime();
      reader.resume(load);
      reader.await(connection, end);
      Duration took = Duration.ofNanos(System.nanoTime() - begin);
      reader.stop(load);
      return took;
    }
  }
}
