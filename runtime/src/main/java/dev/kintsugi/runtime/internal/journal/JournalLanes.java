package dev.kintsugi.runtime.internal.journal;

import dev.kintsugi.runtime.internal.event.EventCodec;
import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.internal.event.StorageLimits;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.internal.writer.Appender;
import dev.kintsugi.runtime.metrics.KintsugiMeter;
import dev.kintsugi.runtime.persistence.StreamConflictException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.pekko.Done;
import org.apache.pekko.persistence.AtomicWrite;
import org.apache.pekko.persistence.PersistentRepr;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.jdk.javaapi.CollectionConverters;

/** The journal without the actor around it: Pekko's contract on {@link CompletionStage}. */
final class JournalLanes implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(JournalLanes.class);

  private static final Duration LONGEST_GROUP = Duration.ofSeconds(5);

  private final KintsugiNode node;
  private final EventCodec codec;
  private final Database database;
  private final long groupBytes;
  private final Rejections rejected = new Rejections();
  private final EmptiedStreams emptied = new EmptiedStreams();
  private final List<Lane> lanes = new ArrayList<>();
  private final List<Runnable> endOfGauges = new ArrayList<>();

  /** The end of all writes of a stream that are under way. */
  private final Map<String, CompletionStage<?>> inFlight = new ConcurrentHashMap<>();

  JournalLanes(KintsugiNode node, EventCodec codec, JournalSettings settings) {
    this.node = node;
    this.codec = codec;
    this.database = node.database().answeringWithin(settings.answerTimeout());
    this.groupBytes = settings.groupBytes();
    LaneMeters meters = new LaneMeters(node.metrics());
    for (int i = 0; i < settings.lanes(); i++) {
      String number = String.valueOf(i + 1);
      Lane lane =
          new Lane(
              "kintsugi-lane-" + number,
              settings,
              new Appender(database, node.writer()),
              meters,
              node::committed,
              rejected,
              emptied);
      lanes.add(lane);
      endOfGauges.add(node.metrics().gauge(KintsugiMeter.JOURNAL_QUEUE, lane::queued, number));
    }
    lanes.forEach(Lane::start);
    node.beforeClose(this::awaitEnd);
  }

  /**
   * Stores atomic writes of one stream; the result says which were rejected, and why. Fails if the
   * database could not store one of them; what comes before it may be stored then.
   */
  CompletionStage<Iterable<Optional<Exception>>> write(Iterable<AtomicWrite> atomicWrites) {
    List<LaneWrite> writes = encode(atomicWrites);
    CompletionStage<Iterable<Optional<Exception>>> result = writes.get(0).result();
    for (LaneWrite next : writes.subList(1, writes.size())) {
      result = result.thenCombine(next.result(), JournalLanes::inSequence);
    }
    String persistenceId = writes.get(0).persistenceId();
    remember(persistenceId, result);
    Lane lane = lanes.get(Math.floorMod(persistenceId.hashCode(), lanes.size()));
    writes.forEach(lane::submit);
    long first = atomicWrites.iterator().next().lowestSequenceNr();
    return result.exceptionallyCompose(why -> conflictOr(why, persistenceId, first));
  }

  /**
   * A row that is there already is another writer's, if the stream is further on than its actor
   * knows: one look at it, after the transaction that failed.
   */
  private <T> CompletionStage<T> conflictOr(Throwable why, String persistenceId, long first) {
    if (!SqlStates.isUniqueViolation(why)) {
      return CompletableFuture.failedStage(why);
    }
    return inShortTransaction(
            connection -> node.journal().highestSequenceNumber(connection, persistenceId))
        .handle(
            (found, error) -> {
              if (found != null && found >= first) {
                throw new StreamConflictException(persistenceId, first - 1, found, why);
              }
              throw why instanceof CompletionException e ? e : new CompletionException(why);
            });
  }

  private static Iterable<Optional<Exception>> inSequence(
      Iterable<Optional<Exception>> first, Iterable<Optional<Exception>> second) {
    List<Optional<Exception>> all = new ArrayList<>();
    first.forEach(all::add);
    second.forEach(all::add);
    return all;
  }

  /** One write, as a rule; more if they are larger than a group may be. */
  private List<LaneWrite> encode(Iterable<AtomicWrite> atomicWrites) {
    long now = System.currentTimeMillis();
    List<LaneWrite> writes = new ArrayList<>(1);
    String persistenceId = "";
    List<List<NewEvent>> encoded = new ArrayList<>();
    List<Optional<Exception>> rejections = new ArrayList<>();
    long size = 0;
    for (AtomicWrite atomicWrite : atomicWrites) {
      persistenceId = atomicWrite.persistenceId();
      List<NewEvent> events = List.of();
      Optional<Exception> rejection = Optional.empty();
      try {
        events = encode(atomicWrite, now);
      } catch (Exception e) {
        rejection = Optional.of(e);
        rejected.add(atomicWrite);
      }
      long added = events.stream().mapToLong(NewEvent::size).sum();
      if (size > 0 && size + added > groupBytes) {
        writes.add(new LaneWrite(persistenceId, encoded, rejections));
        encoded = new ArrayList<>();
        rejections = new ArrayList<>();
        size = 0;
      }
      encoded.add(events);
      rejections.add(rejection);
      size += added;
    }
    writes.add(new LaneWrite(persistenceId, encoded, rejections));
    return writes;
  }

  /** Notes an atomic write that Pekko rejected itself: an event adapter could not take it. */
  void rejectedByAdapter(AtomicWrite atomicWrite) {
    rejected.add(atomicWrite);
  }

  private List<NewEvent> encode(AtomicWrite atomicWrite, long now) {
    List<NewEvent> events = new ArrayList<>(atomicWrite.size());
    for (PersistentRepr repr : CollectionConverters.asJava(atomicWrite.payload())) {
      events.add(codec.encode(repr, now));
    }
    StorageLimits.refuseTooLarge(events);
    return events;
  }

  private void remember(String persistenceId, CompletionStage<?> result) {
    CompletionStage<?> ended = result.handle((done, error) -> persistenceId);
    CompletionStage<?> all =
        inFlight.merge(
            persistenceId, ended, (before, last) -> before.thenCombine(last, (b, l) -> l));
    all.whenComplete((done, error) -> inFlight.remove(persistenceId, all));
  }

  /**
   * The stream's highest sequence number ever, once its writes under way have ended. One write can
   * still be under way on the server then: that whose connection was lost in its COMMIT. If it is
   * stored after all, the next write of the stream is a conflict, and the actor recovers once more;
   * nothing is stored twice.
   *
   * @param snapshot up to which number its actor has a snapshot; 0 if it has none
   */
  CompletionStage<Long> highestSequenceNumber(String persistenceId, long snapshot) {
    CompletionStage<?> before =
        inFlight.getOrDefault(persistenceId, CompletableFuture.completedStage(persistenceId));
    return before.thenCompose(
        ended -> {
          rejected.forget(persistenceId);
          return inShortTransaction(
                  connection -> node.journal().highestSequenceNumber(connection, persistenceId))
              .thenApply(
                  highest -> {
                    emptied.recovered(persistenceId, snapshot, highest);
                    return highest;
                  });
        });
  }

  /**
   * Hands a stream's events to the callback in sequence, on a blocking thread. Fails with {@link
   * dev.kintsugi.runtime.persistence.MissingEventsException} at a gap that nothing explains.
   */
  CompletionStage<Done> replay(
      String persistenceId, long from, long to, long max, Consumer<PersistentRepr> callback) {
    return inShortTransaction(
        connection -> {
          node.journal()
              .replay(
                  connection,
                  persistenceId,
                  from,
                  to,
                  max,
                  row -> callback.accept(codec.toRepr(row)));
          return Done.getInstance();
        });
  }

  private <T> CompletionStage<T> inShortTransaction(Database.Work<T> work) {
    return node.onBlockingThread(() -> database.inTransaction(work));
  }

  /** Deletes a stream's events up to a sequence number; that may take long. */
  CompletionStage<Done> deleteUpTo(String persistenceId, long sequenceNumber) {
    return node.onBlockingThread(
        () ->
            node.database()
                .forLongWork()
                .inTransaction(
                    connection -> {
                      node.journal().deleteUpTo(connection, persistenceId, sequenceNumber);
                      return Done.getInstance();
                    }));
  }

  /** Ends the lanes once the groups under way are stored; does not wait for that. */
  @Override
  public void close() {
    endOfGauges.forEach(Runnable::run);
    lanes.forEach(Lane::close);
  }

  private void awaitEnd() {
    try {
      for (Lane lane : lanes) {
        if (!lane.awaitEnd(LONGEST_GROUP)) {
          log.warn("A lane of the journal did not end within {}", LONGEST_GROUP);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
