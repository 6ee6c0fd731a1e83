package dev.kintsugi.projections.fold;

import org.apache.pekko.projection.eventsourced.EventEnvelope;

/** A fold's evolve function threw, or returned null. Nothing of the event was taken in. */
public final class EvolveException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private EvolveException(String message, Throwable cause) {
    super(message, cause);
  }

  static EvolveException of(String table, String key, EventEnvelope<?> envelope, Exception cause) {
    return new EvolveException(
        "the fold into %s can't evolve key '%s' by event %d of stream %s (%s): %s"
            .formatted(
                table,
                key,
                envelope.sequenceNr(),
                envelope.persistenceId(),
                envelope.event().getClass().getName(),
                cause),
        cause);
  }
}
