package dev.kintsugi.examples.bench.cuts;

import dev.kintsugi.runtime.query.KintsugiReadJournal;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.persistence.query.EventEnvelope;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.persistence.query.Sequence;
import org.apache.pekko.stream.javadsl.Sink;

/**
 * Threads that read without end: the events of a stream, those of a tag, and a stream's snapshot
 * with what is behind it. What a query fails with is no matter; what it returns is held against the
 * protocol.
 */
final class Readers implements AutoCloseable {

  /** How many there are. */
  static final int COUNT = 3;

  /** Of all events. */
  private static final String TAG = "load";

  private static final long REST_MILLIS = 50;
  private static final int AS_FAR_BACK = 100;

  private final ActorSystem system;
  private final KintsugiReadJournal journal;
  private final Witness witness;
  private final int actors;
  private final Duration patience;
  private final List<Thread> threads;
  private volatile boolean closed;
  private Offset seenOfTag = Offset.noOffset();
  private long countOfTag;

  /**
   * Begins to read.
   *
   * @param patience a query that takes longer counts as one that never ends
   */
  Readers(ActorSystem system, Witness witness, int actors, Duration patience) {
    this.system = system;
    this.journal =
        PersistenceQuery.get(system)
            .getReadJournalFor(KintsugiReadJournal.class, KintsugiReadJournal.IDENTIFIER);
    this.witness = witness;
    this.actors = actors;
    this.patience = patience;
    this.threads =
        List.of(
            new Thread(() -> readOn(-1, this::readStream), "reader-stream"),
            new Thread(() -> readOn(-2, this::readTag), "reader-tag"),
            new Thread(() -> readOn(-COUNT, this::recover), "reader-recovery"));
    threads.forEach(Thread::start);
  }

  private void readOn(int number, Callable<Void> read) {
    try {
      while (!closed) {
        long begin = System.nanoTime();
        boolean well = false;
        try {
          read.call();
          well = true;
        } catch (TimeoutException e) {
          witness.isWrong("a query has not ended after " + patience);
        } catch (ExecutionException failed) {
          // The database was cut off.
        }
        witness.queried(number, begin, well);
        TimeUnit.MILLISECONDS.sleep(REST_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      witness.isWrong("a reader ended: " + e);
    }
  }

  private <T> T await(CompletionStage<T> result)
      throws ExecutionException, InterruptedException, TimeoutException {
    return result.toCompletableFuture().get(patience.toNanos(), TimeUnit.NANOSECONDS);
  }

  private String anyStream() {
    return CutOffActor.stream(1 + ThreadLocalRandom.current().nextInt(actors));
  }

  private Void readStream() throws Exception {
    String stream = anyStream();
    long last = await(journal.currentLastSequenceNumberByPersistenceId(stream)).orElse(0L);
    long from = Math.max(1, last - AS_FAR_BACK);
    List<EventEnvelope> events =
        await(
            journal
                .currentEventsByPersistenceId(stream, from, Long.MAX_VALUE)
                .runWith(Sink.seq(), system));
    long expected = from;
    for (EventEnvelope event : events) {
      if (event.sequenceNr() != expected) {
        witness.isWrong(
            "a query of %s has event %d after event %d"
                .formatted(stream, event.sequenceNr(), expected - 1));
      }
      expected = event.sequenceNr() + 1;
    }
    if (expected <= last) {
      witness.isWrong("a query of %s ends before event %d".formatted(stream, last));
    }
    return null;
  }

  /** Goes on where the last one ended; one that failed on its way begins there again. */
  private Void readTag() throws Exception {
    List<EventEnvelope> events =
        await(journal.currentEventsByTag(TAG, seenOfTag).runWith(Sink.seq(), system));
    for (EventEnvelope event : events) {
      if (seenOfTag instanceof Sequence seen
          && ((Sequence) event.offset()).value() <= seen.value()) {
        witness.isWrong("a query by tag has %s after %s".formatted(event.offset(), seenOfTag));
      }
      seenOfTag = event.offset();
    }
    countOfTag += events.size();
    return null;
  }

  private Void recover() throws Exception {
    String stream = anyStream();
    CompletableFuture<Onlooker.Seen> recovered = new CompletableFuture<>();
    system.actorOf(Onlooker.props(stream, recovered));
    Onlooker.Seen seen = await(recovered);
    if (seen.events() != seen.upTo()) {
      witness.isWrong("an onlooker of %s has %s".formatted(stream, seen));
    }
    return null;
  }

  /**
   * How many events the queries by tag have had in all, when no more come. To be called after
   * {@link #close}.
   */
  long readTagToTheEnd() throws Exception {
    readTag();
    return countOfTag;
  }

  /** Ends the threads, each with the query that it waits for. */
  @Override
  public void close() throws InterruptedException {
    closed = true;
    for (Thread thread : threads) {
      thread.join();
    }
  }
}
