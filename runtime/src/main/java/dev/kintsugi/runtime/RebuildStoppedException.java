package dev.kintsugi.runtime;

import dev.kintsugi.runtime.state.Rebuild;

/** A rebuild will not come to its end: its failure policy stopped it, or a newer one has begun. */
public final class RebuildStoppedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RebuildStoppedException(Rebuild rebuild) {
    super(
        "the rebuild of projection '%s', generation %d, is stopped in phase %s: %s"
            .formatted(
                rebuild.projection(),
                rebuild.generation(),
                rebuild.phase().inTable(),
                rebuild.lastError()));
  }
}
