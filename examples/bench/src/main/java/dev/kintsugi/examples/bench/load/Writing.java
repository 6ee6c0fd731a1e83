package dev.kintsugi.examples.bench.load;

import java.util.Optional;
import java.util.function.Function;
import org.apache.pekko.actor.ActorRef;

/** Writers at work. A latency counts from the {@code persist()} to its handler. */
public final class Writing {

  private final Phase phase;
  private final Function<Writer.Append, ActorRef> streams;

  Writing(Phase phase, Function<Writer.Append, ActorRef> streams) {
    this.phase = phase;
    this.streams = streams;
  }

  /** Lets a writer write what comes next, and from then on all that follows. */
  void next(Writer writer) {
    Optional<Writer.Append> next = writer.next();
    if (next.isEmpty()) {
      return;
    }
    phase.expect(1);
    streams
        .apply(next.get())
        .tell(
            new StreamActor.Append(
                next.get().event(),
                latencyInNanos -> {
                  next(writer);
                  phase.stored(latencyInNanos);
                }),
            ActorRef.noSender());
  }

  /** Waits until every writer has come to its end. */
  public Load.Done awaitEnd() throws LoadFailedException, InterruptedException {
    return phase.awaitEnd();
  }
}
