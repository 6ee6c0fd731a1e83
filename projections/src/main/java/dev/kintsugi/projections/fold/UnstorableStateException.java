package dev.kintsugi.projections.fold;

import org.apache.pekko.projection.eventsourced.EventEnvelope;

/**
 * The state that an event came to, or a column that is taken from it, can't be stored, or would not
 * be read back as it was written. Nothing of the event was taken in.
 */
public final class UnstorableStateException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private UnstorableStateException(String message, Throwable cause) {
    super(message, cause);
  }

  static UnstorableStateException of(
      String table, String key, EventEnvelope<?> envelope, Exception cause) {
    return new UnstorableStateException(
        "the fold into %s can't store the state of key '%s' after event %d of stream %s (%s): %s"
            .formatted(
                table,
                key,
                envelope.sequenceNr(),
                envelope.persistenceId(),
                envelope.event().getClass().getName(),
                cause.getMessage()),
        cause);
  }
}
