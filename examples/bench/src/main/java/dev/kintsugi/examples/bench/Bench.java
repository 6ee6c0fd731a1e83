package dev.kintsugi.examples.bench;

import dev.kintsugi.examples.bench.append.Append;
import dev.kintsugi.examples.bench.beside.BesideChaos;
import dev.kintsugi.examples.bench.beside.Unnoticed;
import dev.kintsugi.examples.bench.bystanders.Bystanders;
import dev.kintsugi.examples.bench.cluster.bad.BadRequests;
import dev.kintsugi.examples.bench.cluster.chaos.Chaos;
import dev.kintsugi.examples.bench.cluster.failover.Failover;
import dev.kintsugi.examples.bench.cluster.followed.FollowChaos;
import dev.kintsugi.examples.bench.cluster.many.Many;
import dev.kintsugi.examples.bench.cuts.Cuts;
import dev.kintsugi.examples.bench.cuts.LateDatabase;
import dev.kintsugi.examples.bench.endurance.Endurance;
import dev.kintsugi.examples.bench.failures.FailingStreams;
import dev.kintsugi.examples.bench.failures.HotStream;
import dev.kintsugi.examples.bench.failures.Storm;
import dev.kintsugi.examples.bench.follow.Follow;
import dev.kintsugi.examples.bench.follow.Lag;
import dev.kintsugi.examples.bench.follow.ModeChanges;
import dev.kintsugi.examples.bench.kill.Kill;
import dev.kintsugi.examples.bench.latency.RebuildLatency;
import dev.kintsugi.examples.bench.memory.FoldMemory;
import dev.kintsugi.examples.bench.replay.Replay;
import dev.kintsugi.examples.bench.size.HistorySize;
import dev.kintsugi.examples.bench.suite.Suite;
import dev.kintsugi.examples.common.Version;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The program: takes the name of a benchmark and its options. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "BENCHMARK",
    description = "Runs one of the benchmarks and prints a table.",
    footer = {"", "Each has options of its own: BENCHMARK --help."},
    subcommands = {
      Suite.class,
      Append.class,
      RebuildLatency.class,
      Unnoticed.class,
      BesideChaos.class,
      HistorySize.class,
      Replay.class,
      Follow.class,
      ModeChanges.class,
      Bystanders.class,
      Lag.class,
      FoldMemory.class,
      FailingStreams.class,
      Storm.class,
      HotStream.class,
      Kill.class,
      Cuts.class,
      LateDatabase.class,
      BadRequests.class,
      Failover.class,
      Many.class,
      Chaos.class,
      FollowChaos.class,
      Endurance.class
    })
public final class Bench implements Runnable {

  @Spec private CommandSpec spec = CommandSpec.create();

  /** Ends the JVM with the exit code, unless Ctrl-C is ending it already. */
  public static void main(String[] args) {
    int exitCode = commandLine().execute(args);
    if (exitCode != BenchCommand.INTERRUPTED) {
      System.exit(exitCode);
    }
  }

  static CommandLine commandLine() {
    return new CommandLine(new Bench())
        .setUsageHelpAutoWidth(true)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler(Bench::explainUsage);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Which benchmark?");
  }

  private static int explainUsage(ParameterException e, String[] args) {
    e.getCommandLine().getErr().println(e.getMessage());
    e.getCommandLine().getErr().println("See --help.");
    return BenchCommand.NOT_USABLE;
  }
}
