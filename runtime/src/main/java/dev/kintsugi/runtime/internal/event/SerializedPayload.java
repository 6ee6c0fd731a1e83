package dev.kintsugi.runtime.internal.event;

/**
 * An object as Pekko serialization wrote it. The bytes belong to whoever made this; nobody writes
 * to them.
 */
@SuppressWarnings("ArrayRecordComponent")
public record SerializedPayload(int serializerId, String manifest, byte[] bytes) {}
