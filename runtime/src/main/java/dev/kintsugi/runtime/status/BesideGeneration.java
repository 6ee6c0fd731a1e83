package dev.kintsugi.runtime.status;

import dev.kintsugi.runtime.skip.SkipSummary;
import java.util.Optional;
import org.apache.pekko.annotation.ApiMayChange;

/**
 * A generation beside the one that serves: it is being built, or it was replaced and is kept so
 * that the swap can be undone.
 *
 * @param rebuild the rebuild that made, or is making, it
 * @param skips its open skip records; as long as there are any it can't serve
 * @param lag how many orderings its follower is behind the journal's end; empty if it does not
 *     follow
 */
@ApiMayChange
public record BesideGeneration(
    Generation generation, Optional<Rebuild> rebuild, SkipSummary skips, Optional<Long> lag) {

  /** Whether it has served before, and is kept. */
  public boolean isKept() {
    return rebuild.filter(r -> r.isDone() && r.keptUntil() != null).isPresent();
  }
}
