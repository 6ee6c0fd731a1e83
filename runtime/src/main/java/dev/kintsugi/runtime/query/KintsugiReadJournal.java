package dev.kintsugi.runtime.query;

import dev.kintsugi.runtime.internal.event.EventRow;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.internal.query.EventEnvelopes;
import dev.kintsugi.runtime.internal.query.FinalPages;
import dev.kintsugi.runtime.internal.query.JournalQueries;
import dev.kintsugi.runtime.internal.query.Slices;
import java.time.Instant;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import org.apache.pekko.NotUsed;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.persistence.query.EventEnvelope;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.persistence.query.Sequence;
import org.apache.pekko.persistence.query.javadsl.CurrentEventsByPersistenceIdQuery;
import org.apache.pekko.persistence.query.javadsl.CurrentEventsByTagQuery;
import org.apache.pekko.persistence.query.javadsl.CurrentLastSequenceNumberByPersistenceIdQuery;
import org.apache.pekko.persistence.query.javadsl.CurrentPersistenceIdsQuery;
import org.apache.pekko.persistence.query.javadsl.EventsByPersistenceIdQuery;
import org.apache.pekko.persistence.query.javadsl.EventsByTagQuery;
import org.apache.pekko.persistence.query.javadsl.PagedPersistenceIdsQuery;
import org.apache.pekko.persistence.query.javadsl.PersistenceIdsQuery;
import org.apache.pekko.persistence.query.javadsl.ReadJournal;
import org.apache.pekko.persistence.query.typed.javadsl.CurrentEventsBySliceQuery;
import org.apache.pekko.persistence.query.typed.javadsl.EventTimestampQuery;
import org.apache.pekko.persistence.query.typed.javadsl.EventsBySliceQuery;
import org.apache.pekko.persistence.query.typed.javadsl.LoadEventQuery;
import org.apache.pekko.stream.javadsl.Source;

/**
 * The read journal, for Java: {@code PersistenceQuery.get(system).getReadJournalFor(
 * KintsugiReadJournal.class, KintsugiReadJournal.IDENTIFIER)}.
 *
 * <p>Offsets are orderings, {@link Sequence}; a query goes on behind the one that it is given. A
 * query by tag or slices hands out events in the journal's ordering, of which each stream's events
 * are in sequence, and reads only as far as the journal is final (DESIGN 4): an event that commits
 * late is never passed over. A writer's open transaction delays it, and the log says whose that is.
 * What "current" queries by tag or slices hand out ends with all that is committed when they start;
 * so they, too, wait for writers whose transactions are open then.
 *
 * <p>Sources fail when the database does, or when an event can't be deserialized, which names it.
 */
