package dev.kintsugi.runtime.internal.event;

import org.jspecify.annotations.Nullable;

/**
 * A row of the journal.
 *
 * @param timestamp when it was written, in milliseconds since the epoch, by the writer's clock
 * @param adapterManifest what the event adapter gave it, or the empty string
 */
public record EventRow(
    long ordering,
    String persistenceId,
    long sequenceNumber,
    String writer,
    long timestamp,
    String adapterManifest,
    SerializedPayload event,
    @Nullable SerializedPayload metadata) {}
