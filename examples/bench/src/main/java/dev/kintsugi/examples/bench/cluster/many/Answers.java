package dev.kintsugi.examples.bench.cluster.many;

import dev.kintsugi.examples.bench.server.Login;
import dev.kintsugi.examples.bench.stats.LatencyLog;
import dev.kintsugi.runtime.Kintsugi;
import dev.kintsugi.runtime.persistence.AppendResult;
import dev.kintsugi.runtime.persistence.EventWriter;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.sharding.ClusterSharding;
import org.apache.pekko.cluster.sharding.ShardRegion;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.pattern.Patterns;

/** What a node answers to the program that started it. */
final class Answers {

  /** How many nodes are up, as this one sees it. */
  static final String MEMBERS = "members";

  /** Which projections' supervisors live here. */
  static final String HOSTED = "hosted";

  /** A full collection, and what is held after it. */
  static final String MEMORY = "memory";

  /** How many statements this node sends in so many seconds. */
  static final String STATEMENTS = "statements";

  /** Appends so many events to a new stream, that no projection subscribes to. */
  static final String PASS = "pass";

  /** The same with events that all subscribe to. */
  static final String COUNT = "count";

  /**
   * Appends so many events a second, that a few subscribe to, until it is told 0; then, how many
   * these were.
   */
  static final String TRICKLE = "trickle";

  /** What the runtime calls its entities: the region itself knows what lives on its own node. */
  private static final String ENTITIES = "kintsugi-projection";

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final ActorSystem<?> system;
  private Optional<Trickle> trickle = Optional.empty();

  Answers(ActorSystem<?> system) {
    this.system = system;
  }

  /** One line. */
  String to(String question) throws Exception {
    String[] words = question.split(" ", -1);
    return switch (words[0]) {
      case MEMBERS -> members();
      case HOSTED -> hosted();
      case MEMORY -> Memory.afterCollection().line();
      case STATEMENTS -> statements(Integer.parseInt(words[1]));
      case PASS -> append(Integer.parseInt(words[1]), new SmallProjections.Passed("one"));
      case COUNT -> append(Integer.parseInt(words[1]), new SmallProjections.Counted("one"));
      case TRICKLE -> trickle(Integer.parseInt(words[1]));
      default -> throw new IllegalArgumentException("what is '" + question + "'?");
    };
  }

  private String members() {
    long up =
        StreamSupport.stream(Cluster.get(system).state().getMembers().spliterator(), false)
            .filter(member -> member.status().equals(MemberStatus.up()))
            .count();
    return String.valueOf(up);
  }

  private String hosted() throws Exception {
    ActorRef region = ClusterSharding.get(Adapter.toClassic(system)).shardRegion(ENTITIES);
    return Patterns.ask(region, ShardRegion.getShardRegionStateInstance(), PATIENCE)
        .thenApply(ShardRegion.CurrentShardRegionState.class::cast)
        .toCompletableFuture()
        .get()
        .getShards()
        .stream()
        .flatMap(shard -> shard.getEntityIds().stream())
        .collect(Collectors.joining(" "));
  }

  private static String statements(int seconds) throws InterruptedException {
    Statements statements = Statements.count();
    TimeUnit.SECONDS.sleep(seconds);
    return String.valueOf(statements.end());
  }

  private String trickle(int perSecond) throws Exception {
    int appended = trickle.isPresent() ? trickle.get().end() : 0;
    trickle =
        perSecond == 0
            ? Optional.empty()
            : Optional.of(Trickle.start(Kintsugi.get(system).eventWriter(), perSecond));
    return String.valueOf(appended);
  }

  /** Each in a transaction of its own; how long each took, in nanoseconds. */
  private String append(int events, SmallProjections.Event event) throws Exception {
    EventWriter writer = Kintsugi.get(system).eventWriter();
    String stream = "Small|" + UUID.randomUUID();
    StringBuilder latencies = new StringBuilder();
    try (Connection connection = Login.ofEnvironment(System.getenv()).connect()) {
      connection.setAutoCommit(false);
      for (int before = 0; before < events; before++) {
        long begin = System.nanoTime();
        AppendResult result = writer.append(connection, stream, before, List.of(event));
        connection.commit();
        latencies.append(System.nanoTime() - begin).append(' ');
        if (!(result instanceof AppendResult.Appended)) {
          throw new IllegalStateException("not appended: " + result);
        }
      }
    }
    return latencies.toString().strip();
  }

  /** Adds what {@link #append} said. */
  static void addTo(LatencyLog log, String latencies) {
    for (String latency : latencies.split(" ", -1)) {
      log.add(Long.parseLong(latency));
    }
  }
}
