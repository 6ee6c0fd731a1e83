package dev.kintsugi.runtime.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.projections.Backoff;
import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.internal.operations.ChangeRequest;
import dev.kintsugi.runtime.internal.operations.RebuildRequest;
import dev.kintsugi.runtime.internal.rebuild.RebuildSettings;
import dev.kintsugi.runtime.internal.rebuild.RebuildStep;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.internal.writer.Appender;
import dev.kintsugi.runtime.skip.OpenSkip;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.testing.SkipDesk;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestProjection.Kind;
import dev.kintsugi.runtime.testing.World;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;

/**
 * Writers, rebuilds with two owners, two recoveries, two operators, failing handlers and rollbacks,
 * all at random and at once; at the end the invariants of DESIGN 10 hold. The seed, which a failure
 * names, fixes what each thread does; how the threads mix is the scheduler's.
 */
@Tag("exhaustive")
class RandomRunTest {

  private static final int WRITERS = 4;
  private static final int TRANSACTIONS = 120;
  private static final int REBUILDS = 4;
  private static final RebuildSettings STEPS = World.steps(20);
  private static final Backoff QUICK = Backoff.between(Duration.ofMillis(1), Duration.ofMillis(5));

  private static final ChangeRequest WHY = new ChangeRequest("a test", "at random");

  private final TestProjection skipping = ofKind(Kind.HANDLER);
  private final TestProjection grouped = ofKind(Kind.GROUPED);
  private final TestProjection folded = ofKind(Kind.FOLD);
  private final TestProjection rows = ofKind(Kind.ROWS);
  private final TestProjection steady =
      new TestProjection("steady").onFailure(FailurePolicy.reject());
  private final TestProjection parking =
      givingUp("parking", FailurePolicy.skip().retry(Duration.ofMillis(2), QUICK).thenPark());
  private final TestProjection discarding =
      givingUp("discarding", FailurePolicy.skip().withoutRetry().thenDiscard());
  private final TestProjection stopping =
      givingUp("stopping", FailurePolicy.skip().withoutRetry().thenStop());

  /** Those of which people and policies may discard records. */
  private final List<TestProjection> operated = List.of(parking, discarding, stopping);

  private final List<TestProjection> kept = List.of(skipping, grouped, folded, rows, steady);
  private final List<TestProjection> failing =
      List.of(skipping, grouped, folded, rows, parking, discarding, stopping);
  private final List<TestProjection> all = Stream.concat(kept.stream(), operated.stream()).toList();
  private final AtomicBoolean writing = new AtomicBoolean(true);

  private static TestProjection ofKind(Kind kind) {
    return new TestProjection("by_" + kind.name().toLowerCase(Locale.ROOT))
        .kind(kind)
        .onFailure(FailurePolicy.skip().retry(Duration.ofHours(1), QUICK));
  }

  private static TestProjection givingUp(String name, FailurePolicy policy) {
    return new TestProjection(name).grouped().onFailure(policy);
  }

  @RepeatedTest(2)
  void whatever_happens_at_once_nothing_is_lost_doubled_or_out_of_order() throws Exception {
    long seed = ThreadLocalRandom.current().nextLong();
    ExecutorService threads = Executors.newCachedThreadPool();
    try (World world = new World()) {
      run(world, seed, threads);
    } catch (Throwable e) {
      throw new AssertionError("seed " + seed, e);
    } finally {
      threads.shutdownNow();
    }
  }

  private void run(World world, long seed, ExecutorService threads) throws Exception {
    world.start(all.toArray(TestProjection[]::new));
    failing.forEach(projection -> projection.failOn("poison"));
    List<Future<Integer>> writers = new ArrayList<>();
    for (int i = 0; i < WRITERS; i++) {
      RandomGenerator random = random(seed, i);
      String name = "w" + i;
      writers.add(threads.submit(() -> write(world, name, random)));
    }
    List<Future<Integer>> others = new ArrayList<>();
    for (TestProjection projection : all) {
      for (int i = 0; i < 2; i++) {
        others.add(threads.submit(whileWriting(() -> world.drain(projection))));
        others.add(threads.submit(whileWriting(new Owner(world, projection)::step)));
      }
      RandomGenerator random = random(seed, 100);
      others.add(threads.submit(() -> askForRebuilds(world, projection, random)));
    }
    for (TestProjection projection : operated) {
      for (int i = 0; i < 2; i++) {
        RandomGenerator random = random(seed, 200 + i);
        others.add(threads.submit(whileWriting(() -> operate(world, projection, random))));
      }
    }

    int events = 0;
    for (Future<Integer> writer : writers) {
      events += writer.get();
    }
    writing.set(false);
    for (Future<Integer> other : others) {
      other.get();
    }

    world.audit(all.toArray(TestProjection[]::new));
    failing.forEach(TestProjection::repair);
    world.execute("UPDATE kintsugi_skip SET next_attempt_at = '-infinity'");
    for (TestProjection projection : all) {
      world.setPaused(projection, false, WHY);
      world.operations(projection).retryAll(SkipFilter.any(), WHY, false);
      world.drainAll(projection);
      world.runToTheEnd(projection);
      assertThat(world.open(projection)).isEmpty();
    }
    world.audit(operated.toArray(TestProjection[]::new));
    world.auditWhole(kept.toArray(TestProjection[]::new));
    assertThat(world.column("SELECT DISTINCT operation FROM kintsugi_operation ORDER BY 1"))
        .containsExactly("discard", "pause", "resume", "retry");
    assertThat(world.column("SELECT ordering FROM event_journal")).hasSize(events);
    assertThat(world.column("SELECT 1 FROM kintsugi_rebuild WHERE phase = 'done'"))
        .as("rebuilds under load")
        .hasSizeGreaterThanOrEqualTo(2 * all.size());
  }

