package dev.kintsugi.runtime.internal.query;

import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.query.KintsugiReadJournal;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import org.apache.pekko.persistence.journal.Tagged;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.stream.javadsl.Sink;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;

/**
 * Writers that commit in another order than they drew their orderings in, and that roll back, while
 * live queries read: these hand out what was committed, all of it, once, and in the journal's
 * ordering.
 */
class RandomCommitsTest {

  private static final int WRITERS = 6;
  private static final int MOVES = 400;
  private static final String LAST = "last 1";

  private final World world = new World();
  private final TestSystem system =
      new TestSystem(world, "kintsugi.query { batch-size = 3, poll-min = 1ms, poll-max = 5ms }");
  private final List<String> committed = new ArrayList<>();

  @AfterEach
  void close() {
    system.close();
    world.close();
  }

  @RepeatedTest(2)
  void live_queries_hand_out_what_was_committed_once_and_in_order() throws Exception {
    long seed = ThreadLocalRandom.current().nextLong();
    try {
      run(new Random(seed));
    } catch (Throwable e) {
      throw new AssertionError("seed " + seed, e);
    }
  }

  private void run(RandomGenerator random) throws Exception {
    KintsugiReadJournal journal =
        PersistenceQuery.get(system.system())
            .getReadJournalFor(KintsugiReadJournal.class, KintsugiReadJournal.IDENTIFIER);
    CompletableFuture<List<String>> byTag =
        journal
            .eventsByTag("all", Offset.noOffset())
            .map(envelope -> envelope.persistenceId() + " " + envelope.sequenceNr())
            .takeWhile(event -> !event.equals(LAST))
            .runWith(Sink.seq(), system.system())
            .toCompletableFuture();
    CompletableFuture<List<String>> bySlices =
        journal
            .eventsBySlices("", 0, 1023, Offset.noOffset())
            .map(envelope -> envelope.persistenceId() + " " + envelope.sequenceNr())
            .takeWhile(event -> !event.equals(LAST))
            .runWith(Sink.seq(), system.system())
            .toCompletableFuture();

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
    world.append(event("last", 1));

    List<String> inOrder =
        world.column(
            "SELECT persistence_id || ' ' || sequence_number FROM event_journal"
                + " WHERE persistence_id <> 'last' ORDER BY ordering");
    assertThat(inOrder).containsExactlyInAnyOrderElementsOf(committed).isNotEmpty();
    assertThat(get(byTag)).isEqualTo(inOrder);
    assertThat(get(bySlices)).isEqualTo(inOrder);
  }

  private void move(Writer writer, RandomGenerator random) throws Exception {
    if (random.nextInt(3) > 0) {
      writer.write();
    } else {
      writer.end(random.nextInt(4) > 0);
    }
  }

  /** Writes to a stream of its own, and leaves its transactions open. */
  private final class Writer {
    private final String stream;
    private final List<String> uncommitted = new ArrayList<>();
    private World.@Nullable HeldWriter transaction;
    private int last;

    Writer(String stream) {
      this.stream = stream;
    }

    void write() throws Exception {
      if (transaction == null) {
        transaction = world.holdWriter();
      }
      last++;
      transaction.write(event(stream, last));
      uncommitted.add(stream + " " + last);
    }

    void end(boolean commit) throws Exception {
      if (transaction == null) {
        return;
      }
      if (commit) {
        transaction.commit();
        committed.addAll(uncommitted);
      } else {
        transaction.rollback();
        last -= uncommitted.size();
      }
      uncommitted.clear();
      transaction.close();
      transaction = null;
    }
  }

  private NewEvent event(String persistenceId, int sequenceNumber) {
    return world.event(
        persistenceId,
        sequenceNumber,
        new Tagged("event", Set.of("all", "w" + sequenceNumber % 2)));
  }
}
