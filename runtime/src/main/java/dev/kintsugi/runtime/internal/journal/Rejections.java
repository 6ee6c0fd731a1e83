package dev.kintsugi.runtime.internal.journal;

import dev.kintsugi.runtime.internal.event.EventRow;
import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.internal.event.RejectedNumber;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.pekko.persistence.AtomicWrite;
import org.jspecify.annotations.Nullable;

/**
 * The sequence numbers of events that were rejected since their actors last stored one. An actor
 * that goes on leaves a gap, and the event behind it is stored with the gap's numbers (see {@link
 * dev.kintsugi.runtime.internal.event.RejectedNumbers}). One that is started again begins behind
 * what was stored, and says so by another writer's name: it leaves no gap. Threads may share it.
 *
 * <p>Of many actors nothing is heard again: so it keeps the latest streams only. An actor whose
 * numbers were forgotten is refused as one that goes on behind a hole; it starts again, and begins
 * behind what was stored.
 */
final class Rejections {

  /** So many streams take some 20 MB. */
  static final int KEPT = 100_000;

  private record Range(long first, long last) {}

  /** The numbers of an actor, in sequence. */
  private record OfActor(String writer, List<Range> ranges) {

    OfActor and(long first, long last) {
      List<Range> all = new ArrayList<>(ranges);
      Range before = all.isEmpty() ? null : all.get(all.size() - 1);
      if (before != null && before.last() + 1 == first) {
        all.set(all.size() - 1, new Range(before.first(), last));
      } else {
        all.add(new Range(first, last));
      }
      return new OfActor(writer, List.copyOf(all));
    }

    OfActor from(long number) {
      return new OfActor(
          writer,
          ranges.stream()
              .filter(range -> range.last() >= number)
              .map(range -> new Range(Math.max(range.first(), number), range.last()))
              .toList());
    }
  }

  private final Map<String, OfActor> streams = new Latest<>(KEPT);

  /** Notes that an atomic write was rejected. */
  void add(AtomicWrite atomicWrite) {
    add(
        atomicWrite.persistenceId(),
        atomicWrite.payload().head().writerUuid(),
        atomicWrite.lowestSequenceNr(),
        atomicWrite.highestSequenceNr());
  }

  /** Notes that some events of one actor were rejected. */
  void add(List<NewEvent> events) {
    for (NewEvent event : events) {
      EventRow row = event.row();
      add(row.persistenceId(), row.writer(), row.sequenceNumber(), row.sequenceNumber());
    }
  }

  private synchronized void add(String persistenceId, String writer, long first, long last) {
    OfActor before = streams.remove(persistenceId);
    OfActor kept =
        before != null && before.writer().equals(writer) ? before : new OfActor(writer, List.of());
    streams.put(persistenceId, kept.and(first, last)); // the latest one again
  }

  /** The gaps before some events, which are to be stored in their transaction. */
  synchronized List<RejectedNumber> before(List<NewEvent> events) {
    if (streams.isEmpty()) {
      return List.of();
    }
    List<RejectedNumber> gaps = new ArrayList<>();
    for (NewEvent event : events) {
      EventRow row = event.row();
      OfActor rejected = streams.get(row.persistenceId());
      if (rejected != null && rejected.writer().equals(row.writer())) {
        for (Range range : rejected.ranges()) {
          long end = Math.min(range.last(), row.sequenceNumber() - 1);
          for (long number = range.first(); number <= end; number++) {
            gaps.add(new RejectedNumber(row.persistenceId(), number));
          }
        }
      }
    }
    return gaps;
  }

  /** Forgets what some events, now stored, have left behind. */
  synchronized void stored(List<NewEvent> events) {
    if (streams.isEmpty()) {
      return;
    }
    for (NewEvent event : events) {
      EventRow row = event.row();
      streams.computeIfPresent(row.persistenceId(), (stream, rejected) -> rest(rejected, row));
    }
  }

  private static @Nullable OfActor rest(OfActor rejected, EventRow stored) {
    if (!rejected.writer().equals(stored.writer())) {
      return null;
    }
    OfActor rest = rejected.from(stored.sequenceNumber());
    return rest.ranges().isEmpty() ? null : rest;
  }

  /** A stream's actor starts again: the numbers of the one before it leave no gap. */
  synchronized void forget(String persistenceId) {
    streams.remove(persistenceId);
  }

  /** Of how many streams it keeps numbers. */
  synchronized int size() {
    return streams.size();
  }
}