  private static RandomGenerator random(long seed, int thread) {
    return new Random(seed + thread);
  }

  /**
   * Appends to streams of its own; some transactions are rolled back, and their numbers used again.
   */
  private static int write(World world, String name, RandomGenerator random) throws Exception {
    try (Appender appender = new Appender(world.database(), world.writer())) {
      return write(world, appender, name, random);
    }
  }

  private static int write(World world, Appender appender, String name, RandomGenerator random)
      throws Exception {
    long[] sequence = new long[3];
    int committed = 0;
    for (int i = 0; i < TRANSACTIONS; i++) {
      long[] next = sequence.clone();
      List<NewEvent> events = new ArrayList<>();
      for (int n = random.nextInt(1, 6); n > 0; n--) {
        int stream = random.nextInt(sequence.length);
        String payload = random.nextInt(40) == 0 ? "poison" : "text";
        events.add(world.event(name + "-" + stream, ++next[stream], payload));
      }
      if (random.nextInt(8) == 0) {
        try (World.HeldWriter held = world.holdWriter()) {
          held.write(events.toArray(NewEvent[]::new));
          held.rollback();
        } catch (SQLException e) {
          // What a deadlock rolled back was to be rolled back anyway.
          assertThat(SqlStates.isTransactionRetriable(e)).isTrue();
        }
      } else {
        appender.append(events);
        sequence = next;
        committed += events.size();
      }
    }
    return committed;
  }

  private Callable<Integer> whileWriting(Callable<?> work) {
    return () -> {
      int times = 0;
      while (writing.get()) {
        assertThat(work.call()).isNotNull();
        times++;
      }
      return times;
    };
  }

  /** An owner of rebuilds, of each next one when the last is over or not its own any more. */
  private static final class Owner {
    private final World world;
    private final TestProjection projection;
    private RebuildSteps steps;

    Owner(World world, TestProjection projection) throws Exception {
      this.world = world;
      this.projection = projection;
      this.steps = world.owner(projection, STEPS);
    }

    RebuildStep step() throws Exception {
      RebuildStep step = world.step(steps);
      if (!(step instanceof RebuildStep.Done || step instanceof RebuildStep.Waiting)) {
        steps = world.owner(projection, STEPS);
      }
      return step;
    }
  }

  /** As people do about what they see, while somebody else does about the same. */
  private static Object operate(World world, TestProjection projection, RandomGenerator random)
      throws Exception {
    SkipDesk operations = world.operations(projection);
    List<OpenSkip> seen = operations.page(SkipFilter.any(), 0, 5).records();
    return switch (random.nextInt(seen.isEmpty() ? 3 : 7)) {
      case 0 -> world.setPaused(projection, true, WHY);
      case 1, 2 -> world.setPaused(projection, false, WHY);
      case 3 -> operations.retryAll(SkipFilter.any().onlyParked(), WHY, false);
      case 4 -> operations.discardAll(SkipFilter.any().onlyParked(), WHY, false);
      case 5 -> operations.retry(seen.get(random.nextInt(seen.size())), WHY);
      default -> operations.discard(seen.get(random.nextInt(seen.size())), WHY);
    };
  }

  private int askForRebuilds(World world, TestProjection projection, RandomGenerator random)
      throws Exception {
    int accepted = 0;
    while (writing.get() && accepted < REBUILDS) {
      if (random.nextInt(3) == 0
          && world.requestRebuild(projection) instanceof RebuildRequest.Accepted) {
        accepted++;
      }
    }
    return accepted;
  }
}
