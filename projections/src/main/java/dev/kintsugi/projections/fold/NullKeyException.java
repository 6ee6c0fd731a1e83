package dev.kintsugi.projections.fold;

import org.apache.pekko.projection.eventsourced.EventEnvelope;

/** The key function of a fold returned null. */
public final class NullKeyException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  NullKeyException(String table, EventEnvelope<?> envelope) {
    super(
        "the fold into %s got a null key for event %d of stream %s (%s); for an event that belongs to no key, let keys(…) return an empty collection"
            .formatted(
                table,
                envelope.sequenceNr(),
                envelope.persistenceId(),
                envelope.event().getClass().getName()));
  }
}
