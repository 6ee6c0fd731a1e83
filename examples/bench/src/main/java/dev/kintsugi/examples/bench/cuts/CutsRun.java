package dev.kintsugi.examples.bench.cuts;

import com.typesafe.config.Config;
import dev.kintsugi.examples.bench.Progress;
import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.bench.load.WritesHandler;
import dev.kintsugi.examples.bench.proxy.Proxy;
import dev.kintsugi.runtime.Kintsugi;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.ActorSystem;

/** One actor system that is cut off again and again, to its end. */
final class CutsRun {

  /** For what takes its time and should not take that long. */
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private static final long LOOK_EVERY_MILLIS = 20;
  private static final int LONGEST_REST_MILLIS = 200;
  private static final int TOLD_EVERY = 10;

  private final Config config;
  private final Proxy proxy;
  private final Bound bound;
  private final int actors;
  private final Progress progress;
  private final Witness witness;
  private final Map<Cut, Integer> cuts = new EnumMap<>(Cut.class);
  private final Map<Cut, Integer> connections = new EnumMap<>(Cut.class);

  /**
   * @param config whose database is behind the proxy
   */
  CutsRun(Config config, Proxy proxy, Bound bound, int actors, Progress progress) {
    this.config = config;
    this.proxy = proxy;
    this.bound = bound;
    this.actors = actors;
    this.progress = progress;
    this.witness = new Witness(bound.longest(), PATIENCE);
  }

  /**
   * What came of it.
   *
   * @param cuts how many there were of each kind
   * @param connections how many these have hit
   * @param all actors and readers
   * @param alive those of them that went on after the last cut
   * @param tagged events that the queries by tag had in all
   * @param expected threads and connections before the first cut
   * @param counted and after the last one
   */
  record Outcome(
      Witness witness,
      Map<Cut, Integer> cuts,
      Map<Cut, Integer> connections,
      int all,
      long alive,
      long tagged,
      Threads.Counted expected,
      Threads.Counted counted) {}

  /**
   * Cuts so often in each way.
   *
   * @throws LoadFailedException if a cut can't be made, or actors do not go on after it
   */
  Outcome run(int times, long seed) throws Exception {
    Random random = new Random(seed);
    ActorSystem system = ActorSystem.create("cuts", config);
    try {
      Kintsugi kintsugi = Kintsugi.get(system);
      kintsugi.start(WritesHandler.projection());
      kintsugi.whenDone(WritesHandler.NAME).toCompletableFuture().get();
      for (int i = 1; i <= actors; i++) {
        system.actorOf(CutOffActor.props(i, seed + i, witness));
      }
      refuseUnlessAllGoOn(actors, System.nanoTime(), "before the first cut");
      Threads threads = new Threads(KintsugiNode.get(system), bound.longest());
      Threads.Counted expected = threads.expected();
      try (Readers readers = new Readers(system, witness, actors, PATIENCE)) {
        long lastCut = cut(times, random);
        long alive = all() - witness.stuck(all(), lastCut);
        witness.close();
        awaitAnswers();
        readers.close();
        long tagged = readers.readTagToTheEnd();
        return new Outcome(
            witness, cuts, connections, all(), alive, tagged, expected, threads.count());
      }
    } finally {
      system.terminate();
      system.getWhenTerminated().toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
  }

  /** Returns the time at which the last one was over. */
  private long cut(int times, Random random)
      throws IOException, InterruptedException, LoadFailedException {
    List<Cut> plan = new ArrayList<>();
    for (Cut cut : Cut.values()) {
      plan.addAll(Collections.nCopies(times, cut));
    }
    Collections.shuffle(plan, random);
    long over = System.nanoTime();
    for (int i = 1; i <= plan.size(); i++) {
      Cut cut = plan.get(i - 1);
      witness.begins(cut);
      int hit = cutOff(cut, random);
      over = System.nanoTime();
      cuts.merge(cut, 1, Integer::sum);
      connections.merge(cut, hit, Integer::sum);
      refuseUnlessAllGoOn(all(), over, "after cut " + i + ", " + cut);
      TimeUnit.MILLISECONDS.sleep(random.nextInt(LONGEST_REST_MILLIS));
      if (i % TOLD_EVERY == 0 || i == plan.size()) {
        progress.line(
            "cut %d of %d  %,d events acknowledged"
                .formatted(i, plan.size(), witness.acknowledged()));
      }
    }
    return over;
  }

  /** A cut that hits nothing is none. */
  private int cutOff(Cut cut, Random random)
      throws IOException, InterruptedException, LoadFailedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < deadline) {
      int hit = cut.once(proxy, random, bound.answer());
      if (hit > 0) {
        return hit;
      }
    }
    throw new LoadFailedException(
        "A cut (%s) found nothing to cut for %d seconds; are the connections encrypted?"
            .formatted(cut, PATIENCE.toSeconds()));
  }

  private int all() {
    return actors + Readers.COUNT;
  }

  private void refuseUnlessAllGoOn(int all, long since, String when)
      throws InterruptedException, LoadFailedException {
    if (!witness.awaitAll(all, since, PATIENCE)) {
      throw new LoadFailedException(
          "%d of %d actors and queries do not go on for %d seconds, %s"
              .formatted(witness.stuck(all, since), all, PATIENCE.toSeconds(), when));
    }
  }

  private void awaitAnswers() throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (witness.unanswered() > 0 && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(LOOK_EVERY_MILLIS);
    }
  }
}
