package dev.kintsugi.runtime.internal.writer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.projections.Backoff;
import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.internal.operations.RebuildRequest;
import dev.kintsugi.runtime.internal.rebuild.RebuildSettings;
import dev.kintsugi.runtime.persistence.AppendRejectedException;
import dev.kintsugi.runtime.persistence.AppendResult;
import dev.kintsugi.runtime.persistence.AppendResult.Appended;
import dev.kintsugi.runtime.persistence.AppendResult.Conflict;
import dev.kintsugi.runtime.persistence.StreamAppend;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;

/**
 * Writers in plain JDBC that compete for the same streams, one append or several in a transaction
 * that has a row of the application's besides; rollbacks, poison, rebuilds and drains, all at
 * random and at once. At the end the invariants of DESIGN 10 hold, and the journal holds what the
 * application's rows say that was committed. The seed, which a failure names, fixes what each
 * thread does; how the threads mix is the scheduler's.
 */
@Tag("exhaustive")
class EventWriterRandomRunTest {

  private static final int WRITERS = 4;
  private static final int STREAMS = 6;
  private static final int TRANSACTIONS = 120;
  private static final int REBUILDS = 4;
  private static final RebuildSettings STEPS = World.steps(20);

  private final TestProjection skipping =
      new TestProjection("skipping")
          .onFailure(
              FailurePolicy.skip()
                  .retry(
                      Duration.ofHours(1),
                      Backoff.between(Duration.ofMillis(1), Duration.ofMillis(5))));
  private final TestProjection rejecting =
      new TestProjection("rejecting").onFailure(FailurePolicy.reject());
  private final AtomicBoolean writing = new AtomicBoolean(true);

  /** What became of one thread's appends. */
  private static final class Tally {
    private int appended;
    private int conflicts;
    private int rejected;
    private int deadlocks;

    @Override
    public String toString() {
      return "%d appended, %d conflicts, %d rejected, %d deadlocks"
          .formatted(appended, conflicts, rejected, deadlocks);
    }
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
    world.execute("CREATE TABLE receipts (persistence_id TEXT, sequence_number BIGINT)");
    world.start(skipping, rejecting);
    skipping.failOn("poison");
    rejecting.failOn("venom");
    List<Future<Tally>> writers = new ArrayList<>();
    for (int i = 0; i < WRITERS; i++) {
      RandomGenerator ofWriter = new Random(seed + i);
      writers.add(threads.submit(() -> write(world, ofWriter)));
    }
    List<Future<Integer>> others = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      others.add(threads.submit(whileWriting(() -> world.drain(skipping))));
      others.add(threads.submit(whileWriting(() -> step(world, skipping))));
    }
    RandomGenerator random = new Random(seed + WRITERS);
    others.add(threads.submit(() -> askForRebuilds(world, skipping, random)));

    List<Tally> tallies = new ArrayList<>();
    for (Future<Tally> writer : writers) {
      tallies.add(writer.get());
    }
    writing.set(false);
    for (Future<Integer> other : others) {
      other.get();
    }

    world.audit(skipping, rejecting);
    skipping.repair();
    world.execute("UPDATE kintsugi_skip SET next_attempt_at = '-infinity'");
    world.drainAll(skipping);
    world.runToTheEnd(skipping);
    world.auditWhole(skipping, rejecting);
    assertThat(
            world.column(
                "SELECT persistence_id || '/' || sequence_number FROM event_journal ORDER BY 1"))
        .as("events in the journal, and the application's rows beside them")
        .isNotEmpty()
        .isEqualTo(
            world.column(
                "SELECT persistence_id || '/' || sequence_number FROM receipts ORDER BY 1"));
    assertThat(
            world.column(
                "SELECT persistence_id FROM event_journal GROUP BY 1 HAVING max(sequence_number) <> count(*)"))
        .as("streams with gaps")
        .isEmpty();
    assertThat(world.column("SELECT 1 FROM kintsugi_rebuild WHERE phase = 'done'"))
        .as("rebuilds, two of them the first builds")
        .hasSizeGreaterThan(2);
    assertThat(tallies.stream().mapToInt(tally -> tally.conflicts).sum())
        .as("conflicts, of %s", tallies)
        .isPositive();
    assertThat(tallies.stream().mapToInt(tally -> tally.rejected).sum())
        .as("rejections, of %s", tallies)
        .isPositive();
  }

  /** Each transaction has up to three appends; some are rolled back in the end. */
  private static Tally write(World world, RandomGenerator random) throws Exception {
    Tally tally = new Tally();
    Map<String, Long> known = new HashMap<>();
    for (int i = 0; i < TRANSACTIONS; i++) {
      try (Connection connection = world.database().connection()) {
        Map<String, Long> reached = new HashMap<>();
        for (int n = random.nextInt(1, 4); n > 0; n--) {
          append(world, connection, random, known, reached, tally);
        }
        if (random.nextInt(8) == 0) {
          connection.rollback();
          known.keySet().removeAll(reached.keySet());
        } else {
          connection.commit();
        }
      } catch (SQLException e) {
        assertThat(SqlStates.isTransactionRetriable(e)).as(e.toString()).isTrue();
        tally.deadlocks++;
        known.clear();
      }
    }
    return tally;
  }

  private static void append(
      World world,
      Connection connection,
      RandomGenerator random,
      Map<String, Long> known,
      Map<String, Long> reached,
      Tally tally)
      throws SQLException {
    List<StreamAppend> appends = randomAppends(random, known);
    try {
      AppendResult result = world.eventWriter().append(connection, appends);
      if (result instanceof Appended appended) {
        for (StreamAppend append : appends) {
          insertReceipts(connection, append);
        }
        known.putAll(appended.sequenceNumbers());
        reached.putAll(appended.sequenceNumbers());
        tally.appended++;
      } else if (result instanceof Conflict conflict) {
        known.put(conflict.persistenceId(), conflict.actual());
        tally.conflicts++;
      }
    } catch (AppendRejectedException e) {
      tally.rejected++;
    }
  }

  private static List<StreamAppend> randomAppends(RandomGenerator random, Map<String, Long> known) {
    Map<String, List<String>> events = new HashMap<>();
    for (int n = random.nextInt(1, 5); n > 0; n--) {
      int dice = random.nextInt(80);
      String text = dice == 0 ? "poison" : dice == 1 ? "venom" : "text";
      events.computeIfAbsent("s" + random.nextInt(STREAMS), stream -> new ArrayList<>()).add(text);
    }
    List<StreamAppend> appends = new ArrayList<>();
    events.forEach(
        (stream, texts) ->
            appends.add(new StreamAppend(stream, known.getOrDefault(stream, 0L), texts)));
    return appends;
  }

  private static void insertReceipts(Connection connection, StreamAppend append)
      throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO receipts SELECT ?, n FROM generate_series(?, ?) AS n")) {
      insert.setString(1, append.persistenceId());
      insert.setLong(2, append.first());
      insert.setLong(3, append.last());
      insert.executeUpdate();
    }
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

  private static Object step(World world, TestProjection projection) throws Exception {
    try (Applier applier = new Applier()) {
      return world.owner(projection, STEPS).next(applier);
    }
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
