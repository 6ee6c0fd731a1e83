package dev.kintsugi.runtime.persistence;

import dev.kintsugi.projections.internal.text.StorableText;
import java.util.List;
import java.util.Objects;

/**
 * Events for the end of one stream.
 *
 * @param expectedSequenceNumber the stream's highest sequence number as the caller knows it, 0 for
 *     a stream that has no events yet; the first event gets the next one
 * @param events as a persistent actor would persist them, one at least; one in Pekko's {@code
 *     Tagged} has its tags
 */
public record StreamAppend(String persistenceId, long expectedSequenceNumber, List<?> events) {

  /**
   * Checks what can be without a database.
   *
   * @throws IllegalArgumentException if there are no events, the expected number is negative, or
   *     the journal can't hold the persistence id
   */
  public StreamAppend {
    Objects.requireNonNull(persistenceId, "persistenceId");
    StorableText.refusePersistenceId(persistenceId);
    if (events.isEmpty()) {
      throw new IllegalArgumentException(
          "there are no events to append to stream '" + persistenceId + "'");
    }
    for (int i = 0; i < events.size(); i++) {
      Objects.requireNonNull(
          events.get(i), "event " + (i + 1) + " of those for stream '" + persistenceId + "'");
    }
    if (expectedSequenceNumber < 0 || expectedSequenceNumber > Long.MAX_VALUE - events.size()) {
      throw new IllegalArgumentException(
          "stream '%s' can't be expected to be at sequence number %d"
              .formatted(persistenceId, expectedSequenceNumber));
    }
    events = List.copyOf(events);
  }

  /** The number of the first event. */
  public long first() {
    return expectedSequenceNumber + 1;
  }

  /** The number of the last event. */
  public long last() {
    return expectedSequenceNumber + events.size();
  }
}
