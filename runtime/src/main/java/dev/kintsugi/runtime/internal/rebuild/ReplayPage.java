package dev.kintsugi.runtime.internal.rebuild;

import dev.kintsugi.runtime.internal.event.JournalEvent;
import java.util.List;

/**
 * The events of history that come next, decoded.
 *
 * @param after the ordering that it begins behind
 * @param last the ordering of the last event that was looked at; {@code after} if there was none
 * @param looked how many events were looked at
 * @param events those of them that the replay is to apply: the others have skip records, are behind
 *     one in their streams, or are of streams or tags that the projection does not subscribe to
 * @param behind those that follow an open skip record in their streams and have none yet
 */
record ReplayPage(
    long after, long last, int looked, List<JournalEvent> events, List<Behind> behind) {

  /** An event that can't be applied yet, and need not be decoded. */
  record Behind(String persistenceId, long sequenceNumber, long ordering) {}

  boolean isEmpty() {
    return looked == 0;
  }
}
