package dev.kintsugi.runtime.internal.snapshot;

import dev.kintsugi.runtime.internal.event.SerializedPayload;
import org.jspecify.annotations.Nullable;

/**
 * A row of the snapshot table.
 *
 * @param sequenceNumber that of the last event whose effect the snapshot holds
 * @param created when it was saved, in milliseconds since the epoch, by the writer's clock
 * @param metadata what Pekko keeps beside a snapshot; a replicated actor's have some
 */
public record SnapshotRow(
    String persistenceId,
    long sequenceNumber,
    long created,
    SerializedPayload snapshot,
    @Nullable SerializedPayload metadata) {

  /** "snapshot 7 of stream File|README.md", for error messages. */
  public String forPeople() {
    return "snapshot %d of stream %s".formatted(sequenceNumber, persistenceId);
  }
}
