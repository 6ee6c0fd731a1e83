package dev.kintsugi.examples.cluster;

import dev.kintsugi.examples.cluster.audit.Audit;
import dev.kintsugi.examples.cluster.audit.AuditReport;
import dev.kintsugi.examples.cluster.launch.ConfigDirectory;
import dev.kintsugi.examples.cluster.launch.DatabaseProcess;
import dev.kintsugi.examples.cluster.launch.Node;
import dev.kintsugi.examples.cluster.launch.Ports;
import dev.kintsugi.examples.cluster.launch.Program;
import dev.kintsugi.examples.cluster.load.Load;
import dev.kintsugi.examples.cluster.load.LoadCounts;
import dev.kintsugi.examples.cluster.node.OrderNode;
import dev.kintsugi.examples.cluster.orders.OrderProjections;
import dev.kintsugi.examples.common.BadInputException;
import dev.kintsugi.examples.common.CtrlC;
import dev.kintsugi.examples.common.Version;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The program: takes the options, runs, and says by its exit code what came of it. */
@Command(
    name = "cluster",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    description =
        "Starts a PostgreSQL and three nodes on this machine, places orders on all of them, and says"
            + " what to try. At the end it audits that no event was lost, none doubled.",
    footer = {
      "",
      "Exit codes: 0 every read model is as it should be; 1 one is not, or the run failed; 2 the"
          + " options can't be used, or a port is taken; 130 ended by Ctrl-C, after an audit."
    })
public final class Cluster implements Callable<Integer> {

  private static final int CLEAN = 0;
  private static final int NOT_CLEAN = 1;
  private static final int NOT_USABLE = 2;
  private static final int INTERRUPTED = 130;

