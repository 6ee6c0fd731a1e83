package dev.kintsugi.runtime.journal;

import dev.kintsugi.runtime.event.EventRow;
import dev.kintsugi.runtime.event.NewEvent;
import dev.kintsugi.runtime.event.RejectedNumber;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.persistence.AtomicWrite;

/**
 * The sequence numbers of events that were rejected since their actors last stored one. An actor
 * that goes on leaves a gap, and the event behind it is stored with the gap's numbers (see {@link
 * dev.kintsugi.runtime.event.RejectedNumbers}). One that is started again begins behind what was
 * stored, and says so by another writer's name: it leaves no gap. Threads may share it.
 */
final class Rejections {

  private record OfActor(String writer, TreeSet<Long> numbers) {}

  private final Map<String, OfActor> streams = new ConcurrentHashMap<>();

  /** Notes that an atomic write was rejected. */
  void add(AtomicWrite atomicWrite) {
    add(
        atomicWrite.persistenceId(),
        atomicWrite.payload().head().writerUuid(),
        atomicWrite.lowestSequenceNr(),
        atomicWrite.highestSequenceNr());
  }

  private void add(String persistenceId, String writer, long first, long last) {
    streams.compute(
        persistenceId,
        (stream, before) -> {
          TreeSet<Long> numbers = new TreeSet<>();
          if (before != null && before.writer().equals(writer)) {
            numbers.addAll(before.numbers());
          }
          for (long number = first; number <= last; number++) {
            numbers.add(number);
          }
          return new OfActor(writer, numbers);
        });
  }

  /** Notes that some events of one actor were rejected. */
  void add(List<NewEvent> events) {
    for (NewEvent event : events) {
      EventRow row = event.row();
      add(row.persistenceId(), row.writer(), row.sequenceNumber(), row.sequenceNumber());
    }
  }

  /** The gaps before some events, which are to be stored in their transaction. */
  List<RejectedNumber> before(List<NewEvent> events) {
    if (streams.isEmpty()) {
      return List.of();
    }
    List<RejectedNumber> gaps = new ArrayList<>();
    for (NewEvent event : events) {
      EventRow row = event.row();
      OfActor rejected = streams.get(row.persistenceId());
      if (rejected != null && rejected.writer().equals(row.writer())) {
        rejected
            .numbers()
            .headSet(row.sequenceNumber())
            .forEach(number -> gaps.add(new RejectedNumber(row.persistenceId(), number)));
      }
    }
    return gaps;
  }

  /** Forgets what some events, now stored, have left behind. */
  void stored(List<NewEvent> events) {
    if (streams.isEmpty()) {
      return;
    }
    for (NewEvent event : events) {
      EventRow row = event.row();
      streams.computeIfPresent(
          row.persistenceId(),
          (stream, rejected) -> {
            if (!rejected.writer().equals(row.writer())) {
              return null;
            }
            TreeSet<Long> rest = new TreeSet<>(rejected.numbers().tailSet(row.sequenceNumber()));
            return rest.isEmpty() ? null : new OfActor(rejected.writer(), rest);
          });
    }
  }
}
