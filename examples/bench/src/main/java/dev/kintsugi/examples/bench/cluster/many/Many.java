package dev.kintsugi.examples.bench.cluster.many;

import dev.kintsugi.examples.bench.BenchCommand;
import dev.kintsugi.examples.bench.Positive;
import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.examples.bench.stats.LatencyLog;
import dev.kintsugi.examples.cluster.launch.ConfigDirectory;
import dev.kintsugi.examples.common.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Hosts many projections on a cluster, and few on another, and puts the figures side by side. */
@Command(
    name = "many",
    description =
        "Hosts many small projections on a cluster of JVMs on this machine, and few on another:"
            + " what their start, their idling, also beside a trickle of events that concerns a few of"
            + " them, their memory, an append beside them and the end of a node cost.")
public final class Many extends BenchCommand {

  /** The least of which the others are a majority when one is killed. */
  private static final int FEWEST_NODES = 3;

  /** Until a cluster that was just started has come to rest. */
  private static final int REST_SECONDS = 15;

  /** Until those whom a trickle concerns are warm. */
  private static final int TRICKLING_SECONDS = 3;

  private static final int APPENDS_IN_TURN = 100;

  /** An event that hundreds subscribe to takes as long as hundreds that nobody does. */
  private static final int COUNTED_ONE_IN = 40;

  private static final Duration APPENDING = Duration.ofMinutes(2);
  private static final Duration APPLIED = Duration.ofSeconds(30);
  private static final long LOOK_EVERY_MILLIS = 200;

  @Option(
      names = "--projections",
      paramLabel = "N",
      defaultValue = "200",
      converter = Positive.class,
      description = "How many projections are many; default ${DEFAULT-VALUE}.")
  private int projections;

  @Option(
      names = "--few",
      paramLabel = "N",
      converter = Positive.class,
      description =
          "How many projections are few. Default: one for each node, as a node that hosts none does not"
              + " even look at the database.")
  private Optional<Integer> few = Optional.empty();

  @Option(
      names = "--nodes",
      paramLabel = "N",
      defaultValue = "3",
      converter = Positive.class,
      description = "How many nodes a cluster has, 3 or more; default ${DEFAULT-VALUE}.")
  private int nodes;

  @Option(
      names = "--idle-seconds",
      paramLabel = "N",
      defaultValue = "60",
      converter = Positive.class,
      description = "How long to look at a cluster that idles; default ${DEFAULT-VALUE}.")
  private int idleSeconds;

  @Option(
      names = "--appends",
      paramLabel = "N",
      defaultValue = "3000",
      converter = Positive.class,
      description = "How many events are appended on each cluster; default ${DEFAULT-VALUE}.")
  private int appends;

  @Option(
      names = "--mode",
      paramLabel = "MODE",
      defaultValue = "inline",
      description = "Of all projections: ${COMPLETION-CANDIDATES}; default ${DEFAULT-VALUE}.")
  private SmallProjections.Mode mode = SmallProjections.Mode.INLINE;

  @Option(
      names = "--trickle",
      paramLabel = "N",
      converter = Positive.class,
      description =
          "Look at the cluster also while so many events a second are appended that a few projections"
              + " subscribe to. Default: don't.")
  private Optional<Integer> trickle = Optional.empty();

  @Option(
      names = "--idle-only",
      description = "Only start and idle; no second start, no latencies, no fail-over.")
  private boolean idleOnly;

  @Mixin private ConfigDirectory config = new ConfigDirectory();

  @Option(
      names = "--logs",
      paramLabel = "DIR",
      defaultValue = "target/many",
      description = "The directory for the nodes' logs; default ${DEFAULT-VALUE}.")
  private Path logs = Path.of("target");

  @Override
  protected int run(BenchServer server) throws Exception {
    if (nodes < FEWEST_NODES) {
      throw new BadInputException(
          "--nodes is %d: expected %d or more".formatted(nodes, FEWEST_NODES));
    }
    Path configuration = config.path();
    Path directory = Files.createDirectories(logs).toRealPath();
    out()
        .printf(
            "%d projections, %s, on %d nodes, each a JVM with %s; %s; logs in %s%n",
            projections,
            mode,
            nodes,
            String.join(" ", ManyCluster.JVM),
            describeKintsugi(),
            directory);
    try (BenchDatabase ofFew = database(server);
        BenchDatabase ofMany = database(server);
        Observer fewObserved = Observer.of(ofFew);
        Observer manyObserved = Observer.of(ofMany)) {
      Side few =
          new Side(
              "few",
              this.few.orElse(nodes),
              new ManyCluster.Installation(ofFew, mode, configuration, directory, settings()),
              fewObserved);
      Side many =
          new Side(
              "many",
              projections,
              new ManyCluster.Installation(ofMany, mode, configuration, directory, settings()),
              manyObserved);
      Figures firstOfFew = first(few);
      Figures firstOfMany = first(many);
      report(
          idleOnly ? List.of(firstOfFew, firstOfMany) : again(few, firstOfFew, many, firstOfMany));
    }
    return DONE;
  }

  private static BenchDatabase database(BenchServer server) throws SQLException {
    return server.create().withJournal().withSkipRecords();
  }

  /** One of the two that are compared. */
  private record Side(
      String name, int projections, ManyCluster.Installation installation, Observer observer) {}

  private ManyCluster start(Side side, String which) throws IOException {
    return ManyCluster.start(
        side.name() + "-" + which, nodes, side.projections(), side.installation());
  }

