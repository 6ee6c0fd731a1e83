package dev.kintsugi.examples.bench.load;

import java.util.Optional;

/**
 * Says what is written next, each time the one before is stored. It is asked on actors' threads, by
 * one at a time unless it is given to several.
 */
@FunctionalInterface
public interface Writer {

  /**
   * An event for the end of a stream.
   *
   * @param event what the actor system has a serializer for
   */
  record Append(String persistenceId, Object event) {}

  /** The next one; empty at the end. */
  Optional<Append> next();
}
