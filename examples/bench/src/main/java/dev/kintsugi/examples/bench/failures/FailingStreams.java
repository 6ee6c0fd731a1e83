package dev.kintsugi.examples.bench.failures;

import dev.kintsugi.examples.bench.BenchCommand;
import dev.kintsugi.examples.bench.Positive;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.examples.common.BadInputException;
import dev.kintsugi.examples.history.files.FileEntity;
import dev.kintsugi.examples.history.input.HistoryFile;
import dev.kintsugi.examples.history.input.HistoryLine;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A history in which some streams fail, beside the same without. */
@Command(
    name = "failing-streams",
    description =
        "Writes a real history into three read models, of which one fails on every event of some"
            + " streams, beside the same without failures, in turn. Meanwhile all other streams'"
            + " events must be applied inline. Then the handler is repaired, and in the end every row"
            + " must be what the oracle says, and every event applied once, in its stream's order.")
public final class FailingStreams extends BenchCommand {

  /** The part of the history that is written before, and not measured. */
  private static final int WARM_UP_SHARE = 10;

  @Option(
      names = "--events",
      paramLabel = "N",
      defaultValue = "999999999",
      converter = Positive.class,
      description = "How many events of the history, from the first on. Default: all.")
  private int most;

  @Option(
      names = "--share",
      paramLabel = "PERCENT",
      defaultValue = "1",
      converter = Percent.class,
      description = "How many of the streams fail; default ${DEFAULT-VALUE} percent.")
  private double share;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Of the hash that chooses them; default ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--writers",
      paramLabel = "N",
      defaultValue = "200",
      converter = Positive.class,
      description = "How many write at once, an event at a time each; default ${DEFAULT-VALUE}.")
  private int writers;

  @Option(
      names = "--pairs",
      paramLabel = "N",
      defaultValue = "3",
      converter = Positive.class,
      description = "How often both are measured; default ${DEFAULT-VALUE}.")
  private int pairs;

  @Override
  protected int run(BenchServer server) throws Exception {
    List<HistoryLine> lines =
        HistoryFile.ofTheExample().stream()
            .filter(line -> FileEntity.canHave(line.path()))
            .limit(most)
            .toList();
    ChosenStreams chosen = new ChosenStreams(share, seed);
    describe(lines, chosen);
    FailingReport report = new FailingReport();
    Claims claims = new Claims();
    HistoryRun runs = new HistoryRun(server, settings(), progress(), writers, chosen);
    List<HistoryLine> warmUp =
        lines.subList(0, Math.max(1, Math.min(lines.size(), lines.size() / WARM_UP_SHARE)));
    runs.run(warmUp, false, new Claims());
    runs.run(warmUp, true, new Claims());
    progress().line("warm-up");
    for (int pair = 1; pair <= pairs; pair++) {
      // Every other pair the other way round, so that neither always comes first.
      boolean failingFirst = pair % 2 == 0;
      HistoryRun.Outcome first = runs.run(lines, failingFirst, claims);
      HistoryRun.Outcome second = runs.run(lines, !failingFirst, claims);
      report.add(failingFirst ? second : first, failingFirst ? first : second);
      progress().line("pair %d of %d".formatted(pair, pairs));
    }
    out().println();
    report.lines().forEach(out()::println);
    out().println();
    out().println("What was counted in the database and by the writers, over all runs");
    claims.lines().forEach(out()::println);
    return claims.hold() ? DONE : FAILED;
  }

  private void describe(List<HistoryLine> lines, ChosenStreams chosen) throws BadInputException {
    List<String> failing =
        lines.stream()
            .map(line -> FileEntity.persistenceId(line.path()))
            .filter(chosen::includes)
            .toList();
    if (failing.isEmpty()) {
      throw new BadInputException(
          "No stream would fail: take more --events, a larger --share, or another --seed.");
    }
    out().println(describeKintsugi());
    out()
        .printf(
            "%,d events of %,d files, %d writers; %,d events of %,d files fail (seed %d); %d pairs%n",
            lines.size(),
            lines.stream().map(HistoryLine::path).distinct().count(),
            writers,
            failing.size(),
            failing.stream().distinct().count(),
            seed,
            pairs);
  }
}
