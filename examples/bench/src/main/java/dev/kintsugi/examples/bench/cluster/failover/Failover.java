package dev.kintsugi.examples.bench.cluster.failover;

import dev.kintsugi.examples.bench.BenchCommand;
import dev.kintsugi.examples.bench.Positive;
import dev.kintsugi.examples.bench.cluster.history.Audits;
import dev.kintsugi.examples.bench.cluster.history.Change;
import dev.kintsugi.examples.bench.cluster.history.HistoryNode;
import dev.kintsugi.examples.bench.cluster.history.HistoryProgram;
import dev.kintsugi.examples.bench.cluster.history.Tally;
import dev.kintsugi.examples.bench.cluster.history.Writers;
import dev.kintsugi.examples.bench.failures.Claims;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.examples.cluster.ClusterFailedException;
import dev.kintsugi.examples.cluster.RunningCluster;
import dev.kintsugi.examples.cluster.Timeline;
import dev.kintsugi.examples.cluster.launch.ConfigDirectory;
import dev.kintsugi.examples.cluster.launch.Node;
import dev.kintsugi.examples.cluster.launch.Ports;
import dev.kintsugi.examples.common.BadInputException;
import dev.kintsugi.examples.common.TextTable;
import dev.kintsugi.examples.history.readmodel.HistoryProjections;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Kills one node and cuts off another one while a read model of a real history is rebuilt. */
@Command(
    name = "failover",
    description =
        "Three JVMs write a real history. A rebuild is asked for on one node; the node that carries"
            + " it out is killed (SIGKILL) in the middle of the replay; the one that carries out the"
            + " drain is cut off (SIGSTOP) for longer than the others wait for it. Nodes that have"
            + " ended are started again, and nothing else is done by hand. Then the journal is"
            + " compared with what was acknowledged, and each row of the read models with the"
            + " history.")
public final class Failover extends BenchCommand {

  private static final Duration PRELOADED = Duration.ofMinutes(15);
  private static final Duration ACKNOWLEDGED = Duration.ofMinutes(2);
  private static final Duration WHOLE = Duration.ofMinutes(2);

  @Option(
      names = "--events",
      paramLabel = "N",
      defaultValue = "40000",
      converter = Positive.class,
      description =
          "How many events of the history are there when the rebuild begins; default"
              + " ${DEFAULT-VALUE}. The writers go on with the rest.")
  private int events;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "500",
      converter = Positive.class,
      description = "How many events a second are written meanwhile; default ${DEFAULT-VALUE}.")
  private int rate;

  @Option(
      names = "--replay-rate",
      paramLabel = "N",
      defaultValue = "1000",
      converter = Positive.class,
      description =
          "How many events a second the rebuild may replay, so that there is time to kill a node;"
              + " default ${DEFAULT-VALUE}.")
  private int replayRate;

  @Option(
      names = "--cut",
      paramLabel = "SECONDS",
      defaultValue = "40",
      converter = Positive.class,
      description =
          "For how long a node is cut off; default ${DEFAULT-VALUE}. The others take it for down"
              + " after 13 or so, and start elsewhere what it hosted after 20.")
  private int cut;

  @Option(
      names = "--projection",
      paramLabel = "NAME",
      defaultValue = HistoryProjections.FILES,
      description =
          "What is rebuilt: files, a handler; directories, rows; authors, a fold; default"
              + " ${DEFAULT-VALUE}.")
  private String projection = HistoryProjections.FILES;

  @Mixin private ConfigDirectory config = new ConfigDirectory();

  @Option(
      names = "--logs",
      paramLabel = "DIR",
      defaultValue = "target/failover",
      description = "The directory for the nodes' logs; default ${DEFAULT-VALUE}.")
  private Path logs = Path.of("target");

  @Override
  protected int run(BenchServer server) throws Exception {
    if (!HistoryProjections.NAMES.contains(projection)) {
      throw new BadInputException("--projection is one of " + HistoryProjections.NAMES);
    }
    Path configuration = config.path();
    List<Change> history = Change.ofTheExample(events);
    Path directory = Files.createDirectories(logs).toRealPath();
    out()
        .printf(
            "%s: %,d events before the rebuild, %,d a second meanwhile; replay at %,d a second;"
                + " cut %d s%n",
            projection, events, rate, replayRate, cut);
    out().println("The nodes log to " + directory);
    out().flush();
    try (BenchDatabase database = server.create().withJournal().withSkipRecords()) {
      return run(database, history, configuration, directory);
    } catch (ClusterFailedException e) {
      out().println(e.getMessage());
      return FAILED;
    }
  }

  private int run(BenchDatabase database, List<Change> history, Path configuration, Path directory)
      throws Exception {
    RunningCluster cluster =
        RunningCluster.start(
            Ports.free(RunningCluster.NODES),
            HistoryProgram.of(
                HistoryNode.class,
                database.login(),
                settings(),
                List.of("-Dkintsugi.rebuild.max-rate=" + replayRate)),
            configuration,
            directory);
    try {
      return run(cluster, database, history);
    } finally {
      cluster.kill();
    }
  }

  private int run(RunningCluster cluster, BenchDatabase database, List<Change> history)
      throws Exception {
    Timeline timeline = new Timeline(System.out);
    Tally tally = new Tally();
    List<URI> nodes = cluster.nodes().stream().map(Node::management).toList();
    timeline.note("three nodes form a cluster, and each projection is inline");
    try (Writers before = Writers.start(nodes, history.subList(0, events), 0, tally)) {
      before.awaitEnd(PRELOADED);
    }
    timeline.note("%,d events are written".formatted(tally.count()));
    try (Connection connection = database.login().connect();
        Writers writers =
            Writers.start(nodes, history.subList(events, history.size()), rate, tally)) {
      TextTable figures = new TextTable("figure", "", "");
      new FailoverRun(cluster, connection, tally, timeline)
          .of(projection, Duration.ofSeconds(cut), figures);
      boolean wroteToTheEnd = !writers.hasEnded();
      writers.stop();
      writers.awaitEnd(ACKNOWLEDGED);
      timeline.note("the writers have stopped; %,d events acknowledged".formatted(tally.count()));
      cluster.awaitWhole(WHOLE);
      Claims claims = new Claims();
      claims.claim("writers that wrote until the rebuild was proven", 1, wroteToTheEnd ? 1 : 0);
      claims.claim("answers of actors that lacked an acknowledged event", 0, tally.lacking());
      Audits audits = Audits.of(connection, history, tally);
      audits.claim(claims);
      return report(figures, tally, audits, claims);
    }
  }

  private int report(TextTable figures, Tally tally, Audits audits, Claims claims) {
    out().println();
    figures
        .row("events in the journal when the writers began", events, "")
        .row("events in the journal in the end", audits.journal().events(), "")
        .row("events acknowledged", tally.count(), "")
        .row("times that an outcome was unknown, and asked for again", tally.unknown(), "")
        .row("of these, stored already", tally.knownBefore(), "")
        .lines()
        .forEach(out()::println);
    out().println();
    audits.recordLines().forEach(out()::println);
    out().println();
    claims.lines().forEach(out()::println);
    out().println();
    out()
        .println(
            claims.hold()
                ? "Done without a hand: nothing lost, nothing doubled."
                : "NOT all is as it should be.");
    return claims.hold() ? DONE : FAILED;
  }
}
