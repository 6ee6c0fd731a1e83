package dev.kintsugi.runtime.recovery;

import dev.kintsugi.runtime.handler.Applier;
import dev.kintsugi.runtime.node.Node;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.PreRestart;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Decides when to drain a generation: at once while there is more, else when it is woken or by
 * poll. What is drained, rows decide ({@link Drain}). A failure of the database is its own, and it
 * is started again by its supervisor; no record's attempts are counted for it.
 */
public final class RecoveryActor {

  /** What it can be told. */
  public sealed interface Command {}

  /** There may be something to drain. */
  public record Wake() implements Command {}

  private record Drained(Drain.Batch batch) implements Command {}

  private record Failed(Throwable cause) implements Command {}

  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final Node node;
  private final Drain drain;
  private final String what;
  private final Duration pollInterval;
  private final Applier applier = new Applier();

  private RecoveryActor(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      Node node,
      String projection,
      int generation) {
    this.context = context;
    this.timers = timers;
    this.node = node;
    this.drain = Drain.of(node, projection, generation);
    this.what = "recovery of projection '%s', generation %d".formatted(projection, generation);
    this.pollInterval = DrainSettings.of(node.config().getConfig("recovery")).pollInterval();
  }

  /** The actor that drains a generation from the time it is active. */
  public static Behavior<Command> create(Node node, String projection, int generation) {
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
    CompletionStage<Drain.Batch> batch = node.onBlockingThread(() -> drain.next(applier));
    context.pipeToSelf(
        batch, (drained, error) -> error == null ? new Drained(drained) : new Failed(error));
    return Behaviors.receive(Command.class)
        .onMessage(Drained.class, this::onDrained)
        .onMessage(Failed.class, this::onFailed)
        .onMessage(Wake.class, wake -> Behaviors.same())
        .onSignal(PostStop.class, signal -> closeAfter(batch))
        .onSignal(PreRestart.class, signal -> closeAfter(batch))
        .build();
  }

  private Behavior<Command> onDrained(Drained drained) {
    Drain.Batch batch = drained.batch();
    if (batch.isFull() && batch.archived() + batch.failed() > 0) {
      return draining();
    }
    return idle();
  }

  private Behavior<Command> onFailed(Failed failed) {
    throw new RecoveryFailedException(what, failed.cause());
  }

  /** Nothing is under way. */
  private Behavior<Command> idle() {
    timers.startSingleTimer(new Wake(), pollInterval);
    return Behaviors.receive(Command.class)
        .onMessage(
            Wake.class,
            wake -> {
              timers.cancelAll();
              return draining();
            })
        .onSignal(PostStop.class, signal -> close())
        .onSignal(PreRestart.class, signal -> close())
        .build();
  }

  private Behavior<Command> closeAfter(CompletionStage<?> running) {
    applier.closeAfter(running);
    return Behaviors.same();
  }

  private Behavior<Command> close() {
    applier.close();
    return Behaviors.same();
  }
}
