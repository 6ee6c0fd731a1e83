package dev.kintsugi.runtime.internal.event;

/**
 * A sequence number that no event has: a persistent actor used it for an event that was rejected,
 * and went on with the next one.
 */
public record RejectedNumber(String persistenceId, long sequenceNumber) {}
