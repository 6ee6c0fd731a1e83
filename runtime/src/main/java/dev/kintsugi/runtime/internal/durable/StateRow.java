package dev.kintsugi.runtime.internal.durable;

import dev.kintsugi.runtime.internal.event.SerializedPayload;
import org.jspecify.annotations.Nullable;

/**
 * A row of the durable state table.
 *
 * @param revision rises by one with each change; the first is 1
 * @param tag what queries find it by; never blank
 * @param timestamp when it was written, in milliseconds since the epoch, by the writer's clock
 */
public record StateRow(
    String persistenceId,
    long revision,
    SerializedPayload state,
    @Nullable String tag,
    long timestamp) {

  /** "revision 7 of state Cart|4711", for error messages. */
  public String forPeople() {
    return "revision %d of state %s".formatted(revision, persistenceId);
  }
}
