package dev.kintsugi.runtime.internal.event;

import dev.kintsugi.projections.internal.text.StorableText;
import dev.kintsugi.runtime.persistence.UnstorableEventException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What fits into Pekko Persistence JDBC's tables, and through PostgreSQL's protocol. Looked at
 * before anything is sent: the database's own error would name neither event nor column, and would
 * cost a transaction or even the connection.
 */
public final class StorageLimits {

  /**
   * How many bytes the events of one atomic write may have. No message of PostgreSQL's is longer
   * than 1 GB, and when it is read, it may come as text of twice the length: what is larger could
   * be stored, but not recovered.
   */
  public static final long LARGEST_WRITE = 500L << 20;

  private static final int LONGEST_WRITER = 255;
  private static final int LONGEST_MANIFEST = 255;
  private static final int LONGEST_TAG = 256;

  private StorageLimits() {}

  /**
   * Refuses events that are to be stored all or none, and are more than fits into one statement.
   *
   * @throws UnstorableEventException if so, naming the first of them
   */
  public static void refuseTooLarge(List<NewEvent> atomicWrite) {
    long size = 0;
    for (NewEvent event : atomicWrite) {
      size += event.size();
    }
    violationOfSize(size, atomicWrite.size())
        .ifPresent(
            violation -> {
              EventRow first = atomicWrite.get(0).row();
              throw unstorable(first.persistenceId(), first.sequenceNumber(), violation, null);
            });
  }

  static Optional<String> violationOfSize(long size, int events) {
    return size <= LARGEST_WRITE
        ? Optional.empty()
        : Optional.of(
            "%s %d bytes, and an atomic write may have %d at the most"
                .formatted(
                    events == 1
                        ? "it has"
                        : "it and what is to be stored with it, %d events, have".formatted(events),
                    size,
                    LARGEST_WRITE));
  }

  /** What of an event does not fit, if anything. Each event comes through here: no streams. */
  static Optional<String> violation(NewEvent event) {
    EventRow row = event.row();
    SerializedPayload metadata = row.metadata();
    Optional<String> violation = StorableText.persistenceIdFault(row.persistenceId());
    if (violation.isEmpty()) {
      violation = StorableText.columnFault("writer", row.writer(), LONGEST_WRITER);
    }
    if (violation.isEmpty()) {
      violation =
          StorableText.columnFault(
              "event adapter's manifest", row.adapterManifest(), LONGEST_MANIFEST);
    }
    if (violation.isEmpty()) {
      violation =
          StorableText.columnFault(
              "serializer's manifest", row.event().manifest(), LONGEST_MANIFEST);
    }
    if (violation.isEmpty() && metadata != null) {
      violation =
          StorableText.columnFault("metadata's manifest", metadata.manifest(), LONGEST_MANIFEST);
    }
    for (String tag : event.tags()) {
      if (violation.isEmpty()) {
        violation = StorableText.columnFault("tag", tag, LONGEST_TAG);
      }
    }
    return violation;
  }

  /** That an event can't be stored. */
  static UnstorableEventException unstorable(
      String persistenceId, long sequenceNumber, String why, @Nullable Exception cause) {
    return new UnstorableEventException(
        "event %d of stream '%s' can't be stored: %s"
            .formatted(sequenceNumber, StorableText.shown(persistenceId), why),
        persistenceId,
        sequenceNumber,
        cause);
  }
}
