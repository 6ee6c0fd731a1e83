package dev.kintsugi.examples.bench.load;

import org.apache.pekko.actor.AbstractActor;
import org.apache.pekko.actor.Props;
import org.apache.pekko.persistence.AbstractPersistentActor;
import org.apache.pekko.persistence.RecoveryCompleted;
import scala.Option;

/** A persistent actor that does nothing but persist, and tell how long that took. */
final class LoadActor extends AbstractPersistentActor {

  /** Persists so many events: one a command, and the next command comes after the answer. */
  record Persist(int events) {}

  /** Persists an event without waiting for those before it. */
  record PersistAsync() {}

  /**
   * Persists an event that was due at a time; its latency counts from then, however long the
   * command waited.
   */
  record PersistDue(long dueInNanos) {}

  private record PersistNext() {}

  /** Hears of everything, on the actors' threads. */
  interface Listener {
    void recovered(long events);

    void stored(long latencyInNanos);

    void failed(String persistenceId, Throwable cause);
  }

  private final String persistenceId;
  private final Listener listener;
  private final Object event;
  private long recovered;
  private int left;

  private LoadActor(String persistenceId, Object event, Listener listener) {
    this.persistenceId = persistenceId;
    this.listener = listener;
    this.event = event;
  }

  /**
   * The actor of a stream.
   *
   * @param event what it persists, each time the same
   */
  static Props props(String persistenceId, Object event, Listener listener) {
    return Props.create(LoadActor.class, () -> new LoadActor(persistenceId, event, listener));
  }

  @Override
  public String persistenceId() {
    return persistenceId;
  }

  @Override
  public AbstractActor.Receive createReceiveRecover() {
    return receiveBuilder()
        .match(RecoveryCompleted.class, done -> listener.recovered(recovered))
        .matchAny(replayed -> recovered++)
        .build();
  }

  @Override
  public AbstractActor.Receive createReceive() {
    return receiveBuilder()
        .match(
            Persist.class,
            command -> {
              left = command.events();
              persistNext();
            })
        .match(PersistNext.class, command -> persistNext())
        .match(
            PersistAsync.class,
            command -> {
              long begin = System.nanoTime();
              persistAsync(event, stored -> listener.stored(System.nanoTime() - begin));
            })
        .match(
            PersistDue.class,
            command ->
                persist(event, stored -> listener.stored(System.nanoTime() - command.dueInNanos())))
        .build();
  }

  private void persistNext() {
    long begin = System.nanoTime();
    persist(
        event,
        stored -> {
          listener.stored(System.nanoTime() - begin);
          left--;
          if (left > 0) {
            getSelf().tell(new PersistNext(), getSelf());
          }
        });
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
