package dev.kintsugi.runtime.status;

import dev.kintsugi.runtime.skip.SkipId;

/** What became of an event in a projection's read model, for somebody who waited for it. */
public sealed interface AwaitAnswer {

  /** The read model has it, and all before it of its stream that was not given up. */
  record Applied() implements AwaitAnswer {}

  /**
   * It has failed, or one before it of its stream has, behind which it waits. Recovery tries that
   * again, unless it is parked.
   *
   * @param skip the record of the event that has failed
   * @param persistenceId its stream
   * @param sequenceNumber its number in the stream: that of the event that was asked for, or a
   *     lower one
   * @param parked whether only somebody's {@code retry} or {@code discard} gets it going
   * @param error the first line
   */
  record Failed(
      SkipId skip, String persistenceId, long sequenceNumber, boolean parked, String error)
      implements AwaitAnswer {}

  /** Somebody, or its failure policy, has given the event up: the read model does without it. */
  record Discarded() implements AwaitAnswer {}

  /**
   * It is in the journal no more. The read model may have it from before; it does not if it was
   * rebuilt since, or had yet to take it in.
   */
  record Deleted() implements AwaitAnswer {}

  /** Not within the time that was given. It may be the next moment. */
  record TimedOut(Waiting waiting) implements AwaitAnswer {}

  /** For what an event waits. */
  enum Waiting {
    /** There is no such event yet. */
    UNWRITTEN,

    /** The read model is being rebuilt. */
    REBUILDING,

    /** The projection is paused, and has it on record. */
    PAUSED,

    /** It is on its way: recovery, or the follower, has yet to come to it. */
    BEHIND
  }

  /** Whether the read model has it. */
  default boolean isApplied() {
    return this instanceof Applied;
  }
}
