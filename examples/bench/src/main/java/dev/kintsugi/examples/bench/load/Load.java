package dev.kintsugi.examples.bench.load;

import com.typesafe.config.Config;
import dev.kintsugi.examples.bench.stats.Latencies;
import dev.kintsugi.runtime.Kintsugi;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSystem;

/**
 * An actor system with persistent actors, and loads on these. One thread drives it, and waits for
 * each load's end; an interrupt ends the wait.
 */
public final class Load implements AutoCloseable {

  private static final Duration END_OF_ACTORS = Duration.ofSeconds(30);

  private final ActorSystem system;
  private List<ActorRef> actors = List.of();
  private final Map<String, ActorRef> streams = new ConcurrentHashMap<>();
  private volatile Phase phase = new Phase();

  private Load(ActorSystem system) {
    this.system = system;
  }

  /** What came of a load: so many events were stored, or recovered, in so much time. */
  public record Done(long events, Duration took, Latencies latencies) {

    public double perSecond() {
      return events / (took.toNanos() / 1e9);
    }
  }

  /** Starts an actor system, with no actors yet. */
  public static Load start(Config config) {
    return new Load(ActorSystem.create("bench", config));
  }

  /** The actor system, for what is not ours. */
  public ActorSystem system() {
    return system;
  }

  /** Projections on this actor system, where the plugin is ours. */
  public Kintsugi kintsugi() {
    return Kintsugi.get(system);
  }

  /** The pieces of our runtime, for what measures one of them by itself. */
  public KintsugiNode node() {
    return KintsugiNode.get(system);
  }

  /** Events stored or recovered by the load under way, or by the last one. */
  public long events() {
    return phase.events();
  }

  /**
   * Starts actors and waits until they have recovered; the loads that follow are on these.
   *
   * @param streams how the names of their streams begin
   */
  public Done recover(String streams, int count) throws LoadFailedException, InterruptedException {
    return recover(streams, count, stream -> LoadEvent.beginningWith(stream + " "));
  }

  /**
   * The same, with events of another kind.
   *
   * @param event what the actor of a stream persists, each time the same
   */
  public Done recover(String streams, int count, Function<String, Object> event)
      throws LoadFailedException, InterruptedException {
    return recover(
        IntStream.rangeClosed(1, count).mapToObj(i -> streams + "-" + i).toList(), event);
  }

  /** The same, with streams of these names. */
  public Done recover(List<String> streams, Function<String, Object> event)
      throws LoadFailedException, InterruptedException {
    Phase recovery = begin(streams.size());
    LoadActor.Listener listener = new ToThePhase();
    actors =
        streams.stream()
            .map(stream -> system.actorOf(LoadActor.props(stream, event.apply(stream), listener)))
            .toList();
    return recovery.awaitEnd();
  }

  /** Each actor persists so many events, one after the other. */
  public Done persist(int events) throws LoadFailedException, InterruptedException {
    Phase load = begin((long) events * actors.size());
    actors.forEach(actor -> tell(actor, new LoadActor.Persist(events)));
    return load.awaitEnd();
  }

  /** Each actor persists so many events, without waiting in between. */
  public Done persistAsync(int events) throws LoadFailedException, InterruptedException {
    Phase load = begin((long) events * actors.size());
    LoadActor.PersistAsync command = new LoadActor.PersistAsync();
    for (int i = 0; i < events; i++) {
      actors.forEach(actor -> tell(actor, command));
    }
    return load.awaitEnd();
  }

  /**
   * Persists at a steady rate over all actors in turn, whether or not earlier events are stored: a
   * stall is felt by all that were due meanwhile, and so in the latencies, which count from the
   * time at which an event was due.
   *
   * @param goesOn is asked before each event
   */
  public Done paced(int perSecond, BooleanSupplier goesOn)
      throws LoadFailedException, InterruptedException {
    Phase load = begin(0);
    long begin = System.nanoTime();
    for (long i = 0; goesOn.getAsBoolean(); i++) {
      long due = begin + i * TimeUnit.SECONDS.toNanos(1) / perSecond;
      parkUntil(due);
      load.expect(1);
      tell(actors.get((int) (i % actors.size())), new LoadActor.PersistDue(due));
    }
    return load.awaitEnd();
  }

  /**
   * Sets writers to work, each with one append under way at a time, and does not wait for them.
   * They are on streams of their own, whose actors are started as they are named.
   */
  public Writing write(List<? extends Writer> writers) {
    Phase load = begin(0);
    Writing writing =
        new Writing(
            load,
            append ->
                streams.computeIfAbsent(
                    append.persistenceId(),
                    stream -> system.actorOf(StreamActor.props(stream, new ToThePhase()))));
    writers.forEach(writing::next);
    return writing;
  }

  private static void parkUntil(long due) throws InterruptedException {
    for (long wait = due - System.nanoTime(); wait > 0; wait = due - System.nanoTime()) {
      LockSupport.parkNanos(wait);
      if (Thread.interrupted()) {
        throw new InterruptedException("interrupted while pacing a load");
      }
    }
  }

  private static void tell(ActorRef actor, Object command) {
    actor.tell(command, ActorRef.noSender());
  }

  private Phase begin(long answers) {
    Phase next = new Phase();
    next.expect(answers);
    phase = next;
    return next;
  }

  /** Between two phases nothing is asked, so an answer is to the phase under way. */
  private final class ToThePhase implements LoadActor.Listener {
    @Override
    public void recovered(long events) {
      phase.recovered(events);
    }

    @Override
    public void stored(long latencyInNanos) {
      phase.stored(latencyInNanos);
    }

    @Override
    public void failed(String persistenceId, Throwable cause) {
      phase.failed(persistenceId, cause);
    }
  }

  /** Ends the actor system, and waits for that also on a thread that was interrupted. */
  @Override
  public void close() {
    system.terminate();
    system
        .getWhenTerminated()
        .toCompletableFuture()
        .orTimeout(END_OF_ACTORS.toSeconds(), TimeUnit.SECONDS)
        .join();
  }
}
