package dev.kintsugi.runtime.testing;

import static org.assertj.core.api.Assertions.assertThatCode;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.kintsugi.runtime.Kintsugi;
import dev.kintsugi.runtime.datasource.DataSourceSetup;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.apache.pekko.Done;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.BootstrapSetup;
import org.apache.pekko.actor.setup.ActorSystemSetup;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;

/**
 * An actor system on a {@link World}'s database, whose journal is {@code kintsugi.journal}. Nothing
 * in it waits long: polls and backoffs are a few milliseconds.
 */
public final class TestSystem implements AutoCloseable {

  /** How long a test waits for what must come. It only decides when a failing test gives up. */
  public static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final String QUICK =
      """
      pekko.jvm-shutdown-hooks = off
      pekko.coordinated-shutdown.run-by-actor-system-terminate = off
      pekko.persistence.journal.plugin = "kintsugi.journal"
      pekko.persistence.snapshot-store.plugin = "kintsugi.snapshot-store"
      pekko.persistence.state.plugin = "kintsugi.durable-state"
      kintsugi.jdbc { pool-size = 8, connection-timeout = 5s }
      kintsugi.journal.lanes = 2
      kintsugi.blocking-dispatcher.thread-pool-executor.fixed-pool-size = 6
      pekko.actor.testkit.typed.filter-leeway = 60s
      kintsugi.rebuild.poll-interval = 10ms
      kintsugi.supervisor { poll-interval = 10ms, min-backoff = 10ms, max-backoff = 100ms }
      """;

  private final ActorSystem system;

  /** Starts an actor system. */
  public TestSystem(World world) {
    this(world.url(), "");
  }

  /** Starts an actor system with settings of its own. */
  public TestSystem(World world, String settings) {
    this(world.url(), settings);
  }

  /** Starts an actor system on a database that has no tables, perhaps, or is not there. */
  public TestSystem(String url, String settings) {
    this(
        ActorSystemSetup.create(
            BootstrapSetup.create(config(settings, "kintsugi.jdbc.url = \"" + url + "\""))));
  }

  /** Starts an actor system on the application's own DataSource. */
  public TestSystem(DataSource dataSource, String settings) {
    this(
        ActorSystemSetup.create(
            BootstrapSetup.create(config(settings, "")), DataSourceSetup.of(dataSource)));
  }

  private TestSystem(ActorSystemSetup setup) {
    this.system = ActorSystem.create("test", setup);
  }

  /** Starts an actor system that has its connections by its settings alone. */
  public static TestSystem bySettings(String settings) {
    return new TestSystem(ActorSystemSetup.create(BootstrapSetup.create(config(settings, ""))));
  }

  private static Config config(String settings, String connections) {
    return ConfigFactory.parseString(settings)
        .withFallback(ConfigFactory.parseString(connections))
        .withFallback(ConfigFactory.parseString(QUICK))
        .withFallback(ConfigFactory.load());
  }

  public ActorSystem system() {
    return system;
  }

  public Kintsugi kintsugi() {
    return Kintsugi.get(system);
  }

  public KintsugiNode node() {
    return KintsugiNode.get(system);
  }

  /** Starts projections, and waits until their rebuilds are done. */
  public void startAndFinish(TestProjection... projections) throws Exception {
    for (TestProjection projection : projections) {
      kintsugi().start(projection.definition());
    }
    for (TestProjection projection : projections) {
      get(kintsugi().whenDone(projection.name()));
    }
  }

  // Actors

  public <T> ActorRef<T> spawn(Behavior<T> behavior) {
    return Adapter.spawnAnonymous(system, behavior);
  }

  public <T> TestProbe<T> probe() {
    return TestProbe.create(Adapter.toTyped(system));
  }

  /** A persistent actor of a stream. */
  public ActorRef<Recorder.Command> recorder(String persistenceId) {
    return spawn(Recorder.create(persistenceId));
  }

  /** Completes when the events are stored, all or none. */
  public CompletionStage<Done> persist(ActorRef<Recorder.Command> recorder, String... events) {
    return AskPattern.ask(
        recorder,
        replyTo -> new Recorder.Persist(List.of(events), replyTo),
        PATIENCE,
        Adapter.toTyped(system).scheduler());
  }

  /** Persists events of a stream by an actor that is started for it and stopped. */
  public void record(String persistenceId, String... events) throws Exception {
    ActorRef<Recorder.Command> recorder = recorder(persistenceId);
    get(persist(recorder, events));
    stop(recorder);
  }

  /** What the actor has persisted, or recovered. */
  public List<String> read(ActorRef<Recorder.Command> recorder) throws Exception {
    return get(
        AskPattern.ask(
            recorder, Recorder.Read::new, PATIENCE, Adapter.toTyped(system).scheduler()));
  }

  /** Stops the actor and waits until it is gone. */
  public void stop(ActorRef<Recorder.Command> recorder) {
    recorder.tell(new Recorder.Stop());
    probe().expectTerminated(recorder, PATIENCE);
  }

  // Waiting

  /** Waits for a result; throws what it failed with. */
  public static <T> T get(CompletionStage<T> stage) throws Exception {
    try {
      return stage.toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw e;
    }
  }

  /** Waits until the assertion holds. */
  public static void eventually(ThrowingRunnable assertion) {
    Awaitility.await()
        .atMost(PATIENCE)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(10))
        .untilAsserted(assertion);
  }

  /**
   * Does something again and again until it succeeds: while a database comes back, a connection of
   * the pool may still be a dead one.
   */
  public static void eventuallySucceeds(ThrowingCallable action) {
    eventually(() -> assertThatCode(action).doesNotThrowAnyException());
  }

  /** Ends the actor system as a stop of the node does, and waits for its end. */
  @Override
  public void close() {
    system.terminate();
    system.getWhenTerminated().toCompletableFuture().join();
  }
}
