package dev.kintsugi.examples.bench.cluster.history;

import com.typesafe.config.ConfigFactory;
import dev.kintsugi.examples.history.files.FileEvent;
import dev.kintsugi.examples.history.readmodel.HistoryProjections;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.Kintsugi;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.management.javadsl.PekkoManagement;

/** A node with the history's files and read models; {@code config/cluster.conf} says the rest. */
public final class HistoryNode {

  /** The actor system's name. */
  public static final String SYSTEM = "history";

  private static final long START_SECONDS = 60;

  private HistoryNode() {}

  /** Runs until it is killed or downed, or until whoever started it is gone. */
  public static void main(String[] args) {
    run(HistoryProjections.all(), said -> {});
  }

  /**
   * The same with other projections of the history.
   *
   * @param told takes each line that whoever started it says meanwhile
   */
  public static void run(List<Projection<FileEvent>> projections, Consumer<String> told) {
    try {
      start(projections);
      listen(told);
      Runtime.getRuntime().halt(0);
    } catch (Exception e) {
      e.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
  }

  private static void start(List<Projection<FileEvent>> projections) throws Exception {
    ActorSystem<Void> system =
        ActorSystem.create(
            Behaviors.empty(),
            SYSTEM,
            ConfigFactory.load(
                ConfigFactory.defaultApplication()
                    .withFallback(ConfigFactory.parseResources("history-node.conf"))));
    Kintsugi.get(system).start(projections.toArray(Projection<?>[]::new));
    ShardedFile.shard(ClusterSharding.get(system));
    PekkoManagement.get(system).start().toCompletableFuture().get(START_SECONDS, TimeUnit.SECONDS);
  }

  /** Standard input is the parent's; it ends with it. */
  private static void listen(Consumer<String> told) throws IOException {
    BufferedReader input =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      told.accept(line);
    }
  }
}
