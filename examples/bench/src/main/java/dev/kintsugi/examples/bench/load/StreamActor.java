package dev.kintsugi.examples.bench.load;

import java.util.function.LongConsumer;
import org.apache.pekko.actor.AbstractActor;
import org.apache.pekko.actor.Props;
import org.apache.pekko.persistence.AbstractPersistentActor;
import scala.Option;

/** A persistent actor that persists the events that it is given. */
final class StreamActor extends AbstractPersistentActor {

  /**
   * Persists an event.
   *
   * @param stored hears how long it took, in nanoseconds
   */
  record Append(Object event, LongConsumer stored) {}

  private final String persistenceId;
  private final LoadActor.Listener listener;

  private StreamActor(String persistenceId, LoadActor.Listener listener) {
    this.persistenceId = persistenceId;
    this.listener = listener;
  }

  /**
   * The actor of a stream.
   *
   * @param listener hears of failures
   */
  static Props props(String persistenceId, LoadActor.Listener listener) {
    return Props.create(StreamActor.class, () -> new StreamActor(persistenceId, listener));
  }

  @Override
  public String persistenceId() {
    return persistenceId;
  }

  @Override
  public AbstractActor.Receive createReceiveRecover() {
    return receiveBuilder().matchAny(replayed -> {}).build();
  }

  @Override
  public AbstractActor.Receive createReceive() {
    return receiveBuilder()
        .match(
            Append.class,
            append -> {
              long begin = System.nanoTime();
              persist(append.event(), done -> append.stored().accept(System.nanoTime() - begin));
            })
        .build();
  }

  @Override
  public void onPersistFailure(Throwable cause, Object notStored, long sequenceNumber) {
    listener.failed(persistenceId, cause);
  }

  @Override
  public void onPersistRejected(Throwable cause, Object notStored, long sequenceNumber) {
    listener.failed(persistenceId, cause);
  }

  @Override
  public void onRecoveryFailure(Throwable cause, Option<Object> notReplayed) {
    listener.failed(persistenceId, cause);
  }
}
