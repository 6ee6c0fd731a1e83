package dev.kintsugi.runtime.query;

import dev.kintsugi.runtime.internal.query.Slices;
import java.time.Instant;
import java.util.Optional;
import org.apache.pekko.NotUsed;
import org.apache.pekko.persistence.query.EventEnvelope;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.persistence.query.scaladsl.CurrentEventsByPersistenceIdQuery;
import org.apache.pekko.persistence.query.scaladsl.CurrentEventsByTagQuery;
import org.apache.pekko.persistence.query.scaladsl.CurrentLastSequenceNumberByPersistenceIdQuery;
import org.apache.pekko.persistence.query.scaladsl.CurrentPersistenceIdsQuery;
import org.apache.pekko.persistence.query.scaladsl.EventsByPersistenceIdQuery;
import org.apache.pekko.persistence.query.scaladsl.EventsByTagQuery;
import org.apache.pekko.persistence.query.scaladsl.PagedPersistenceIdsQuery;
import org.apache.pekko.persistence.query.scaladsl.PersistenceIdsQuery;
import org.apache.pekko.persistence.query.scaladsl.ReadJournal;
import org.apache.pekko.persistence.query.typed.scaladsl.CurrentEventsBySliceQuery;
import org.apache.pekko.persistence.query.typed.scaladsl.EventTimestampQuery;
import org.apache.pekko.persistence.query.typed.scaladsl.EventsBySliceQuery;
import org.apache.pekko.persistence.query.typed.scaladsl.LoadEventQuery;
import org.apache.pekko.stream.scaladsl.Source;
import scala.Option;
import scala.collection.immutable.Range;
import scala.collection.immutable.Seq;
import scala.concurrent.Future;
import scala.jdk.javaapi.FutureConverters;
import scala.jdk.javaapi.OptionConverters;

/**
 * {@link KintsugiReadJournal}, for Scala: its contract in Scala's types. Pekko Projection's Scala
 * API asks for it.
 */
public final class KintsugiScalaReadJournal
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

  private final KintsugiReadJournal java;
  private final Slices slices;

  KintsugiScalaReadJournal(KintsugiReadJournal java, Slices slices) {
    this.java = java;
    this.slices = slices;
  }

  @Override
  public Source<String, NotUsed> persistenceIds() {
    return java.persistenceIds().asScala();
  }

  @Override
  public Source<String, NotUsed> currentPersistenceIds() {
    return java.currentPersistenceIds().asScala();
  }

  @Override
  public Source<String, NotUsed> currentPersistenceIds(Option<String> afterId, long limit) {
    return java.currentPersistenceIds(OptionConverters.toJava(afterId), limit).asScala();
  }

  @Override
  public Source<EventEnvelope, NotUsed> eventsByPersistenceId(
      String persistenceId, long fromSequenceNr, long toSequenceNr) {
    return java.eventsByPersistenceId(persistenceId, fromSequenceNr, toSequenceNr).asScala();
  }

  @Override
  public Source<EventEnvelope, NotUsed> currentEventsByPersistenceId(
      String persistenceId, long fromSequenceNr, long toSequenceNr) {
    return java.currentEventsByPersistenceId(persistenceId, fromSequenceNr, toSequenceNr).asScala();
  }

  @Override
  public Future<Option<Object>> currentLastSequenceNumberByPersistenceId(String persistenceId) {
    return FutureConverters.asScala(
        java.currentLastSequenceNumberByPersistenceId(persistenceId)
            .thenApply(last -> OptionConverters.toScala(last.map(number -> (Object) number))));
  }

  @Override
  public Future<Option<Instant>> timestampOf(String persistenceId, long sequenceNr) {
    return FutureConverters.asScala(
        java.timestampOf(persistenceId, sequenceNr).thenApply(KintsugiScalaReadJournal::option));
  }

  private static Option<Instant> option(Optional<Instant> instant) {
    return OptionConverters.toScala(instant);
  }

  @Override
  public <E> Future<org.apache.pekko.persistence.query.typed.EventEnvelope<E>> loadEnvelope(
      String persistenceId, long sequenceNr) {
    return FutureConverters.asScala(java.loadEnvelope(persistenceId, sequenceNr));
  }

  @Override
  public Source<EventEnvelope, NotUsed> eventsByTag(String tag, Offset offset) {
    return java.eventsByTag(tag, offset).asScala();
  }

  @Override
  public Source<EventEnvelope, NotUsed> currentEventsByTag(String tag, Offset offset) {
    return java.currentEventsByTag(tag, offset).asScala();
  }

  @Override
  public <E>
      Source<org.apache.pekko.persistence.query.typed.EventEnvelope<E>, NotUsed> eventsBySlices(
          String entityType, int minSlice, int maxSlice, Offset offset) {
    return java.<E>eventsBySlices(entityType, minSlice, maxSlice, offset).asScala();
  }

  @Override
  public <E>
      Source<org.apache.pekko.persistence.query.typed.EventEnvelope<E>, NotUsed>
          currentEventsBySlices(String entityType, int minSlice, int maxSlice, Offset offset) {
    return java.<E>currentEventsBySlices(entityType, minSlice, maxSlice, offset).asScala();
  }

  @Override
  public int sliceForPersistenceId(String persistenceId) {
    return slices.of(persistenceId);
  }

  @Override
  public Seq<Range> sliceRanges(int numberOfRanges) {
    return slices.scalaRanges(numberOfRanges);
  }
}
