package dev.kintsugi.runtime.internal.event;

import dev.kintsugi.runtime.persistence.UnstorableEventException;
import dev.kintsugi.runtime.skip.EventView;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.persistence.Persistence;
import org.apache.pekko.persistence.PersistentRepr;
import org.apache.pekko.persistence.journal.EventAdapter;
import org.apache.pekko.persistence.journal.EventAdapters;
import org.apache.pekko.persistence.journal.Tagged;
import org.jspecify.annotations.Nullable;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Between Pekko's view of an event and the journal's row. Threads may share it.
 *
 * <p>Event adapters run before a journal plugin gets to see an event; so what projections see is
 * adapted back here, inline exactly as in a rebuild.
 */
public final class EventCodec {

  private final PayloadSerialization serialization;
  private final EventAdapters adapters;

  /**
   * A codec with the serializers of a system and the event adapters of a journal plugin.
   *
   * @param journalPluginId the configuration path of the journal, whose event adapters apply
   */
  public EventCodec(ActorSystem system, String journalPluginId) {
    this.serialization = new PayloadSerialization(system);
    this.adapters =
        Persistence.get(system)
            .adaptersFor(journalPluginId, com.typesafe.config.ConfigFactory.empty());
  }

  /**
   * Serializes an event to be appended.
   *
   * @param timestamp when it is written, in milliseconds since the epoch
   * @throws UnstorableEventException if it can't be serialized, or does not fit into the journal
   */
  public NewEvent encode(PersistentRepr repr, long timestamp) {
    NewEvent event;
    try {
      event = serialized(repr, timestamp);
    } catch (Exception e) {
      throw StorageLimits.unstorable(repr.persistenceId(), repr.sequenceNr(), e.toString(), e);
    }
    StorageLimits.violation(event)
        .ifPresent(
            violation -> {
              throw StorageLimits.unstorable(
                  repr.persistenceId(), repr.sequenceNr(), violation, null);
            });
    return event;
  }

  /**
   * Serializes an event that comes from no persistent actor. Pekko has an actor's event go through
   * the write side of the event adapters before the journal gets to see it; here that is done too,
   * so that a stream looks the same whoever wrote it.
   *
   * @param writer names who writes, as the id of an actor's incarnation does
   * @param timestamp when it is written, in milliseconds since the epoch
   * @throws UnstorableEventException if it can't be adapted or serialized, or does not fit into the
   *     journal
   */
  public NewEvent adaptAndEncode(
      String persistenceId, long sequenceNumber, String writer, Object event, long timestamp) {
    PersistentRepr repr =
        PersistentRepr.apply(
            event,
            sequenceNumber,
            persistenceId,
            PersistentRepr.Undefined(),
            false,
            ActorRef.noSender(),
            writer);
    return encode(adapted(repr), timestamp);
  }

  /**
   * By the adapter of the payload's own class, also where that is {@link Tagged}, as Pekko does.
   */
  private PersistentRepr adapted(PersistentRepr repr) {
    try {
      Object event = repr.payload();
      EventAdapter adapter = adapters.get(event.getClass());
      return repr.withPayload(adapter.toJournal(event)).withManifest(adapter.manifest(event));
    } catch (Exception e) {
      throw StorageLimits.unstorable(repr.persistenceId(), repr.sequenceNr(), e.toString(), e);
    }
  }

  private NewEvent serialized(PersistentRepr repr, long timestamp) {
    Object payload = repr.payload();
    Set<String> tags = Set.of();
    if (payload instanceof Tagged tagged) {
      payload = tagged.payload();
      tags = CollectionConverters.asJava(tagged.tags());
    }
    EventRow row =
        new EventRow(
            0,
            repr.persistenceId(),
            repr.sequenceNr(),
            repr.writerUuid(),
            timestamp,
            repr.manifest(),
            serialization.serialize(payload),
            repr.metadata().isDefined() ? serialization.serialize(repr.metadata().get()) : null);
    return new NewEvent(row, tags, adaptedBack(payload, repr.manifest()));
  }

  /**
   * A row as Pekko replays it to a persistent actor; the journal adapts it.
   *
   * @throws IllegalStateException if it can't be deserialized, naming what and which
   */
  public PersistentRepr toRepr(EventRow row) {
    PersistentRepr repr =
        PersistentRepr.apply(
                deserialize(row, row.event()),
                row.sequenceNumber(),
                row.persistenceId(),
                row.adapterManifest(),
                false,
                ActorRef.noSender(),
                row.writer())
            .withTimestamp(row.timestamp());
    return row.metadata() == null ? repr : repr.withMetadata(deserialize(row, row.metadata()));
  }

  /**
   * A row as projections see it; one that can't be deserialized says so in the result.
   *
   * @param tags the event's tags, as {@link EventJournal#tagsOf} found them; empty if no projection
   *     at hand asks for them
   */
  public JournalEvent decode(EventRow row, Set<String> tags) {
    List<Object> payloads = List.of();
    Exception undecodable = null;
    try {
      payloads = payloads(row);
    } catch (Exception e) {
      undecodable = e;
    }
    return new JournalEvent(
        row.ordering(),
        row.persistenceId(),
        row.sequenceNumber(),
        row.timestamp(),
        tags,
        payloads,
        undecodable);
  }

  /** A row for people to look at. */
  public EventView view(EventRow row) {
    return EventViews.of(row, decode(row, Set.of()));
  }

  /**
   * What the event adapters make of a stored event: what projections and queries see.
   *
   * @throws IllegalStateException if it can't be deserialized, naming what and which
   */
  public List<Object> payloads(EventRow row) {
    return adaptedBack(deserialize(row, row.event()), row.adapterManifest());
  }

  /**
   * The metadata that was stored with an event.
   *
   * @throws IllegalStateException if it can't be deserialized, naming what and which
   */
  public Optional<Object> metadata(EventRow row) {
    return Optional.ofNullable(row.metadata()).map(metadata -> deserialize(row, metadata));
  }

  private Object deserialize(EventRow row, SerializedPayload serialized) {
    return serialization.deserialize(
        serialized,
        () ->
            "event %d of stream %s (ordering %d)"
                .formatted(row.sequenceNumber(), row.persistenceId(), row.ordering()));
  }

  private List<Object> adaptedBack(Object payload, @Nullable String manifest) {
    List<Object> events = new ArrayList<>(1);
    adapters
        .get(payload.getClass())
        .fromJournal(payload, manifest == null ? "" : manifest)
        .events()
        .foreach(events::add);
    return events;
  }
}
