package dev.kintsugi.examples.bench.cuts;

import dev.kintsugi.examples.bench.load.LoadEvent;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.AbstractActor;
import org.apache.pekko.actor.Props;
import org.apache.pekko.persistence.AbstractPersistentActor;
import org.apache.pekko.persistence.RecoveryCompleted;
import org.apache.pekko.persistence.SnapshotOffer;
import scala.Option;

/** Loads a stream's latest snapshot and the events behind it, as a recovery does, and is gone. */
final class Onlooker extends AbstractPersistentActor {

  /** What was recovered. */
  record Seen(long events, long upTo) {}

  private final String persistenceId;
  private final CompletableFuture<Seen> seen;
  private long count;

  private Onlooker(String persistenceId, CompletableFuture<Seen> seen) {
    this.persistenceId = persistenceId;
    this.seen = seen;
  }

  static Props props(String persistenceId, CompletableFuture<Seen> seen) {
    return Props.create(Onlooker.class, () -> new Onlooker(persistenceId, seen));
  }

  @Override
  public String persistenceId() {
    return persistenceId;
  }

  @Override
  public AbstractActor.Receive createReceiveRecover() {
    return receiveBuilder()
        .match(SnapshotOffer.class, offer -> count = CutOffActor.countOf(offer))
        .match(LoadEvent.class, event -> count++)
        .match(
            RecoveryCompleted.class,
            done -> {
              seen.complete(new Seen(count, lastSequenceNr()));
              getContext().stop(getSelf());
            })
        .build();
  }

  @Override
  public AbstractActor.Receive createReceive() {
    return receiveBuilder().build();
  }

  @Override
  public void onRecoveryFailure(Throwable cause, Option<Object> event) {
    seen.completeExceptionally(cause);
  }

  @Override
  public void postStop() throws Exception {
    seen.completeExceptionally(new IllegalStateException("it ended before it had recovered"));
    super.postStop();
  }
}