public final class KintsugiReadJournal
    implements ReadJournal,
        PersistenceIdsQuery,
        CurrentPersistenceIdsQuery,
        PagedPersistenceIdsQuery,
        EventsByPersistenceIdQuery,
        CurrentEventsByPersistenceIdQuery,
        CurrentLastSequenceNumberByPersistenceIdQuery,
        EventsByTagQuery,
        CurrentEventsByTagQuery,
        EventsBySliceQuery,
        CurrentEventsBySliceQuery,
        EventTimestampQuery,
        LoadEventQuery {

  /** The configuration path of the read journal. */
  public static final String IDENTIFIER = "kintsugi.query";

  private final KintsugiNode node;
  private final JournalQueries queries;
  private final Slices slices;
  private final EventEnvelopes envelopes;

  KintsugiReadJournal(KintsugiNode node, JournalQueries queries, Slices slices) {
    this.node = node;
    this.queries = queries;
    this.slices = slices;
    this.envelopes = new EventEnvelopes(node.codec(), slices);
  }

  // Persistence ids

  /** Each persistence id once, and new ones as they come. Remembers those it has handed out. */
  @Override
  public Source<String, NotUsed> persistenceIds() {
    return queries.persistenceIds();
  }

  @Override
  public Source<String, NotUsed> currentPersistenceIds() {
    return queries.currentPersistenceIds("");
  }

  /** In the order of the database's collation. */
  @Override
  public Source<String, NotUsed> currentPersistenceIds(Optional<String> afterId, long limit) {
    return queries.currentPersistenceIds(afterId.orElse("")).take(limit);
  }

  // One stream

  @Override
  public Source<EventEnvelope, NotUsed> eventsByPersistenceId(
      String persistenceId, long fromSequenceNr, long toSequenceNr) {
    return queries.liveOfStream(persistenceId, fromSequenceNr, toSequenceNr, envelopes::untyped);
  }

  @Override
  public Source<EventEnvelope, NotUsed> currentEventsByPersistenceId(
      String persistenceId, long fromSequenceNr, long toSequenceNr) {
    return queries.currentOfStream(persistenceId, fromSequenceNr, toSequenceNr, envelopes::untyped);
  }

  /** Empty if the stream has no events, or they were all deleted. */
  @Override
  public CompletionStage<Optional<Long>> currentLastSequenceNumberByPersistenceId(
      String persistenceId) {
    return node.inTransaction(
        connection -> queries.pages().lastSequenceNumber(connection, persistenceId));
  }

  /** When an event was written, by its writer's clock; empty if there is none. */
  @Override
  public CompletionStage<Optional<Instant>> timestampOf(String persistenceId, long sequenceNr) {
    return event(persistenceId, sequenceNr)
        .thenApply(found -> found.map(row -> Instant.ofEpochMilli(row.timestamp())));
  }

  /** Fails with {@link NoSuchElementException} if there is no such event. */
  @Override
  public <E>
      CompletionStage<org.apache.pekko.persistence.query.typed.EventEnvelope<E>> loadEnvelope(
          String persistenceId, long sequenceNr) {
    return event(persistenceId, sequenceNr)
        .thenApply(
            found ->
                found.stream()
                    .flatMap(row -> envelopes.<E>typed(List.of(row)).stream())
                    .findFirst()
                    .orElseThrow(
                        () ->
                            new NoSuchElementException(
                                "there is no event %d of stream %s in the journal"
                                    .formatted(sequenceNr, persistenceId))));
  }

  private CompletionStage<Optional<EventRow>> event(String persistenceId, long sequenceNr) {
    return node.inTransaction(
        connection ->
            queries.pages().ofStream(connection, persistenceId, sequenceNr, sequenceNr).stream()
                .findFirst());
  }

  // Many streams

  @Override
  public Source<EventEnvelope, NotUsed> eventsByTag(String tag, Offset offset) {
    return inOrder().live(inOrder().position(offset), tagged(tag));
  }

  @Override
  public Source<EventEnvelope, NotUsed> currentEventsByTag(String tag, Offset offset) {
    return inOrder().current(inOrder().position(offset), tagged(tag));
  }

  private FinalPages.ReadPage<EventEnvelope> tagged(String tag) {
    return (connection, after, upTo) ->
        queries.pages().tagged(connection, tag, after, upTo).map(envelopes::untyped);
  }

  @Override
  public <E>
      Source<org.apache.pekko.persistence.query.typed.EventEnvelope<E>, NotUsed> eventsBySlices(
          String entityType, int minSlice, int maxSlice, Offset offset) {
    return inOrder().live(inOrder().position(offset), ofSlices(entityType, minSlice, maxSlice));
  }

  @Override
  public <E>
      Source<org.apache.pekko.persistence.query.typed.EventEnvelope<E>, NotUsed>
          currentEventsBySlices(String entityType, int minSlice, int maxSlice, Offset offset) {
    return inOrder().current(inOrder().position(offset), ofSlices(entityType, minSlice, maxSlice));
  }

  private <E>
      FinalPages.ReadPage<org.apache.pekko.persistence.query.typed.EventEnvelope<E>> ofSlices(
          String entityType, int minSlice, int maxSlice) {
    Predicate<String> wanted = slices.within(entityType, minSlice, maxSlice);
    return (connection, after, upTo) ->
        queries.pages().ofStreams(connection, wanted, after, upTo).map(envelopes::typed);
  }

  @Override
  public int sliceForPersistenceId(String persistenceId) {
    return slices.of(persistenceId);
  }

  @Override
  public List<Pair<Integer, Integer>> sliceRanges(int numberOfRanges) {
    return slices.ranges(numberOfRanges);
  }

  private FinalPages inOrder() {
    return queries.inOrder();
  }
}
