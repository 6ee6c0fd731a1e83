package dev.kintsugi.runtime.internal.event;

import java.util.List;
import java.util.Set;

/**
 * An event about to be appended, with what projections will see of it.
 *
 * @param row what is stored; its ordering is not known yet
 * @param tags its tags, none of them in the payload any more
 * @param payloads the event adapted back, as a rebuild will see it
 */
public record NewEvent(EventRow row, Set<String> tags, List<Object> payloads) {

  /** Numbers, and what the protocol adds. */
  private static final int OVERHEAD = 100;

  /** About how many bytes it takes to send it. */
  public long size() {
    SerializedPayload metadata = row.metadata();
    long perTag = OVERHEAD + length(row.persistenceId());
    long size = OVERHEAD + length(row.persistenceId()) + length(row.writer()) + size(row.event());
    for (String tag : tags) {
      size += perTag + length(tag);
    }
    return size + length(row.adapterManifest()) + (metadata == null ? 0 : size(metadata));
  }

  private static long size(SerializedPayload serialized) {
    return serialized.bytes().length + length(serialized.manifest());
  }

  private static long length(String text) {
    return text.length();
  }

  /** The event as projections see it, once the journal has given it an ordering. */
  public JournalEvent appendedAt(long ordering) {
    return new JournalEvent(
        ordering, row.persistenceId(), row.sequenceNumber(), row.timestamp(), tags, payloads, null);
  }
}
