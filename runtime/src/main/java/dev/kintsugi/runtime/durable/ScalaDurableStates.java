package dev.kintsugi.runtime.durable;

import org.apache.pekko.Done;
import org.apache.pekko.persistence.state.javadsl.GetObjectResult;
import org.apache.pekko.persistence.state.scaladsl.DurableStateUpdateStore;
import org.jspecify.annotations.Nullable;
import scala.concurrent.ExecutionContext;
import scala.concurrent.Future;
import scala.jdk.javaapi.FutureConverters;

/** {@link DurableStates} for Scala, and for Pekko's own behaviors; it only translates. */
public final class ScalaDurableStates implements DurableStateUpdateStore<Object> {

  private final DurableStates states;
  private final ExecutionContext translating;

  ScalaDurableStates(DurableStates states, ExecutionContext translating) {
    this.states = states;
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
}
