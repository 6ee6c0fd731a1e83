package dev.kintsugi.runtime.status;

import java.util.List;

/**
 * Events that the application has deleted, and that stay in the journal as a projection still needs
 * them or others before them in their streams: for an open skip record, or for a rebuild's replay.
 *
 * @param events how many
 * @param streams of how many streams
 * @param someStreams the persistence ids of those that have waited longest
 */
public record WaitingDeletions(long events, long streams, List<String> someStreams) {}
