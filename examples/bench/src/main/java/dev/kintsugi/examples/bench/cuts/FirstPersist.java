package dev.kintsugi.examples.bench.cuts;

import dev.kintsugi.examples.bench.load.LoadEvent;
import java.time.Duration;
import org.apache.pekko.actor.AbstractActor;
import org.apache.pekko.actor.Props;
import org.apache.pekko.pattern.BackoffOpts;
import org.apache.pekko.pattern.BackoffSupervisor;
import org.apache.pekko.persistence.AbstractPersistentActor;
import org.apache.pekko.persistence.RecoveryCompleted;
import scala.Option;

/** Persists one event as soon as it can. A failure ends it; it is started again after a pause. */
final class FirstPersist extends AbstractPersistentActor {

  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(50);
  private static final Duration LONGEST_PAUSE = Duration.ofMillis(500);
  private static final double JITTER = 0.2;

  private record Persist() {}

  private final Runnable stored;

  private FirstPersist(Runnable stored) {
    this.stored = stored;
  }

  static Props props(Runnable stored) {
    return BackoffSupervisor.props(
        BackoffOpts.onStop(
            Props.create(FirstPersist.class, () -> new FirstPersist(stored)),
            "first",
            SHORTEST_PAUSE,
            LONGEST_PAUSE,
            JITTER));
  }

  @Override
  public String persistenceId() {
    return "first";
  }

  @Override
  public AbstractActor.Receive createReceiveRecover() {
    return receiveBuilder()
        .match(RecoveryCompleted.class, done -> getSelf().tell(new Persist(), getSelf()))
        .matchAny(replayed -> {})
        .build();
  }

  @Override
  public AbstractActor.Receive createReceive() {
    return receiveBuilder()
        .match(
            Persist.class,
            command -> persist(LoadEvent.beginningWith("first "), event -> stored.run()))
        .build();
  }

  @Override
  public void onPersistFailure(Throwable cause, Object event, long sequenceNumber) {
    // It is started again.
  }

  @Override
  public void onRecoveryFailure(Throwable cause, Option<Object> event) {
    // It is started again.
  }
}
