package dev.kintsugi.runtime.event;

import java.util.List;
import java.util.Set;

/**
 * An event about to be appended, with what projections will see of it.
 *
 * @param row what is stored; its ordering is not known yet
 * @param tags its tags, none of them in the payload any more
 * @param payloads the event adapted back, as a rebuild will see it
 */
public record NewEvent(EventRow row, Set<String> tags, List<Object> payloads) {

  /** The event as projections see it, once the journal has given it an ordering. */
  public JournalEvent appendedAt(long ordering) {
    return new JournalEvent(
        ordering, row.persistenceId(), row.sequenceNumber(), row.timestamp(), payloads, null);
  }
}
