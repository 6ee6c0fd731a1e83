package dev.kintsugi.examples.bench.cluster.failover;

import com.typesafe.config.ConfigFactory;
import dev.kintsugi.examples.history.readmodel.HistoryProjections;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.Kintsugi;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.management.javadsl.PekkoManagement;

/** A node with the history's files and read models; {@code config/cluster.conf} says the rest. */
final class HistoryNode {

  /** The actor system's name. */
  static final String SYSTEM = "history";

  private static final long START_SECONDS = 60;

  private HistoryNode() {}

  /** Runs until it is killed or downed, or until whoever started it is gone. */
  public static void main(String[] args) {
    try {
      start();
      awaitEndOfParent();
      Runtime.getRuntime().halt(0);
    } catch (Exception e) {
      e.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
  }

  private static void start() throws Exception {
    ActorSystem<Void> system =
        ActorSystem.create(
            Behaviors.empty(),
            SYSTEM,
            ConfigFactory.load(
                ConfigFactory.defaultApplication()
                    .withFallback(ConfigFactory.parseResources("failover.conf"))));
    Kintsugi.get(system).start(HistoryProjections.all().toArray(Projection<?>[]::new));
    ShardedFile.shard(ClusterSharding.get(system));
    PekkoManagement.get(system).start().toCompletableFuture().get(START_SECONDS, TimeUnit.SECONDS);
  }

  /** Standard input is the parent's; it ends with it. */
  private static void awaitEndOfParent() throws IOException {
    while (System.in.read() >= 0) {
      // What it says means nothing.
    }
  }
}