  private Figures first(Side side) throws Exception {
    ServerTime before = side.observer().serverTime();
    try (ManyCluster cluster = start(side, "first")) {
      ManyCluster.Started started = cluster.awaitStarted(side.observer(), before);
      say(side, "first start", started);
      TimeUnit.SECONDS.sleep(REST_SECONDS);
      Idle idle = Idle.measure(cluster, side.observer(), idleSeconds);
      progress().line("%s: has idled".formatted(side.name()));
      Optional<Figures.Trickled> trickled =
          trickle.isPresent()
              ? Optional.of(trickled(cluster, side, trickle.get()))
              : Optional.empty();
      List<Memory> memory = new ArrayList<>();
      for (NodeProcess node : cluster.alive()) {
        memory.add(Memory.parse(node.ask(Answers.MEMORY)));
      }
      cluster.stop();
      return new Figures(side.projections(), started, idle, trickled, memory, Optional.empty());
    }
  }

  private Figures.Trickled trickled(ManyCluster cluster, Side side, int perSecond)
      throws Exception {
    NodeProcess node = cluster.alive().get(0);
    long begin = System.nanoTime();
    node.ask("%s %d".formatted(Answers.TRICKLE, perSecond));
    TimeUnit.SECONDS.sleep(TRICKLING_SECONDS);
    Idle idle = Idle.measure(cluster, side.observer(), idleSeconds);
    int appended = Integer.parseInt(node.ask(Answers.TRICKLE + " 0"));
    double took = (System.nanoTime() - begin) / 1e9;
    progress().line("%s: has idled beside a trickle".formatted(side.name()));
    return new Figures.Trickled(appended / took, idle);
  }

  private void say(Side side, String what, ManyCluster.Started started) {
    progress()
        .line(
            "%s: %s, all proven after %.1f s"
                .formatted(side.name(), what, started.proven().toMillis() / 1e3));
  }

  /** Both on their databases again: many first, so that nothing else runs beside its start. */
  private List<Figures> again(Side few, Figures firstOfFew, Side many, Figures firstOfMany)
      throws Exception {
    ServerTime beforeMany = many.observer().serverTime();
    try (ManyCluster manyNodes = start(many, "second")) {
      ManyCluster.Started manyStarted = manyNodes.awaitStarted(many.observer(), beforeMany);
      say(many, "second start", manyStarted);
      ManyCluster.FailedOver manyFailedOver = failOver(many, manyNodes);
      ServerTime beforeFew = few.observer().serverTime();
      try (ManyCluster fewNodes = start(few, "second")) {
        ManyCluster.Started fewStarted = fewNodes.awaitStarted(few.observer(), beforeFew);
        say(few, "second start", fewStarted);
        InTurn passed = inTurn(Answers.PASS, appends, fewNodes, manyNodes);
        InTurn counted =
            inTurn(Answers.COUNT, Math.max(1, appends / COUNTED_ONE_IN), fewNodes, manyNodes);
        refuseMissing(few);
        refuseMissing(many);
        ManyCluster.FailedOver fewFailedOver = failOver(few, fewNodes);
        return List.of(
            firstOfFew.and(
                new Figures.Again(
                    fewStarted, passed.few().soFar(), counted.few().soFar(), fewFailedOver)),
            firstOfMany.and(
                new Figures.Again(
                    manyStarted, passed.many().soFar(), counted.many().soFar(), manyFailedOver)));
      }
    }
  }

  private ManyCluster.FailedOver failOver(Side side, ManyCluster cluster) throws Exception {
    ManyCluster.FailedOver failedOver = cluster.failOver();
    progress()
        .line(
            "%s: a node was killed, all hosted again after %.1f s"
                .formatted(side.name(), failedOver.hosted().toMillis() / 1e3));
    return failedOver;
  }

  private record InTurn(LatencyLog few, LatencyLog many) {}

  /** A first turn of each warms up, and is not counted. */
  private InTurn inTurn(String question, int events, ManyCluster few, ManyCluster many)
      throws Exception {
    InTurn log = new InTurn(new LatencyLog(), new LatencyLog());
    int turn = Math.min(events, APPENDS_IN_TURN);
    append(few, question, turn, new LatencyLog());
    append(many, question, turn, new LatencyLog());
    while (log.few().count() < events) {
      append(few, question, turn, log.few());
      append(many, question, turn, log.many());
    }
    progress().line("%,d appends on each: %s".formatted(log.few().count(), question));
    return log;
  }

  private static void append(ManyCluster cluster, String question, int events, LatencyLog log)
      throws Exception {
    NodeProcess node = cluster.alive().get(0);
    Answers.addTo(log, node.ask(question + " " + events, APPENDING));
  }

  /**
   * What was measured would be another thing if a projection had not taken part; one that follows
   * may take its time.
   */
  private static void refuseMissing(Side side)
      throws SQLException, InterruptedException, LoadFailedException {
    long deadline = System.nanoTime() + APPLIED.toNanos();
    int applied = side.observer().applied(side.projections());
    while (applied != side.projections() && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(LOOK_EVERY_MILLIS);
      applied = side.observer().applied(side.projections());
    }
    if (applied != side.projections()) {
      throw new LoadFailedException(
          "An event that all %d projections subscribe to was applied by %d"
              .formatted(side.projections(), applied));
    }
  }

  private void report(List<Figures> figures) {
    out().println();
    ManyReport.lines(figures.get(0), figures.get(1)).forEach(out()::println);
  }
}
