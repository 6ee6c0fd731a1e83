package dev.kintsugi.runtime.internal.rebuild;

import dev.kintsugi.runtime.status.Rebuild;
import java.time.Duration;
import java.util.Optional;

/** What a step of a rebuild came to, and so when to do the next one. */
public sealed interface RebuildStep {

  /**
   * Done; the next step can be done after a rest.
   *
   * @param events how many events it replayed, or gathered to write them later
   * @param batch what it committed of the replay, if it did
   * @param rest how long to rest so that the replay keeps to its rate; zero if it has none
   */
  record Done(String what, int events, Optional<Replayed> batch, Duration rest)
      implements RebuildStep {
    Done(String what) {
      this(what, 0);
    }

    Done(String what, int events) {
      this(what, events, Optional.empty(), Duration.ZERO);
    }

    Done(String what, int events, Replayed batch) {
      this(what, events, Optional.of(batch), Duration.ZERO);
    }

    Done restingFor(Duration rest) {
      return new Done(what, events, batch, rest);
    }
  }

  /**
   * Nothing to do until somebody else has done something; ask again in a while.
   *
   * @param isTold whether nothing else in the rows says what it waits for: then its own does
   */
  record Waiting(String what, boolean isTold) implements RebuildStep {
    public Waiting(String what) {
      this(what, false);
    }
  }

  /** Writers apply to the generation from now on. What is left is recovery's to drain. */
  record Activated() implements RebuildStep {}

  /** The generation follows the journal by itself from now on, behind a position. */
  record Follows(long position) implements RebuildStep {}

  /** The rebuild has ended: nothing is missing from the read model. */
  record Proven() implements RebuildStep {}

  /**
   * The same, of one that took a read model over as it was: it was stopped before anything was
   * emptied, or the projection has another name now.
   */
  record TakenOver(Rebuild rebuild) implements RebuildStep {}

  /**
   * It could not be done, and left nothing; to be tried again after a pause.
   *
   * @param why for people, in a line; it is in the rebuild's row, too
   * @param isNew whether this owner's step before did not fail for the same reason
   */
  record Blocked(String why, Exception cause, boolean isNew) implements RebuildStep {}

  /** Another owner was here first, or a newer generation has begun. */
  record NotOurs(String why) implements RebuildStep {}

  /**
   * Somebody has stopped the rebuild, and no owner is to go on with it.
   *
   * @param isInUse whether writers apply to the read model again, as it was settling already
   */
  record GivenUp(String by, boolean isInUse) implements RebuildStep {}

  /** The failure policy stopped the replay at an event. */
  record Stopped(String error) implements RebuildStep {}
}
