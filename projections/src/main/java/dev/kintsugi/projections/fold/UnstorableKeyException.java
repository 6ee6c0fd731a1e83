package dev.kintsugi.projections.fold;

import dev.kintsugi.projections.internal.text.StorableText;
import java.util.Collection;
import org.apache.pekko.projection.eventsourced.EventEnvelope;

/**
 * A key of a fold can't be stored: the key function returned what is no text to PostgreSQL, or is
 * too long for its indexes, or the table does not show the rows that it takes.
 */
public final class UnstorableKeyException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private static final int KEYS_NAMED = 10;

  private UnstorableKeyException(String message) {
    super(message);
  }

  static UnstorableKeyException unfit(
      String table, String key, String fault, EventEnvelope<?> envelope) {
    return new UnstorableKeyException(
        "the fold into %s can't store key '%s' of event %d of stream %s (%s): %s"
            .formatted(
                table,
                StorableText.shortened(StorableText.repaired(key), 100),
                envelope.sequenceNr(),
                envelope.persistenceId(),
                envelope.event().getClass().getName(),
                fault));
  }

  static UnstorableKeyException hidden(String table, Collection<String> keys, int tries) {
    return new UnstorableKeyException(
        "the fold into %s can't store keys %s: in %d tries the table showed no row of theirs, and did not say that it took a new one. Look for a trigger on it, or row security, that drops, changes or hides rows"
            .formatted(table, named(keys), tries));
  }

  static UnstorableKeyException notWritten(
      String table, Collection<String> keys, long expected, long found) {
    return new UnstorableKeyException(
        "the fold into %s wrote %d rows and not %d, for keys %s. Look for a trigger on it, or row security, that drops or hides rows"
            .formatted(table, found, expected, named(keys)));
  }

  private static String named(Collection<String> keys) {
    String named =
        keys.stream()
            .limit(KEYS_NAMED)
            .map(key -> "'" + StorableText.shortened(key, 100) + "'")
            .toList()
            .toString();
    return keys.size() > KEYS_NAMED ? named + " and others" : named;
  }
}