  private static final Duration WHOLE = Duration.ofSeconds(40);
  private static final Duration CLEAN_UP = Duration.ofMinutes(2);

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--scenario",
      description =
          "Do it all without you: rebuild a projection, kill -9 the node that carries it out midway in"
              + " the replay, wait until another one has ended it, audit, and end.")
  private boolean scenario;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "100",
      description = "Requests a second, over all nodes; default ${DEFAULT-VALUE}.")
  private int rate;

  @Option(
      names = "--replay-rate",
      paramLabel = "N",
      defaultValue = "200",
      description =
          "Events a second that a rebuild may replay, so that there is time to kill a node; 0 for no"
              + " limit; default ${DEFAULT-VALUE}.")
  private int replayRate;

  @Option(
      names = "--artery-port",
      paramLabel = "N",
      defaultValue = "2551",
      description =
          "The first node's port for the others, which have the next ones; default ${DEFAULT-VALUE}.")
  private int arteryPort;

  @Option(
      names = "--management-port",
      paramLabel = "N",
      defaultValue = "8551",
      description = "The first node's port for management; default ${DEFAULT-VALUE}.")
  private int managementPort;

  @Option(
      names = "--order-port",
      paramLabel = "N",
      defaultValue = "8081",
      description = "The first node's port for orders; default ${DEFAULT-VALUE}.")
  private int orderPort;

  @Mixin private ConfigDirectory config = new ConfigDirectory();

  @Option(
      names = "--logs",
      paramLabel = "DIR",
      defaultValue = "target/cluster",
      description = "The directory for the nodes' logs; default ${DEFAULT-VALUE}.")
  private Path logs = Path.of("target");

  private final PrintStream out = System.out;

  /** Ends the JVM with the exit code, unless Ctrl-C is ending it already. */
  public static void main(String[] args) {
    int exitCode = commandLine().execute(args);
    if (exitCode != INTERRUPTED) {
      System.exit(exitCode);
    }
  }

  static CommandLine commandLine() {
    return new CommandLine(new Cluster())
        .setUsageHelpAutoWidth(true)
        .setParameterExceptionHandler(Cluster::explainUsage);
  }

  @Override
  public Integer call() throws Exception {
    if (rate < 1) {
      throw new ParameterException(
          spec.commandLine(), "Invalid value for option '--rate': expected 1 or more");
    }
    if (replayRate < 0) {
      throw new ParameterException(
          spec.commandLine(), "Invalid value for option '--replay-rate': expected 0 or more");
    }
    try (CtrlC ctrlC = CtrlC.interrupts(Thread.currentThread(), CLEAN_UP)) {
      try {
        boolean clean = run();
        return ctrlC.wasReceived() ? INTERRUPTED : clean ? CLEAN : NOT_CLEAN;
      } catch (InterruptedException e) {
        return INTERRUPTED;
      } catch (BadInputException e) {
        error(e.getMessage());
        return NOT_USABLE;
      } catch (ClusterFailedException e) {
        error(e.getMessage());
        return NOT_CLEAN;
      }
    }
  }

  /** Whether all is as it should be. */
  private boolean run() throws Exception {
    Path configuration = config.path();
    Ports ports = new Ports(arteryPort, managementPort, orderPort);
    ports.check(RunningCluster.NODES);
    Path directory = Files.createDirectories(logs).toRealPath();
    out.println("Starting a PostgreSQL and three nodes, which log to " + directory);
    Timeline timeline = new Timeline(out);
    try (DatabaseProcess database = DatabaseProcess.start(configuration, directory);
        RunningCluster cluster =
            RunningCluster.start(ports, program(database), configuration, directory)) {
      timeline.note("three nodes form a cluster, and both projections are inline");
      return underLoad(cluster, database, timeline);
    }
  }

  private Program program(DatabaseProcess database) {
    String maxRate = replayRate == 0 ? "unlimited" : String.valueOf(replayRate);
    return new Program(
        OrderNode.class,
        OrderNode.SYSTEM,
        database.environment(),
        List.of("-Dkintsugi.rebuild.max-rate=" + maxRate));
  }

  private boolean underLoad(RunningCluster cluster, DatabaseProcess database, Timeline timeline)
      throws Exception {
    try (Load load = Load.start(cluster.nodes().stream().map(Node::orders).toList(), rate)) {
      timeline.note("%d requests a second, on all nodes".formatted(rate));
      List<String> whatHappened;
      if (scenario) {
        whatHappened = new Scenario(cluster, load, timeline).run();
      } else {
        whatHappened = List.of();
        printWhatToTry(cluster, database);
        watchUntilCtrlC(cluster, timeline);
      }
      load.close();
      timeline.note("the load has stopped");
      cluster.awaitWhole(WHOLE);
      AuditReport report = audit(database, load);
      print(whatHappened);
      print(List.of(describe(load.counts())));
      print(report.lines());
      return report.isClean();
    }
  }

  private static AuditReport audit(DatabaseProcess database, Load load) throws Exception {
    try (Connection connection = database.connect()) {
      return Audit.of(connection, load.acknowledged());
    }
  }

  private void printWhatToTry(RunningCluster cluster, DatabaseProcess database) {
    Node first = cluster.nodes().get(0);
    String projections = first.management() + "/projections";
    print(
        List.of(
            "Look at it: " + projections + "/ui",
            "Which node hosts what:",
            "  curl " + projections,
            "Have node 1 rebuild a read model, at no more than " + replayRate + " events a second:",
            "  curl -H 'Content-Type: application/json' -d '{\"reason\":\"to see it\"}' "
                + "%s/%s/rebuild".formatted(projections, OrderProjections.ORDER_SUMMARY),
            "Kill the node that carries it out; about 20 seconds later another one goes on:"));
    cluster
        .nodes()
        .forEach(node -> out.printf("  kill -9 %d   # node %d%n", node.pid(), node.number()));
    print(
        List.of(
            "A customer's totals: curl " + first.orders() + "/customers/customer-1",
            "The database: " + database.psql(),
            "Ctrl-C stops the load, audits, and ends everything."));
    out.println();
  }

  /** Says what changes: which node hosts what, how rebuilds get on, who has died. */
  private static void watchUntilCtrlC(RunningCluster cluster, Timeline timeline)
      throws ClusterFailedException {
    try {
      new Watch(cluster, timeline).run();
    } catch (InterruptedException ctrlC) {
      timeline.note("Ctrl-C");
    }
  }

  private static String describe(LoadCounts counts) {
    return "Requests: %,d acknowledged, %,d refused, %,d whose outcome is unknown, %,d that reached nobody; %,d went to another node as theirs was away."
        .formatted(
            counts.acknowledged(),
            counts.refused(),
            counts.unknown(),
            counts.notSent(),
            counts.redirected());
  }

  private void print(List<String> lines) {
    if (!lines.isEmpty()) {
      out.println();
      lines.forEach(out::println);
    }
  }

  private void error(@Nullable String message) {
    spec.commandLine().getErr().println(message);
  }

  private static int explainUsage(ParameterException e, String[] args) {
    e.getCommandLine().getErr().println(e.getMessage());
    e.getCommandLine().getErr().println("See --help.");
    return NOT_USABLE;
  }
}
