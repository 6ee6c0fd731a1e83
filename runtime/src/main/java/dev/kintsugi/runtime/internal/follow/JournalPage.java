package dev.kintsugi.runtime.internal.follow;

import dev.kintsugi.projections.Subscription;
import java.util.List;

/**
 * All events with after &lt; ordering &lt;= upTo, in the journal's ordering. All up to there is
 * final.
 *
 * @param isTagged whether it was read with the events' tags
 */
public record JournalPage(long after, long upTo, List<SharedEvent> events, boolean isTagged) {

  /** What of it is behind a position, which lies within it. */
  JournalPage behind(long position) {
    if (position == after) {
      return this;
    }
    List<SharedEvent> left = events.stream().filter(event -> event.ordering() > position).toList();
    return new JournalPage(position, upTo, left, isTagged);
  }

  /** Decodes what is subscribed to now, and not when it is to be applied. */
  void decodeFor(Subscription<?> subscription) {
    for (SharedEvent event : events) {
      if (subscription.includes(event.persistenceId(), event.tags())) {
        event.decoded();
      }
    }
  }

  boolean covers(long position) {
    return after <= position && position < upTo;
  }

  long bytes() {
    return events.stream().mapToLong(SharedEvent::bytes).sum();
  }
}
