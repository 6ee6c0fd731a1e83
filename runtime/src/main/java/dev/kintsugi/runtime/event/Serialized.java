package dev.kintsugi.runtime.event;

/**
 * An object as Pekko serialization wrote it. The bytes belong to whoever made this; nobody writes
 * to them.
 */
@SuppressWarnings("ArrayRecordComponent")
public record Serialized(int serializerId, String manifest, byte[] bytes) {}
