package dev.kintsugi.runtime.internal.journal;

import dev.kintsugi.runtime.internal.event.NewEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * What one persistent actor sent in one go, or a part of it: atomic writes of one stream, in
 * sequence. Each of them is stored or rejected by itself; a failure of the database fails them all.
 */
final class LaneWrite {

  private final String persistenceId;
  private final List<List<NewEvent>> atomicWrites;
  private final List<Optional<Exception>> rejections;
  private final long size;
  private final CompletableFuture<Iterable<Optional<Exception>>> result = new CompletableFuture<>();

  /**
   * A write.
   *
   * @param atomicWrites the events of each atomic write; those of a rejected one are not looked at
   * @param rejections for each atomic write why it is rejected already, if it is
   */
  LaneWrite(
      String persistenceId,
      List<List<NewEvent>> atomicWrites,
      List<Optional<Exception>> rejections) {
    this.persistenceId = persistenceId;
    this.atomicWrites = atomicWrites;
    this.rejections = new ArrayList<>(rejections);
    this.size = atomicWrites.stream().flatMap(List::stream).mapToLong(NewEvent::size).sum();
  }

  /** A write of nothing, which wakes a lane. */
  static LaneWrite none() {
    return new LaneWrite("", List.of(), List.of());
  }

  String persistenceId() {
    return persistenceId;
  }

  /** About how many bytes it takes to send it. */
  long size() {
    return size;
  }

  /** The events that are not rejected. */
  List<NewEvent> events() {
    List<NewEvent> events = new ArrayList<>();
    for (int i = 0; i < atomicWrites.size(); i++) {
      if (rejections.get(i).isEmpty()) {
        events.addAll(atomicWrites.get(i));
      }
    }
    return events;
  }

  /** Whether nothing of it is left to store. */
  boolean isRejected() {
    for (Optional<Exception> rejection : rejections) {
      if (rejection.isEmpty()) {
        return false;
      }
    }
    return true;
  }

  /** Rejects the atomic write that an event is of, if it is of one of these; returns its events. */
  List<NewEvent> reject(String ofStream, long sequenceNumber, Exception why) {
    if (!persistenceId.equals(ofStream)) {
      return List.of();
    }
    for (int i = 0; i < atomicWrites.size(); i++) {
      boolean contains =
          atomicWrites.get(i).stream()
              .anyMatch(event -> event.row().sequenceNumber() == sequenceNumber);
      if (contains && rejections.get(i).isEmpty()) {
        rejections.set(i, Optional.of(why));
        return atomicWrites.get(i);
      }
    }
    return List.of();
  }

  /** Done: what was not rejected is stored. */
  void complete() {
    result.complete(rejections);
  }

  /** Nothing of it is stored, as far as can be known. */
  void fail(Throwable why) {
    result.completeExceptionally(why);
  }

  /** For each atomic write why it was rejected, if it was; completed on the lane's thread. */
  CompletionStage<Iterable<Optional<Exception>>> result() {
    return result;
  }
}
