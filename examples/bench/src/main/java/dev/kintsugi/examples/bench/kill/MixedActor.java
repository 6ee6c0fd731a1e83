package dev.kintsugi.examples.bench.kill;

import dev.kintsugi.examples.bench.load.LoadEvent;
import java.util.Random;
import java.util.function.BiConsumer;
import org.apache.pekko.actor.AbstractActor;
import org.apache.pekko.actor.Props;
import org.apache.pekko.persistence.AbstractPersistentActor;
import org.apache.pekko.persistence.RecoveryCompleted;
import scala.Option;

/**
 * Persists without end, now one event by {@code persist()}, now some by {@code persistAsync()}, and
 * notes each as soon as it is told that it is stored.
 */
final class MixedActor extends AbstractPersistentActor {

  private static final int LONGEST_BURST = 10;

  private record Next() {}

  private final String persistenceId;
  private final int writer;
  private final Random random;
  private final AckFile acks;
  private final BiConsumer<String, Throwable> onFailure;
  private long replayed;
  private long written;
  private int missing;

  private MixedActor(
      String persistenceId,
      int writer,
      long seed,
      AckFile acks,
      BiConsumer<String, Throwable> onFailure) {
    this.persistenceId = persistenceId;
    this.writer = writer;
    this.random = new Random(seed);
    this.acks = acks;
    this.onFailure = onFailure;
  }

  static Props props(
      String persistenceId,
      int writer,
      long seed,
      AckFile acks,
      BiConsumer<String, Throwable> onFailure) {
    return Props.create(
        MixedActor.class, () -> new MixedActor(persistenceId, writer, seed, acks, onFailure));
  }

  @Override
  public String persistenceId() {
    return persistenceId;
  }

  @Override
  public AbstractActor.Receive createReceiveRecover() {
    return receiveBuilder()
        .match(LoadEvent.class, event -> replayed++)
        .match(RecoveryCompleted.class, done -> begin())
        .build();
  }

  private void begin() {
    if (replayed != lastSequenceNr()) {
      onFailure.accept(
          persistenceId,
          new IllegalStateException(
              "%d events were recovered, up to number %d".formatted(replayed, lastSequenceNr())));
    }
    getSelf().tell(new Next(), getSelf());
  }

  @Override
  public AbstractActor.Receive createReceive() {
    return receiveBuilder().match(Next.class, next -> persistSome()).build();
  }

  private void persistSome() {
    if (random.nextBoolean()) {
      missing = 1;
      persist(nextEvent(), this::stored);
    } else {
      missing = 1 + random.nextInt(LONGEST_BURST);
      for (int i = missing; i > 0; i--) {
        persistAsync(nextEvent(), this::stored);
      }
    }
  }

  private LoadEvent nextEvent() {
    written++;
    return LoadEvent.beginningWith(
        "%s, event %d of writer %d ".formatted(persistenceId, written, writer));
  }

  private void stored(LoadEvent event) {
    acks.append(new Ack(persistenceId, lastSequenceNr(), event.text()));
    missing--;
    if (missing == 0) {
      getSelf().tell(new Next(), getSelf());
    }
  }

  @Override
  public void onPersistFailure(Throwable cause, Object event, long sequenceNumber) {
    onFailure.accept(persistenceId, cause);
  }

  @Override
  public void onPersistRejected(Throwable cause, Object event, long sequenceNumber) {
    onFailure.accept(persistenceId, cause);
  }

  @Override
  public void onRecoveryFailure(Throwable cause, Option<Object> event) {
    onFailure.accept(persistenceId, cause);
  }
}
