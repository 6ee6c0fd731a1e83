package dev.kintsugi.runtime.internal.node;

import com.typesafe.config.Config;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.pattern.CircuitBreaker;
import scala.Function0;
import scala.Function1;
import scala.concurrent.ExecutionContext;
import scala.concurrent.Future;
import scala.util.Try;

/**
 * A circuit breaker that counts failures of the database, and calls that take too long, and no
 * others. A conflict, a refusal by a full queue, an event that can't be stored or a snapshot that
 * can't be read is one stream's own: if it counted, a dozen of them would make the plugin refuse
 * all streams.
 */
public final class OutageBreaker extends CircuitBreaker {

  /**
   * A breaker.
   *
   * @param config the plugin's section
   */
  public OutageBreaker(ActorSystem system, ExecutionContext executor, Config config) {
    super(
        executor,
        system.scheduler(),
        config.getInt("circuit-breaker.max-failures"),
        config.getDuration("circuit-breaker.call-timeout"),
        config.getDuration("circuit-breaker.reset-timeout"));
  }

  @Override
  public <T> Future<T> withCircuitBreaker(Function0<Future<T>> body) {
    Function1<Try<T>, Object> isFailure =
        result -> result.isFailure() && SqlStates.isDatabaseAtFault(result.failed().get());
    return withCircuitBreaker(body, isFailure);
  }
}
