package dev.kintsugi.runtime.durable;

import dev.kintsugi.runtime.internal.query.Slices;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.persistence.query.DurableStateChange;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.persistence.query.scaladsl.DurableStateStoreQuery;
import org.apache.pekko.persistence.query.typed.scaladsl.DurableStateStoreBySliceQuery;
import org.apache.pekko.persistence.state.javadsl.GetObjectResult;
import org.apache.pekko.persistence.state.scaladsl.DurableStateUpdateStore;
import org.apache.pekko.stream.scaladsl.Source;
import org.jspecify.annotations.Nullable;
import scala.collection.immutable.Range;
import scala.collection.immutable.Seq;
import scala.concurrent.ExecutionContext;
import scala.concurrent.Future;
import scala.jdk.javaapi.FutureConverters;

/** {@link DurableStates} for Scala, and for Pekko's own behaviors; it only translates. */
public final class ScalaDurableStates
    implements DurableStateUpdateStore<Object>,
        DurableStateStoreQuery<Object>,
        DurableStateStoreBySliceQuery<Object> {

  private final DurableStates states;
  private final Slices slices;
  private final ExecutionContext translating;

  ScalaDurableStates(DurableStates states, Slices slices, ExecutionContext translating) {
    this.states = states;
    this.slices = slices;
    this.translating = translating;
  }

  @Override
  public Future<org.apache.pekko.persistence.state.scaladsl.GetObjectResult<Object>> getObject(
      String persistenceId) {
    return FutureConverters.asScala(states.getObject(persistenceId))
        .map(GetObjectResult::toScala, translating);
  }

  @Override
  public Future<Done> upsertObject(
      String persistenceId, long revision, Object value, @Nullable String tag) {
    return FutureConverters.asScala(states.upsertObject(persistenceId, revision, value, tag));
  }

  @Override
  @Deprecated
  public Future<Done> deleteObject(String persistenceId) {
    return FutureConverters.asScala(states.deleteObject(persistenceId));
  }

  @Override
  public Future<Done> deleteObject(String persistenceId, long revision) {
    return FutureConverters.asScala(states.deleteObject(persistenceId, revision));
  }

  @Override
  public Source<DurableStateChange<Object>, NotUsed> changes(String tag, Offset offset) {
    return states.changes(tag, offset).asScala();
  }

  @Override
  public Source<DurableStateChange<Object>, NotUsed> currentChanges(String tag, Offset offset) {
    return states.currentChanges(tag, offset).asScala();
  }

  @Override
  public Source<DurableStateChange<Object>, NotUsed> changesBySlices(
      String entityType, int minSlice, int maxSlice, Offset offset) {
    return states.changesBySlices(entityType, minSlice, maxSlice, offset).asScala();
  }

  @Override
  public Source<DurableStateChange<Object>, NotUsed> currentChangesBySlices(
      String entityType, int minSlice, int maxSlice, Offset offset) {
    return states.currentChangesBySlices(entityType, minSlice, maxSlice, offset).asScala();
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
