package dev.kintsugi.runtime.internal.journal;

import dev.kintsugi.runtime.internal.event.NewEvent;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Streams of which the journal had nothing left when their actors recovered, from a snapshot: these
 * may go on behind nothing. Of any other stream that is gone the database has lost all events, by a
 * fail-over to a copy that lacks the latest, say; and what goes on behind these would go on behind
 * a hole. Threads may share this.
 */
final class EmptiedStreams {

  private final Set<String> streams = ConcurrentHashMap.newKeySet();

  /**
   * Notes where an actor leaves off.
   *
   * @param snapshot up to which number it has a snapshot; 0 if it has none
   * @param highest the stream's highest number in the journal; 0 if nothing is left of it
   */
  void recovered(String persistenceId, long snapshot, long highest) {
    if (snapshot > 0 && highest == 0) {
      streams.add(persistenceId);
    } else {
      streams.remove(persistenceId);
    }
  }

  boolean contains(String persistenceId) {
    return streams.contains(persistenceId);
  }

  /** These are in the journal now. */
  void stored(List<NewEvent> events) {
    if (!streams.isEmpty()) {
      events.forEach(event -> streams.remove(event.row().persistenceId()));
    }
  }
}
