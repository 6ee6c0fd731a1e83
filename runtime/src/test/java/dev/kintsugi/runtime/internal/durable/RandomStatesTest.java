package dev.kintsugi.runtime.internal.durable;

import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.durable.DurableStates;
import dev.kintsugi.runtime.testing.HeldStates;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import org.apache.pekko.NotUsed;
import org.apache.pekko.persistence.query.DurableStateChange;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.persistence.query.Sequence;
import org.apache.pekko.persistence.query.UpdatedDurableState;
import org.apache.pekko.persistence.state.DurableStateStoreRegistry;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;

/**
 * Writers that change and delete states, commit in another order than they drew their offsets in,
 * and roll back, while live queries read: these hand out each state's newest change, and no offset
 * behind a higher one.
 */
class RandomStatesTest {

  private static final int WRITERS = 6;
  private static final int STATES = 3;
  private static final int MOVES = 400;
  private static final String LAST = "last";

  private final World world = new World();
  private final HeldStates held = new HeldStates();
  private final TestSystem system =
      new TestSystem(world, "kintsugi.query { batch-size = 3, poll-min = 1ms, poll-max = 5ms }");

  @AfterEach
  void close() {
    system.close();
    world.close();
  }

  @RepeatedTest(2)
  void live_queries_hand_out_the_newest_change_of_each_state() throws Exception {
    long seed = ThreadLocalRandom.current().nextLong();
    try {
      run(new Random(seed));
    } catch (Throwable e) {
      throw new AssertionError("seed " + seed, e);
    }
  }

  private void run(RandomGenerator random) throws Exception {
    DurableStates states =
        DurableStateStoreRegistry.get(system.system())
            .getDurableStateStoreFor(DurableStates.class, "kintsugi.durable-state");
    CompletableFuture<List<Seen>> byTag = read(states.changes("all", Offset.noOffset()));
    CompletableFuture<List<Seen>> bySlices =
        read(states.changesBySlices("", 0, 1023, Offset.noOffset()));

    List<Writer> writers = new ArrayList<>();
    for (int i = 0; i < WRITERS; i++) {
      writers.add(new Writer("w" + i));
    }
    for (int move = 0; move < MOVES; move++) {
      move(writers.get(random.nextInt(WRITERS)), random);
    }
    for (Writer writer : writers) {
      writer.end(true);
    }
    List<String> rows =
        world.column(
            "SELECT persistence_id || ' ' || revision || ' at ' || global_offset"
                + " FROM durable_state ORDER BY global_offset");
    try (Connection connection = world.database().connection()) {
      held.upsert(connection, LAST, 1, "all");
      connection.commit();
    }

    assertThat(rows).isNotEmpty();
    for (CompletableFuture<List<Seen>> reading : List.of(byTag, bySlices)) {
      List<Seen> seen = get(reading);
      assertThat(seen).isSortedAccordingTo((a, b) -> Long.compare(a.offset(), b.offset()));
      assertThat(newest(seen)).containsAll(rows);
    }
  }

  private record Seen(String state, long revision, long offset) {}

  private CompletableFuture<List<Seen>> read(Source<DurableStateChange<Object>, NotUsed> changes) {
    return changes
        .map(change -> (UpdatedDurableState<Object>) change)
        .map(
            change ->
                new Seen(
                    change.persistenceId(),
                    change.revision(),
                    ((Sequence) change.offset()).value()))
        .takeWhile(seen -> !seen.state().equals(LAST))
        .runWith(Sink.seq(), system.system())
        .toCompletableFuture();
  }

  /** What a reader that keeps the last change of each state has; also of those deleted since. */
  private static List<String> newest(List<Seen> all) {
    Map<String, String> newest = new LinkedHashMap<>();
    all.forEach(
        seen ->
            newest.put(
                seen.state(), seen.state() + " " + seen.revision() + " at " + seen.offset()));
    return List.copyOf(newest.values());
  }

  private void move(Writer writer, RandomGenerator random) throws Exception {
    if (random.nextInt(3) > 0) {
      String state = writer.name + "-" + random.nextInt(STATES);
      if (random.nextInt(6) > 0) {
        writer.write(state);
      } else {
        writer.delete(state);
      }
    } else {
      writer.end(random.nextInt(4) > 0);
    }
  }

  /** Has states of its own, and leaves its transactions open. */
  private final class Writer {
    private final String name;
    private Map<String, Long> committed = new HashMap<>();
    private Map<String, Long> revisions = new HashMap<>();
    private @Nullable Connection transaction;

    Writer(String name) {
      this.name = name;
    }

    void write(String state) throws Exception {
      long revision = revisions.merge(state, 1L, Long::sum);
      held.upsert(transaction(), state, revision, "all");
    }

    void delete(String state) throws Exception {
      held.delete(transaction(), state);
      revisions.merge(state, 1L, Long::sum);
    }

    private Connection transaction() throws Exception {
      if (transaction == null) {
        transaction = world.database().connection();
      }
      return transaction;
    }

    void end(boolean commit) throws Exception {
      if (transaction == null) {
        return;
      }
      if (commit) {
        transaction.commit();
        committed = new HashMap<>(revisions);
      } else {
        transaction.rollback();
        revisions = new HashMap<>(committed);
      }
      transaction.close();
      transaction = null;
    }
  }
}
