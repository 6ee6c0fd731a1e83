package dev.kintsugi.runtime.skip;

import java.util.Optional;

/**
 * One open skip record in full.
 *
 * @param event what the record stands for; empty if it was deleted from the journal
 * @param error the last error with its stack; empty if it never failed
 * @param behind how many later records of its stream wait behind it
 */
public record SkipDetails(
    OpenSkip record, Optional<EventView> event, Optional<String> error, long behind) {}
