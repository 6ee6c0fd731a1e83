package dev.kintsugi.runtime.operations;

import dev.kintsugi.runtime.status.Operation;
import java.util.Optional;

/** What came of a request to pause or to resume a projection. */
public sealed interface PauseAnswer {

  /** Writers record what comes, once their transactions under way have ended. */
  record Paused(String projection) implements PauseAnswer {}

  /** Writers apply again, and recovery drains what was recorded. */
  record Resumed(String projection) implements PauseAnswer {}

  /**
   * Nothing was changed: it is as was asked for already.
   *
   * @param last who made it so and why, if that is on record
   */
  record AlreadySo(String projection, boolean paused, Optional<Operation> last)
      implements PauseAnswer {}
}
