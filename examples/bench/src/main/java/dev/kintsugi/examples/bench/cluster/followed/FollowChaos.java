package dev.kintsugi.examples.bench.cluster.followed;

import dev.kintsugi.examples.bench.BenchCommand;
import dev.kintsugi.examples.bench.Positive;
import dev.kintsugi.examples.bench.Seed;
import dev.kintsugi.examples.bench.cluster.history.Audits;
import dev.kintsugi.examples.bench.cluster.history.Change;
import dev.kintsugi.examples.bench.cluster.history.HistoryProgram;
import dev.kintsugi.examples.bench.cluster.history.Tally;
import dev.kintsugi.examples.bench.cluster.history.Writers;
import dev.kintsugi.examples.bench.failures.Claims;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.examples.bench.stats.Latencies;
import dev.kintsugi.examples.cluster.ClusterFailedException;
import dev.kintsugi.examples.cluster.RunningCluster;
import dev.kintsugi.examples.cluster.Timeline;
import dev.kintsugi.examples.cluster.Waiting;
import dev.kintsugi.examples.cluster.launch.ConfigDirectory;
import dev.kintsugi.examples.cluster.launch.Node;
import dev.kintsugi.examples.cluster.launch.Ports;
import dev.kintsugi.examples.common.TextTable;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Projections that follow beside inline ones, while the nodes that host them are killed. */
@Command(
    name = "follow-chaos",
    description =
        "Three JVMs write a real history into two read models of each kind: one is inline, and the"
            + " other one follows the journal. Every few seconds the node that hosts one that follows"
            + " is killed (SIGKILL) and started again, while the others write on. In the end each of"
            + " the eight must be what the journal makes of it: every event once, in its stream's"
            + " order; and what follows must be like its inline twin.")
public final class FollowChaos extends BenchCommand {

  private static final List<String> OPTIONS =
      List.of(
          // The first seed node forms a cluster of its own when nobody answers; a busy one takes
          // its
          // time.
          "-Dpekko.cluster.seed-node-timeout=20s",
          // Shorter than an installation would have it, so that there are more kills in the time.
          "-Dpekko.cluster.split-brain-resolver.stable-after=3s");

  private static final Duration ACKNOWLEDGED = Duration.ofMinutes(3);
  private static final Duration WHOLE = Duration.ofMinutes(3);

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "300",
      converter = Positive.class,
      description = "For how long nodes are killed; default ${DEFAULT-VALUE}.")
  private int seconds;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "250",
      converter = Positive.class,
      description = "How many events a second are written meanwhile; default ${DEFAULT-VALUE}.")
  private int rate;

  @Mixin private Seed seed = new Seed();

  @Mixin private ConfigDirectory config = new ConfigDirectory();

  @Option(
      names = "--logs",
      paramLabel = "DIR",
      defaultValue = "target/follow-chaos",
      description = "The directory for the nodes' logs; default ${DEFAULT-VALUE}.")
  private Path logs = Path.of("target");

  @Override
  protected int run(BenchServer server) throws Exception {
    Path configuration = config.path();
    List<Change> history = Change.ofTheExample(1);
    long seedInUse = seed.choose();
    Path directory = Files.createDirectories(logs).toRealPath();
    out().printf("%d s, %,d events a second; seed %d%n", seconds, rate, seedInUse);
    out().println("The nodes log to " + directory);
    out().flush();
    try (BenchDatabase database = server.create().withJournal().withSkipRecords()) {
      RunningCluster cluster =
          RunningCluster.start(
              Ports.free(RunningCluster.NODES),
              HistoryProgram.of(FollowNode.class, database.login(), settings(), OPTIONS),
              configuration,
              directory);
      try {
        return run(cluster, database, history, new Random(seedInUse));
      } finally {
        cluster.kill();
      }
    } catch (ClusterFailedException e) {
      out().println(e.getMessage());
      return FAILED;
    }
  }

  private int run(
      RunningCluster cluster, BenchDatabase database, List<Change> history, Random random)
      throws Exception {
    Timeline timeline = new Timeline(System.out);
    Tally tally = new Tally();
    List<URI> nodes = cluster.nodes().stream().map(Node::management).toList();
    timeline.note("three nodes form a cluster; of each kind, one is inline and one follows");
    try (Connection connection = database.login().connect();
        Writers writers = Writers.start(nodes, history, rate, tally)) {
      CursorRows cursors = new CursorRows(connection);
      Kills kills = new Kills(cluster, cursors, timeline, random);
      kills.goOnFor(Duration.ofSeconds(seconds));
      boolean wroteToTheEnd = !writers.hasEnded();
      writers.stop();
      writers.awaitEnd(ACKNOWLEDGED);
      timeline.note("the writers have stopped; %,d events acknowledged".formatted(tally.count()));
      cluster.awaitWhole(WHOLE);
      awaitCaughtUp(cursors);
      timeline.note("nothing is open, and what follows has come to the journal's end");
      Claims claims = new Claims();
      claims.claim("writers that wrote until the last kill", 1, wroteToTheEnd ? 1 : 0);
      claims.claim("answers of actors that lacked an acknowledged event", 0, tally.lacking());
      Audits audits;
      try (Connection snapshot = database.login().connect()) {
        audits = Audits.of(snapshot, history, tally, List.of());
      }
      audits.claim(claims);
      Twins.claim(database, claims);
      return report(kills, tally, audits, claims);
    }
  }

  private static void awaitCaughtUp(CursorRows cursors)
      throws InterruptedException, ClusterFailedException {
    Waiting.until(
        "each projection that follows at the journal's end",
        WHOLE,
        () -> {
          try {
            return cursors.lacking() == 0 ? Optional.of(cursors) : Optional.empty();
          } catch (SQLException e) {
            throw new IOException(e);
          }
        });
  }

  private int report(Kills kills, Tally tally, Audits audits, Claims claims) {
    Latencies stood =
        Latencies.ofNanos(kills.stood().stream().mapToLong(Duration::toNanos).toArray());
    out().println();
    new TextTable("figure", "", "")
        .row("kills", stood.count(), "")
        .row(
            "from a kill until all that the node had moved again, median", seconds(stood, 0.5), "s")
        .row("the longest of these", seconds(stood, 1), "s")
        .row("events in the journal", audits.journal().events(), "")
        .row("events acknowledged", tally.count(), "")
        .row("times that an outcome was unknown, and asked for again", tally.unknown(), "")
        .row("of these, stored already", tally.knownBefore(), "")
        .row("skip records on the way", records(audits), "")
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
                ? "Killed %d times: nothing lost, nothing doubled, nothing out of order."
                    .formatted(stood.count())
                : "NOT all is as it should be.");
    return claims.hold() ? DONE : FAILED;
  }

  private static double seconds(Latencies latencies, double share) {
    return Timeline.seconds(latencies.percentile(share));
  }

  private static long records(Audits audits) {
    return audits.records().stream().mapToLong(Audits.Records::count).sum();
  }
}
