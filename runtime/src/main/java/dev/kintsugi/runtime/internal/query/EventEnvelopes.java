package dev.kintsugi.runtime.internal.query;

import dev.kintsugi.runtime.internal.event.EventCodec;
import dev.kintsugi.runtime.internal.event.EventRow;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.persistence.query.EventEnvelope;
import org.apache.pekko.persistence.query.Offset;
import scala.Option;

/**
 * Rows as Pekko Persistence Query hands them out. The offset is the ordering; event adapters may
 * make none or several of one event, which then share theirs.
 */
public final class EventEnvelopes {

  private final EventCodec codec;
  private final Slices slices;

  public EventEnvelopes(EventCodec codec, Slices slices) {
    this.codec = codec;
    this.slices = slices;
  }

  /**
   * Of each row its events.
   *
   * @throws IllegalStateException if one can't be deserialized, naming what and which
   */
  public List<EventEnvelope> untyped(List<EventRow> rows) {
    List<EventEnvelope> envelopes = new ArrayList<>(rows.size());
    for (EventRow row : rows) {
      Option<Object> metadata = metadata(row);
      for (Object payload : codec.payloads(row)) {
        envelopes.add(
            new EventEnvelope(
                Offset.sequence(row.ordering()),
                row.persistenceId(),
                row.sequenceNumber(),
                payload,
                row.timestamp(),
                metadata));
      }
    }
    return envelopes;
  }

  /** The same, with entity type and slice. */
  @SuppressWarnings("unchecked") // which events a stream has is its application's business
  public <E> List<org.apache.pekko.persistence.query.typed.EventEnvelope<E>> typed(
      List<EventRow> rows) {
    List<org.apache.pekko.persistence.query.typed.EventEnvelope<E>> envelopes =
        new ArrayList<>(rows.size());
    for (EventRow row : rows) {
      Option<Object> metadata = metadata(row);
      for (Object payload : codec.payloads(row)) {
        envelopes.add(
            new org.apache.pekko.persistence.query.typed.EventEnvelope<>(
                Offset.sequence(row.ordering()),
                row.persistenceId(),
                row.sequenceNumber(),
                Option.apply((E) payload),
                row.timestamp(),
                metadata,
                Slices.entityType(row.persistenceId()),
                slices.of(row.persistenceId())));
      }
    }
    return envelopes;
  }

  private Option<Object> metadata(EventRow row) {
    Optional<Object> metadata = codec.metadata(row);
    return metadata.isPresent() ? Option.apply(metadata.get()) : Option.empty();
  }
}
