package dev.kintsugi.runtime.skip;

import java.time.Instant;

/**
 * An event of the journal, for people to look at.
 *
 * @param type the class of what projections see of it; of one that can't be deserialized, the
 *     serializer's manifest
 * @param json what projections see of it; of one that can't be deserialized, what is stored if that
 *     is JSON, or else null
 * @param problem why it could not be deserialized, or not be shown as JSON; empty if all is well
 * @param bytes the size of what is stored
 */
public record EventView(
    long ordering,
    String persistenceId,
    long sequenceNumber,
    Instant writtenAt,
    int serializerId,
    String manifest,
    String type,
    String json,
    String problem,
    int bytes) {}
