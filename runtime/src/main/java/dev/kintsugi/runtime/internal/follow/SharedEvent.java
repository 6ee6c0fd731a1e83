package dev.kintsugi.runtime.internal.follow;

import dev.kintsugi.runtime.internal.event.EventCodec;
import dev.kintsugi.runtime.internal.event.EventRow;
import dev.kintsugi.runtime.internal.event.JournalEvent;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An event that the followers of a node share: the first of them that wants it decodes it for all.
 * Any thread may use it.
 */
final class SharedEvent {

  /** About what one takes in memory, beside its payload and texts. */
  private static final int BYTES = 300;

  private final EventRow row;
  private final Set<String> tags;
  private final EventCodec codec;
  private @Nullable JournalEvent decoded;

  SharedEvent(EventRow row, Set<String> tags, EventCodec codec) {
    this.row = row;
    this.tags = tags;
    this.codec = codec;
  }

  long ordering() {
    return row.ordering();
  }

  String persistenceId() {
    return row.persistenceId();
  }

  /** Its tags, of a page that was read with them. */
  Set<String> tags() {
    return tags;
  }

  synchronized JournalEvent decoded() {
    JournalEvent known = decoded;
    if (known == null) {
      known = codec.decode(row, tags);
      decoded = known;
    }
    return known;
  }

  /** About how many bytes it takes: once stored, and once decoded. */
  long bytes() {
    return BYTES + 2L * row.persistenceId().length() + 3L * row.event().bytes().length;
  }
}
