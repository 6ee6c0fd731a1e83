package dev.kintsugi.examples.bench.cuts;

import com.typesafe.config.Config;
import dev.kintsugi.examples.bench.load.LoadEvent;
import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.bench.load.WritesHandler;
import dev.kintsugi.runtime.Kintsugi;
import dev.kintsugi.runtime.durable.DurableStates;
import dev.kintsugi.runtime.query.KintsugiReadJournal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.persistence.state.DurableStateStoreRegistry;
import org.apache.pekko.stream.javadsl.Sink;

/**
 * An actor system that is used in each way as soon as it is there, and in each again after a short
 * pause until that works.
 */
final class LateStart implements AutoCloseable {

  private static final long PAUSE_MILLIS = 100;
  private static final Duration END = Duration.ofMinutes(1);

  private final ActorSystem system;

  /** When each use has worked. */
  private final Map<FirstUse, CompletableFuture<Long>> worked = new EnumMap<>(FirstUse.class);

  private final List<Thread> threads = new ArrayList<>();

  private LateStart(ActorSystem system) {
    this.system = system;
  }

  static LateStart begin(Config config) {
    LateStart start = new LateStart(ActorSystem.create("late", config));
    for (FirstUse use : FirstUse.values()) {
      start.worked.put(use, new CompletableFuture<>());
    }
    start.beginAll();
    return start;
  }

  private void beginAll() {
    Kintsugi kintsugi = Kintsugi.get(system); // needs no database
    CompletableFuture<Long> stored = of(FirstUse.PERSIST);
    system.actorOf(FirstPersist.props(() -> stored.complete(System.nanoTime())));
    again(FirstUse.PROJECTION, () -> kintsugi.start(WritesHandler.projection()));
    again(FirstUse.SNAPSHOT, this::loadSnapshot);
    again(FirstUse.STATE, this::writeState);
    again(FirstUse.QUERY, this::query);
  }

  private CompletableFuture<Long> of(FirstUse use) {
    return Objects.requireNonNull(worked.get(use));
  }

  private interface Use {
    void once() throws Exception;
  }

  private void again(FirstUse use, Use work) {
    Thread thread =
        new Thread(
            () -> {
              while (!of(use).isDone()) {
                try {
                  work.once();
                  of(use).complete(System.nanoTime());
                } catch (InterruptedException e) {
                  return;
                } catch (Exception notYet) {
                  if (!pause()) {
                    return;
                  }
                }
              }
            },
            "first-" + use);
    thread.start();
    threads.add(thread);
  }

  private static boolean pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
      return true;
    } catch (InterruptedException e) {
      return false;
    }
  }

  private void loadSnapshot() throws Exception {
    CompletableFuture<Onlooker.Seen> seen = new CompletableFuture<>();
    system.actorOf(Onlooker.props("first-snapshot", seen));
    seen.get();
  }

  private void writeState() throws Exception {
    DurableStates states =
        DurableStateStoreRegistry.get(system)
            .getDurableStateStoreFor(DurableStates.class, "kintsugi.durable-state");
    long revision = states.getObject("first").toCompletableFuture().get().revision();
    states
        .upsertObject("first", revision + 1, LoadEvent.beginningWith("state "), "")
        .toCompletableFuture()
        .get();
  }

  private void query() throws Exception {
    PersistenceQuery.get(system)
        .getReadJournalFor(KintsugiReadJournal.class, KintsugiReadJournal.IDENTIFIER)
        .currentEventsByTag("load", Offset.noOffset())
        .runWith(Sink.seq(), system)
        .toCompletableFuture()
        .get();
  }

  /**
   * A check of this program's.
   *
   * @throws LoadFailedException if something was used though there is no database
   */
  void refuseUseWithoutDatabase() throws LoadFailedException {
    for (FirstUse use : FirstUse.values()) {
      if (of(use).isDone()) {
        throw new LoadFailedException(use + " worked before the database could be reached");
      }
    }
  }

  /**
   * Waits until each use has worked, and returns how many seconds after a time, in their order.
   *
   * @throws LoadFailedException if one does not in so long
   */
  List<Double> awaitAll(long since, Duration atMost)
      throws InterruptedException, ExecutionException, LoadFailedException {
    List<Double> seconds = new ArrayList<>();
    long deadline = since + atMost.toNanos();
    for (FirstUse use : FirstUse.values()) {
      try {
        long when = of(use).get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        seconds.add((when - since) / 1e9);
      } catch (TimeoutException e) {
        throw new LoadFailedException(
            "%s does not work %d seconds after the database is there"
                .formatted(use, atMost.toSeconds()));
      }
    }
    return seconds;
  }

  @Override
  public void close() throws Exception {
    threads.forEach(Thread::interrupt);
    for (Thread thread : threads) {
      thread.join();
    }
    system.terminate();
    system.getWhenTerminated().toCompletableFuture().get(END.toSeconds(), TimeUnit.SECONDS);
  }
}
