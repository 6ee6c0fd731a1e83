package dev.kintsugi.runtime.internal.event;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A journal event as projections see it.
 *
 * @param tags its tags; of an event that was read back, only where they were asked for
 * @param payloads what the event adapters made of the stored event; usually one, none if they
 *     dropped it
 * @param undecodable why it could not be deserialized, if so; there are no payloads then
 */
public record JournalEvent(
    long ordering,
    String persistenceId,
    long sequenceNumber,
    long timestamp,
    Set<String> tags,
    List<Object> payloads,
    @Nullable Exception undecodable) {

  /** "event 7 of stream File|README.md (ordering 42)", for error messages. */
  public String forPeople() {
    return "event %d of stream %s (ordering %d)".formatted(sequenceNumber, persistenceId, ordering);
  }
}
