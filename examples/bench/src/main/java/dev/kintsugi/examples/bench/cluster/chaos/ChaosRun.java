package dev.kintsugi.examples.bench.cluster.chaos;

import dev.kintsugi.examples.bench.Settings;
import dev.kintsugi.examples.bench.cluster.history.Audits;
import dev.kintsugi.examples.bench.cluster.history.Change;
import dev.kintsugi.examples.bench.cluster.history.HistoryNode;
import dev.kintsugi.examples.bench.cluster.history.Tally;
import dev.kintsugi.examples.bench.cluster.history.Writers;
import dev.kintsugi.examples.bench.failures.Claims;
import dev.kintsugi.examples.bench.failures.Ledger;
import dev.kintsugi.examples.bench.failures.LedgerAudit;
import dev.kintsugi.examples.bench.proxy.Proxy;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.examples.bench.server.Login;
import dev.kintsugi.examples.cluster.ClusterFailedException;
import dev.kintsugi.examples.cluster.RunningCluster;
import dev.kintsugi.examples.cluster.Timeline;
import dev.kintsugi.examples.cluster.launch.Node;
import dev.kintsugi.examples.cluster.launch.Ports;
import dev.kintsugi.examples.cluster.launch.Program;
import dev.kintsugi.examples.common.BadInputException;
import dev.kintsugi.examples.history.audit.Findings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One run: a new database, a cluster that writes a history into it, a plan of faults, and peace;
 * then the audit.
 */
final class ChaosRun {

  /** Fast, and such that the nodes hear of each other meanwhile. */
  private static final int PRELOADED_PER_SECOND = 1_000;

  private static final Duration PRELOADED = Duration.ofMinutes(5);
  private static final Duration NODES_READY = Duration.ofMinutes(3);
  private static final Duration ACKNOWLEDGED = Duration.ofMinutes(3);
  private static final Duration WHOLE = Duration.ofMinutes(5);
  private static final int SHOWN = 20;

  /**
   * How it is to be.
   *
   * @param preloaded events that are written before anything goes wrong
   * @param rate events a second from then on
   * @param length of the unrest
   * @param gap the mean time from one fault to the next
   * @param config the directory with {@code cluster.conf}
   */
  record Shape(
      int preloaded, int rate, Duration length, Duration gap, List<Kind> kinds, Path config) {}

  /**
   * What came of it.
   *
   * @param broken what is not as it should be, a line each
   */
  record Outcome(
      Tried tried,
      int restarts,
      long acknowledged,
      long unknown,
      long rebuilds,
      List<Audits.Records> records,
      List<String> broken) {}

  private final BenchServer server;
  private final Settings settings;
  private final Shape shape;
  private final List<Change> history;
  private final Timeline timeline;

  ChaosRun(
      BenchServer server, Settings settings, Shape shape, List<Change> history, Timeline timeline) {
    this.server = server;
    this.settings = settings;
    this.shape = shape;
    this.history = history;
    this.timeline = timeline;
  }

  /**
   * Runs.
   *
   * @param logs the directory for the nodes' logs, and for the tables if something is broken
   * @param claims takes what is claimed of it
   * @throws ClusterFailedException if it could not be carried out to its end
   */
  Outcome run(long seed, Path logs, Claims claims)
      throws IOException,
          InterruptedException,
          SQLException,
          BadInputException,
          ClusterFailedException {
    Plan plan =
        Plan.of(
            seed,
            shape.length(),
            shape.gap(),
            new Plan.Scope(RunningCluster.NODES, ChaosNode.PROJECTIONS, shape.kinds()));
    List<Proxy> proxies = new ArrayList<>();
    try (BenchDatabase database = server.create().withJournal().withSkipRecords()) {
      for (int i = 0; i < RunningCluster.NODES; i++) {
        proxies.add(Proxy.open(database.login().address()));
      }
      RunningCluster cluster =
          RunningCluster.start(
              Ports.free(RunningCluster.NODES),
              program(plan, proxies, database.login(), WrongClock.option(logs, plan.clockAhead())),
              shape.config(),
              logs);
      try {
        return run(plan, cluster, proxies, database, logs, claims);
      } finally {
        cluster.kill();
      }
    } finally {
      for (Proxy proxy : proxies) {
        proxy.close();
      }
    }
  }

