package dev.kintsugi.runtime.internal.follow;

import dev.kintsugi.runtime.internal.state.Cursors;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Status;
import java.util.Optional;

/**
 * Where a follower stands.
 *
 * @param version of the definition that it applies
 * @param stored where the row's cursor stands
 * @param position up to where all was looked at; above {@code stored} where nothing was of interest
 */
record Standing(String projection, int generation, int version, long stored, long position) {

  /** Whether it has come further than the row says. */
  boolean isAhead() {
    return position > stored;
  }

  Cursors.Of cursor() {
    return new Cursors.Of(projection, generation);
  }

  /** Why it is not to go on, by its generation's row, if so. */
  Optional<FollowStep> rest(Optional<Generation> row) {
    if (row.isEmpty()) {
      return Optional.of(new FollowStep.Resting("a newer generation has begun, or it is no more"));
    }
    if (row.get().status() != Status.FOLLOWING || row.get().version() != version) {
      return Optional.of(new FollowStep.Resting("the generation does not follow here"));
    }
    return row.get().paused()
        ? Optional.of(new FollowStep.Resting("it is paused"))
        : Optional.empty();
  }
}
