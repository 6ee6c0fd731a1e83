package dev.kintsugi.runtime.status;

import dev.kintsugi.runtime.skip.SkipSummary;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.annotation.ApiMayChange;

/**
 * All projections that the database knows, by name, in few words each. In four statements, however
 * many there are; the one that counts skip records looks at all that are open.
 *
 * @param waitingDeletions events that the application has deleted, and that stay as some projection
 *     still needs them
 */
@ApiMayChange
public record Overview(List<Summary> projections, WaitingDeletions waitingDeletions) {

  /**
   * One of them.
   *
   * @param generation the one that serves
   * @param rebuild the rebuild that made, or is making, its newest generation
   * @param skips its open skip records
   * @param unhandled those of them that pile up, as no node has the projection; empty if one has
   *     it, or may have it
   * @param following how far it has come, if it follows the journal and is built
   */
  public record Summary(
      Generation generation,
      Optional<Rebuild> rebuild,
      SkipSummary skips,
      Optional<Unhandled> unhandled,
      Optional<Following> following) {}
}
