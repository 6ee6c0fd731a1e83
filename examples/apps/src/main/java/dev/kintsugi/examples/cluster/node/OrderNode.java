package dev.kintsugi.examples.cluster.node;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.kintsugi.examples.cluster.orders.Order;
import dev.kintsugi.examples.cluster.orders.OrderProjections;
import dev.kintsugi.examples.common.Connections;
import dev.kintsugi.runtime.Kintsugi;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.management.javadsl.PekkoManagement;

/**
 * A node of the cluster. Where it listens, whom it joins and where its database is says the
 * configuration: {@code config/cluster.conf}, given by {@code -Dconfig.file}, and the environment.
 */
public final class OrderNode {

  /** The actor system's name: it is part of the nodes' addresses. */
  public static final String SYSTEM = "orders";

  /** The argument that has standard input watched: see {@link #followParent}. */
  public static final String WITH_PARENT = "--with-parent";

  /** What the parent says for an orderly end. */
  public static final String STOP = "stop";

  private static final Duration START = Duration.ofMinutes(1);
  private static final Duration REQUESTS_UNDER_WAY = Duration.ofSeconds(5);

  private final ActorSystem<Void> system;
  private final Connections reading;
  private final ServerBinding binding;

  private OrderNode(ActorSystem<Void> system, Connections reading, ServerBinding binding) {
    this.system = system;
    this.reading = reading;
    this.binding = binding;
  }

  /** Runs until it is told to stop, is signalled, or is downed. */
  public static void main(String[] args) throws Exception {
    OrderNode node;
    try {
      node = start(config(ConfigFactory.defaultApplication()));
    } catch (Exception e) {
      e.printStackTrace();
      Runtime.getRuntime().halt(1);
      return;
    }
    if (List.of(args).contains(WITH_PARENT)) {
      node.followParent(System.in);
    }
  }

  /** The installation's configuration before the program's own, before the libraries' defaults. */
  static Config config(Config installation) {
    return ConfigFactory.load(
        installation.withFallback(ConfigFactory.parseResources("orders.conf")));
  }

  /**
   * Starts a node, to be stopped by coordinated shutdown. It need not be in a cluster yet.
   *
   * @throws Exception if a port is taken, or the database can't be used; the actor system has ended
   *     then
   */
  static OrderNode start(Config config) throws Exception {
    ActorSystem<Void> system = ActorSystem.create(Behaviors.empty(), SYSTEM, config);
    try {
      Kintsugi.get(system).start(OrderProjections.all());
      ClusterSharding sharding = ClusterSharding.get(system);
      Order.shard(sharding);
      await(PekkoManagement.get(system).start());
      return serve(system, sharding, config);
    } catch (Exception e) {
      system.terminate();
      throw e;
    }
  }

  private static OrderNode serve(ActorSystem<Void> system, ClusterSharding sharding, Config config)
      throws Exception {
    Connections reading =
        Connections.of(config.getConfig("kintsugi.jdbc"), config.getInt("orders.read-connections"));
    Executor mayBlock = system.dispatchers().lookup(DispatcherSelector.blocking());
    OrderRoutes routes =
        new OrderRoutes(
            sharding, new ReadModels(reading, mayBlock), config.getDuration("orders.ask-timeout"));
    ServerBinding binding =
        await(
            Http.get(system)
                .newServerAt(
                    config.getString("orders.http.hostname"), config.getInt("orders.http.port"))
                .bind(routes.routes()));
    OrderApiReady.set(system);
    OrderNode node = new OrderNode(system, reading, binding);
    CoordinatedShutdown shutdown = CoordinatedShutdown.get(system);
    binding.addToCoordinatedShutdown(REQUESTS_UNDER_WAY, system);
    shutdown.addTask(
        CoordinatedShutdown.PhaseBeforeActorSystemTerminate(),
        "close-reading",
        () -> node.closeReading(mayBlock));
    return node;
  }

  private CompletionStage<Done> closeReading(Executor mayBlock) {
    return CompletableFuture.supplyAsync(
        () -> {
          reading.close();
          return Done.getInstance();
        },
        mayBlock);
  }

  private static <T> T await(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(START.toSeconds(), TimeUnit.SECONDS);
  }

  ActorSystem<Void> system() {
    return system;
  }

  /** Where the HTTP API listens. */
  int port() {
    return binding.localAddress().getPort();
  }

  /**
   * Does what the parent says on standard input, which ends with it: to stop in good order, or, if
   * it was killed itself, at once, as what the node works for is gone.
   */
  private void followParent(InputStream standardInput) throws IOException {
    byte[] said = standardInput.readNBytes(STOP.length());
    if (said.length < STOP.length()) {
      Runtime.getRuntime().halt(1);
    }
    CoordinatedShutdown.get(system).runAll(CoordinatedShutdown.unknownReason());
  }
}
