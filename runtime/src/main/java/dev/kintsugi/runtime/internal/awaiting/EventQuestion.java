package dev.kintsugi.runtime.internal.awaiting;

import org.jspecify.annotations.Nullable;

/**
 * Which event of a projection is asked for.
 *
 * @param persistenceId its stream; null if all events up to an ordering are meant
 * @param number its sequence number, or that ordering
 */
public record EventQuestion(String projection, @Nullable String persistenceId, long number) {

  /** An event of a stream. */
  public static EventQuestion of(String projection, String persistenceId, long sequenceNumber) {
    return new EventQuestion(projection, persistenceId, sequenceNumber);
  }

  /** All events up to an ordering. */
  public static EventQuestion upTo(String projection, long ordering) {
    return new EventQuestion(projection, null, ordering);
  }
}
