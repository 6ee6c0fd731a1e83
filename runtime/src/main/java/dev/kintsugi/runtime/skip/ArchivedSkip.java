package dev.kintsugi.runtime.skip;

import java.time.Instant;
import java.util.Optional;

/**
 * What became of a skip record.
 *
 * @param operation the operation by which somebody discarded it, if so
 */
public record ArchivedSkip(
    SkipId id, SkipOutcome outcome, Instant archivedAt, int attempts, Optional<Long> operation) {}