  private Program program(Plan plan, List<Proxy> proxies, Login login, String wrongClock) {
    List<String> options = new ArrayList<>();
    options.add("-Dkintsugi.jdbc.pool-size=" + settings.connections());
    // Sessions that a stalled connection leaves open end while there is still unrest.
    options.add("-Dkintsugi.jdbc.idle-in-transaction-timeout=10s");
    // So that a rebuild takes its time, and something can befall it.
    options.add("-Dkintsugi.rebuild.max-rate=3000");
    // The first seed node forms a cluster of its own when nobody answers; a busy one takes its
    // time.
    options.add("-Dpekko.cluster.seed-node-timeout=20s");
    settings.overrides().forEach((key, value) -> options.add("-D" + key + "=" + value));
    return new Program(
        ChaosNode.class,
        HistoryNode.SYSTEM,
        number -> {
          Map<String, String> environment = new HashMap<>();
          environment.put("KINTSUGI_JDBC_URL", login.atPort(proxies.get(number - 1).port()).url());
          environment.put("KINTSUGI_JDBC_USER", login.user());
          environment.put("KINTSUGI_JDBC_PASSWORD", login.password());
          if (number == plan.clock()) {
            environment.put("JDK_JAVA_OPTIONS", wrongClock);
          }
          return environment;
        },
        options);
  }

  private Outcome run(
      Plan plan,
      RunningCluster cluster,
      List<Proxy> proxies,
      BenchDatabase database,
      Path logs,
      Claims claims)
      throws IOException, InterruptedException, SQLException, ClusterFailedException {
    Tally tally = new Tally();
    Tried tried = new Tried();
    List<URI> nodes = cluster.nodes().stream().map(Node::management).toList();
    timeline.note(
        "three nodes form a cluster; the clock of node %d is off by %+d minutes"
            .formatted(plan.clock(), plan.clockAhead().toMinutes()));
    try (Writers before =
        Writers.start(nodes, history.subList(0, shape.preloaded()), PRELOADED_PER_SECOND, tally)) {
      before.awaitEnd(PRELOADED);
    }
    timeline.note("%,d events are written; the unrest begins".formatted(tally.count()));
    int restarts;
    List<String> stuck;
    List<String> wrong;
    try (Keeper keeper = Keeper.of(cluster, timeline);
        Writers writers =
            Writers.start(
                nodes, history.subList(shape.preloaded(), history.size()), shape.rate(), tally);
        Unrest unrest = new Unrest(cluster, proxies, server, database, timeline, tried)) {
      unrest.begin(plan);
      unrest.awaitEnd(shape.length());
      timeline.note("the unrest is over; %,d events acknowledged".formatted(tally.count()));
      boolean wroteToTheEnd = !writers.hasEnded();
      stuck = peace(cluster, database, writers, tally);
      timeline.note(stuck.isEmpty() ? "every projection is whole" : "NOT all is whole again");
      wrong = new Verifications(cluster, timeline).wrong(ChaosNode.PROJECTIONS);
      claims.claim("runs whose writers wrote until the unrest was over", 1, wroteToTheEnd ? 1 : 0);
      restarts = keeper.restarts();
    }
    return audit(database, tally, tried, restarts, stuck, wrong, logs, claims);
  }

  /** Returns what is stuck, a line each. */
  private List<String> peace(
      RunningCluster cluster, BenchDatabase database, Writers writers, Tally tally)
      throws InterruptedException, SQLException {
    try (Connection connection = database.login().connect()) {
      Peace peace = new Peace(cluster, connection);
      peace.awaitNodes(NODES_READY);
      timeline.note("all nodes are ready");
      writers.stop();
      writers.awaitEnd(ACKNOWLEDGED);
      timeline.note("the writers have stopped; %,d events acknowledged".formatted(tally.count()));
      return peace.awaitWhole(WHOLE);
    } catch (ClusterFailedException e) {
      return List.of(e.getMessage());
    }
  }

  private Outcome audit(
      BenchDatabase database,
      Tally tally,
      Tried tried,
      int restarts,
      List<String> stuck,
      List<String> wrong,
      Path logs,
      Claims claims)
      throws SQLException, IOException {
    Claims own = new Claims();
    Audits audits;
    long rebuilds = database.count("SELECT count(*) FROM kintsugi_rebuild");
    try (Connection connection = database.login().connect()) {
      audits = Audits.of(connection, history, tally);
    }
    LedgerAudit ledger = LedgerAudit.of(database, Ledger.GROUPED);
    for (Claims some : List.of(own, claims)) {
      some.claim("projections that are stuck", 0, stuck.size());
      some.claim("read models that their verification does not find clean", 0, wrong.size());
      audits.claim(some);
      ledger.claim(some, Ledger.GROUPED);
    }
    List<String> broken = new ArrayList<>(stuck);
    broken.addAll(wrong);
    if (!own.hold()) {
      broken.addAll(own.lines());
      audits.readModels().stream()
          .map(Findings::differences)
          .flatMap(List::stream)
          .limit(SHOWN)
          .forEach(difference -> broken.add(difference.toString()));
      try (Connection connection = database.login().connect()) {
        Evidence.keep(connection, logs);
      }
      broken.add("All tables are in " + logs);
    }
    return new Outcome(
        tried,
        restarts,
        tally.count(),
        tally.unknown(),
        rebuilds,
        audits.records(),
        List.copyOf(broken));
  }
}
