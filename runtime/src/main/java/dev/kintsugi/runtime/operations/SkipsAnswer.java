package dev.kintsugi.runtime.operations;

import dev.kintsugi.runtime.skip.OpenSkip;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.skip.SkipReason;
import java.util.List;
import java.util.Map;

/**
 * What came of a request about all skip records that a filter means, or what would come of it.
 *
 * @param change what was to be done to them
 * @param dryRun whether nothing was to be changed
 * @param matched how many the filter meant
 * @param byReason these, by reason
 * @param some the first of them
 * @param changed how many were changed; of a dry run, 0
 * @param refusal why nothing was changed; empty if it was not refused
 */
public record SkipsAnswer(
    String projection,
    Change change,
    SkipFilter filter,
    boolean dryRun,
    long matched,
    Map<SkipReason, Long> byReason,
    List<OpenSkip> some,
    long changed,
    String refusal) {

  /** What is done to records. */
  public enum Change {
    RETRY("retried"),
    DISCARD("discarded");

    private final String done;

    Change(String done) {
      this.done = done;
    }
  }

  /** Those that were meant and are as before: in hand just then, or gone meanwhile. */
  public long passedOver() {
    return dryRun || !refusal.isEmpty() ? 0 : Math.max(0, matched - changed);
  }

  /** In a line, for people. */
  public String message() {
    if (!refusal.isEmpty()) {
      return "nothing was %s: %s".formatted(change.done, refusal);
    }
    if (matched == 0) {
      return "nothing to be %s: projection '%s' has no open %s"
          .formatted(change.done, projection, filter);
    }
    if (dryRun) {
      return "%d %s of projection '%s' would be %s %s"
          .formatted(matched, filter, projection, change.done, byReason);
    }
    String passed =
        passedOver() == 0
            ? ""
            : "; %d were in hand just then, or gone meanwhile".formatted(passedOver());
    return "%d of %d %s of projection '%s' were %s%s"
        .formatted(changed, matched, filter, projection, change.done, passed);
  }
}
