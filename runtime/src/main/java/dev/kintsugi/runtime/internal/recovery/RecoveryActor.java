package dev.kintsugi.runtime.internal.recovery;

import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.PreRestart;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Decides when to drain a generation: at once while there is more, else when a writer of this node
 * has recorded something, when its supervisor sees that records are open, or when it is woken. What
 * is drained, rows decide ({@link Drain}). A failure of the database is its own, and it is started
 * again by its supervisor; no record's attempts are counted for it.
 *
 * <p>A look that finds nothing to apply among many records that wait takes a while. After it, this
 * rests for ten times as long, so that such looks cost a tenth of a processor at the most.
 */
public final class RecoveryActor {

  /** What it can be told. */
  public sealed interface Command {}

  /** There is something new to drain, as somebody who changed it knows. */
  public record Wake() implements Command {}

  /** There are records; they may all wait behind what has failed. */
  public record Hint() implements Command {}

  private record Poll() implements Command {}

  private record Drained(Drain.Batch batch, Duration took) implements Command {}

  private record Failed(Throwable cause) implements Command {}

  private static final int REST_AFTER_A_LOOK_IN_VAIN = 10;

  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final KintsugiNode node;
  private final Drain drain;
  private final String what;
  private final Applier applier = new Applier();
  private final Runnable endOfHints;

  /** Whether there was a hint since the last look began. */
  private boolean hinted;

  private boolean woken;

  /** Until when hints wait, by {@link System#nanoTime}. */
  private long restUntil = System.nanoTime();

  private RecoveryActor(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      KintsugiNode node,
      String projection,
      int generation) {
    this.context = context;
    this.timers = timers;
    this.node = node;
    this.drain = Drain.of(node, projection, generation);
    this.what = "recovery of projection '%s', generation %d".formatted(projection, generation);
    ActorRef<Command> self = context.getSelf();
    this.endOfHints = node.skipHints().subscribe(projection, () -> self.tell(new Hint()));
  }

  /** The actor that drains a generation from the time it is active. */
  public static Behavior<Command> create(KintsugiNode node, String projection, int generation) {
    return Behaviors.setup(
        context -> {
          context.setLoggerName(RecoveryActor.class);
          return Behaviors.withTimers(
              timers ->
                  new RecoveryActor(context, timers, node, projection, generation).draining());
        });
  }

  /** A batch is under way on a blocking thread. */
  private Behavior<Command> draining() {
    timers.cancelAll();
    hinted = false;
    woken = false;
    long begin = System.nanoTime();
    CompletionStage<Drain.Batch> batch = node.onBlockingThread(() -> drain.next(applier));
    context.pipeToSelf(
        batch,
        (drained, error) ->
            error == null
                ? new Drained(drained, Duration.ofNanos(System.nanoTime() - begin))
                : new Failed(error));
    return Behaviors.receive(Command.class)
        .onMessage(Drained.class, this::onDrained)
        .onMessage(Failed.class, this::onFailed)
        .onMessage(Wake.class, wake -> onWakeWhileDraining())
        .onMessage(Hint.class, hint -> onHintWhileDraining())
        .onMessage(Poll.class, poll -> Behaviors.same())
        .onSignal(PostStop.class, signal -> closeAfter(batch))
        .onSignal(PreRestart.class, signal -> closeAfter(batch))
        .build();
  }

  /** What it was woken for may have come too late for this batch. */
  private Behavior<Command> onWakeWhileDraining() {
    woken = true;
    return Behaviors.same();
  }

  private Behavior<Command> onHintWhileDraining() {
    hinted = true;
    return Behaviors.same();
  }

  private Behavior<Command> onDrained(Drained drained) {
    Drain.Batch batch = drained.batch();
    boolean hasMore = batch.archived() > 0 || (batch.isFull() && batch.failed() > 0);
    if (hasMore || woken) {
      return draining();
    }
    restUntil = System.nanoTime() + REST_AFTER_A_LOOK_IN_VAIN * drained.took().toNanos();
    return idle();
  }

  private Behavior<Command> onFailed(Failed failed) {
    node.housekeepingHints().failed(failed.cause());
    throw new RecoveryFailedException(what, failed.cause());
  }

  /** Nothing is under way. */
  private Behavior<Command> idle() {
    Duration rest = Duration.ofNanos(Math.max(0, restUntil - System.nanoTime()));
    if (hinted) {
      timers.startSingleTimer(new Poll(), rest);
    }
    return Behaviors.receive(Command.class)
        .onMessage(Poll.class, poll -> draining())
        .onMessage(Wake.class, wake -> draining())
        .onMessage(Hint.class, hint -> onHint())
        .onSignal(PostStop.class, signal -> close())
        .onSignal(PreRestart.class, signal -> close())
        .build();
  }

  private Behavior<Command> onHint() {
    if (hinted) {
      return Behaviors.same();
    }
    hinted = true;
    return restUntil - System.nanoTime() <= 0 ? draining() : idle();
  }

  private Behavior<Command> closeAfter(CompletionStage<?> running) {
    endOfHints.run();
    applier.closeAfter(running);
    return Behaviors.same();
  }

  private Behavior<Command> close() {
    endOfHints.run();
    applier.close();
    return Behaviors.same();
  }
}
