package dev.kintsugi.examples.bench.cuts;

import dev.kintsugi.examples.bench.kill.Ack;
import dev.kintsugi.examples.bench.load.LoadEvent;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import java.time.Duration;
import java.util.Random;
import org.apache.pekko.actor.AbstractActor;
import org.apache.pekko.actor.Props;
import org.apache.pekko.pattern.BackoffOpts;
import org.apache.pekko.pattern.BackoffSupervisor;
import org.apache.pekko.persistence.AbstractPersistentActor;
import org.apache.pekko.persistence.RecoveryCompleted;
import org.apache.pekko.persistence.SaveSnapshotFailure;
import org.apache.pekko.persistence.SaveSnapshotSuccess;
import org.apache.pekko.persistence.SnapshotOffer;
import scala.Option;

/**
 * Persists without end, now one event by {@code persist()}, now some by {@code persistAsync()}, and
 * takes a snapshot now and then. Its state is the number of its events. A failure ends it; it is
 * started again after a pause.
 */
final class CutOffActor extends AbstractPersistentActor {

  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(50);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);
  private static final double JITTER = 0.2;

  private static final int LONGEST_BURST = 5;
  private static final int LONGEST_REST_MILLIS = 100;
  private static final int SNAPSHOT_EVERY = 20;

  private record Next() {}

  private final int number;
  private final String persistenceId;
  private final Random random;
  private final Witness witness;
  private final long started = System.nanoTime();
  private boolean hasRecovered;
  private long count;
  private int missing;
  private long begin;

  private CutOffActor(int number, long seed, Witness witness) {
    this.number = number;
    this.persistenceId = stream(number);
    this.random = new Random(seed + witness.nextEvent());
    this.witness = witness;
  }

  /** The stream of an actor. */
  static String stream(int number) {
    return "cuts-" + number;
  }

  /** An actor that is started again whenever it ends. */
  static Props props(int number, long seed, Witness witness) {
    return BackoffSupervisor.props(
        BackoffOpts.onStop(
            Props.create(CutOffActor.class, () -> new CutOffActor(number, seed, witness)),
            "stream",
            SHORTEST_PAUSE,
            LONGEST_PAUSE,
            JITTER));
  }

  @Override
  public String persistenceId() {
    return persistenceId;
  }

  @Override
  public AbstractActor.Receive createReceiveRecover() {
    return receiveBuilder()
        .match(SnapshotOffer.class, offer -> count = countOf(offer))
        .match(LoadEvent.class, event -> count++)
        .match(RecoveryCompleted.class, done -> recovered())
        .build();
  }

  /** What a snapshot holds. */
  static long countOf(SnapshotOffer offer) {
    return Long.parseLong(((LoadEvent) offer.snapshot()).text());
  }

  private void recovered() {
    hasRecovered = true;
    witness.recovered(started, true);
    if (count != lastSequenceNr()) {
      witness.isWrong(
          "stream %s was recovered with %d events up to number %d"
              .formatted(persistenceId, count, lastSequenceNr()));
    }
    getSelf().tell(new Next(), getSelf());
  }

  @Override
  public AbstractActor.Receive createReceive() {
    return receiveBuilder()
        .match(Next.class, next -> persistSome())
        .match(SaveSnapshotSuccess.class, saved -> witness.snapshotTaken())
        .match(SaveSnapshotFailure.class, notSaved -> {})
        .build();
  }

  private void persistSome() {
    if (witness.isClosing()) {
      return;
    }
    begin = System.nanoTime();
    if (random.nextBoolean()) {
      persist(nextEvent(), this::stored);
    } else {
      for (int i = random.nextInt(LONGEST_BURST); i >= 0; i--) {
        persistAsync(nextEvent(), this::stored);
      }
    }
  }

  private LoadEvent nextEvent() {
    missing++;
    witness.persistBegins();
    return new LoadEvent("%s, event %d".formatted(persistenceId, witness.nextEvent()));
  }

  private void stored(LoadEvent event) {
    count++;
    missing--;
    witness.stored(number, begin, new Ack(persistenceId, lastSequenceNr(), event.text()));
    if (lastSequenceNr() % SNAPSHOT_EVERY == 0) {
      saveSnapshot(new LoadEvent(String.valueOf(count)));
    }
    if (missing == 0) {
      getContext()
          .getSystem()
          .scheduler()
          .scheduleOnce(
              Duration.ofMillis(random.nextInt(LONGEST_REST_MILLIS)),
              getSelf(),
              new Next(),
              getContext().getDispatcher(),
              getSelf());
    }
  }

  @Override
  public void onPersistFailure(Throwable cause, Object event, long sequenceNumber) {
    notStored(describe(cause));
  }

  @Override
  public void onPersistRejected(Throwable cause, Object event, long sequenceNumber) {
    witness.isWrong(
        "event %d of %s was rejected: %s".formatted(sequenceNumber, persistenceId, cause));
    getContext().stop(getSelf());
  }

  @Override
  public void onRecoveryFailure(Throwable cause, Option<Object> event) {
    witness.recovered(started, false);
    hasRecovered = true;
  }

  private void notStored(String cause) {
    if (missing > 0) {
      witness.notStored(missing, begin, cause);
      missing = 0;
    }
  }

  private static String describe(Throwable cause) {
    return cause.getClass().getSimpleName()
        + SqlStates.of(cause).map(state -> " " + state).orElse("");
  }

  @Override
  public void postStop() throws Exception {
    notStored("stopped");
    if (!hasRecovered) {
      witness.recovered(started, false);
    }
    super.postStop();
  }
}
