package dev.kintsugi.runtime;

import dev.kintsugi.runtime.status.Rebuild;

/** A rebuild will not come to its end: its failure policy stopped it, or a newer one has begun. */
public final class RebuildStoppedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RebuildStoppedException(Rebuild rebuild) {
    super(
        rebuild.takesOver()
            ? "the rebuild of projection '%s', generation %d, was stopped by %s before anything was emptied; its read model is as it was, and in use again"
                .formatted(rebuild.projection(), rebuild.generation(), rebuild.stoppedBy())
            : "the rebuild of projection '%s', generation %d, is stopped in phase %s: %s%s"
                .formatted(
                    rebuild.projection(),
                    rebuild.generation(),
                    rebuild.phase().inTable(),
                    rebuild.isGivenUp() ? "by " + rebuild.stoppedBy() : rebuild.lastError(),
                    rebuild.isInUse()
                        ? "; its read model is in use, and that nothing is missing was not proven"
                        : ""));
  }
}
