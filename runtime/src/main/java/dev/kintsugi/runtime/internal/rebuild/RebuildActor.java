package dev.kintsugi.runtime.internal.rebuild;

import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.persistence.SchemaException;
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
 * Decides when to do the next step of a rebuild; what it is, rows decide ({@link RebuildSteps}). It
 * tells its parent each change that matters, and stops when the rebuild has ended, was stopped, or
 * is somebody else's.
 */
public final class RebuildActor {

  /** What it tells its parent: a change that matters. */
  public record Report(int generation, RebuildStep step) {}

  /** What it can be told. */
  public sealed interface Command {}

  /**
   * Has it end: after the step under way, and when what was done is stored with its checkpoint.
   * Another owner goes on from there.
   */
  public record Stop() implements Command {}

  private record Stored() implements Command {}

  private record StoreFailed(Throwable cause) implements Command {}

  private record Next() implements Command {}

  private record StepDone(RebuildStep step) implements Command {}

  private record StepFailed(Throwable cause) implements Command {}

  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

  private static final String BLOCKED =
      "{} is blocked: {}. It is tried again by itself, after {} s at the most; until then its status"
          + " and kintsugi_rebuild.last_error say so.";

  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final KintsugiNode node;
  private final RebuildSteps steps;
  private final RebuildListener listener;
  private final String name;
  private final Duration pollInterval;
  private final ActorRef<Report> parent;
  private final Applier applier = new Applier();
  private boolean stopping;

  /** The pause before a step that failed is tried again; it doubles while it fails. */
  private Duration pauseWhenBlocked;

  private RebuildActor(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      KintsugiNode node,
      RebuildSteps steps,
      String name,
      Duration pollInterval,
      ActorRef<Report> parent) {
    this.context = context;
    this.timers = timers;
    this.node = node;
    this.steps = steps;
    this.listener = new RebuildMeters(node, steps.projection());
    this.name = name;
    this.pollInterval = pollInterval;
    this.parent = parent;
    this.pauseWhenBlocked = pollInterval;
  }

  /**
   * The actor that carries out a rebuild, from wherever its row says that it stands.
   *
   * @param name what is rebuilt, for log messages
   * @param parent is told {@link RebuildStep.Activated} and the step that ends the actor
   */
  public static Behavior<Command> create(
      KintsugiNode node,
      RebuildSteps steps,
      String name,
      Duration pollInterval,
      ActorRef<Report> parent) {
    return Behaviors.setup(
        context -> {
          context.setLoggerName(RebuildActor.class);
          return Behaviors.withTimers(
              timers ->
                  new RebuildActor(context, timers, node, steps, name, pollInterval, parent)
                      .stepping());
        });
  }

  /** A step is under way on a blocking thread. */
  private Behavior<Command> stepping() {
    CompletionStage<RebuildStep> step =
        node.onBlockingThread(() -> steps.attempt(applier, listener));
    context.pipeToSelf(
        step, (done, error) -> error == null ? new StepDone(done) : new StepFailed(error));
    return Behaviors.receive(Command.class)
        .onMessage(StepDone.class, done -> onStepDone(done.step()))
        .onMessage(StepFailed.class, this::onStepFailed)
        .onMessage(Stop.class, stop -> onStopWhileStepping())
        .onSignal(PostStop.class, signal -> closeAfter(step))
        .onSignal(PreRestart.class, signal -> closeAfter(step))
        .build();
  }

  private Behavior<Command> onStopWhileStepping() {
    stopping = true;
    return Behaviors.same();
  }

  private Behavior<Command> onStepDone(RebuildStep step) {
    if (step instanceof RebuildStep.Blocked blocked) {
      return onBlocked(blocked);
    }
    pauseWhenBlocked = pollInterval;
    if (stopping && step instanceof RebuildStep.Done) {
      return storing();
    }
    if (step instanceof RebuildStep.Done done) {
      context.getLog().debug("{}: {}", name, done.what());
      return done.rest().isZero() ? stepping() : waiting(done.rest());
    } else if (step instanceof RebuildStep.Waiting waiting) {
      context.getLog().debug("{} waits for {}", name, waiting.what());
      return stopping ? Behaviors.stopped(applier::close) : waiting(pollInterval);
    }
    parent.tell(new Report(steps.generation(), step));
    if (step instanceof RebuildStep.Activated && !stopping) {
      return stepping();
    }
    return Behaviors.stopped(applier::close);
  }

  /** The row says why; the log does when that has changed. */
  private Behavior<Command> onBlocked(RebuildStep.Blocked blocked) {
    if (blocked.isNew() && isExpected(blocked.cause())) {
      context.getLog().warn(BLOCKED, name, blocked.why(), LONGEST_PAUSE.toSeconds());
    } else if (blocked.isNew()) {
      context
          .getLog()
          .warn(BLOCKED, name, blocked.why(), LONGEST_PAUSE.toSeconds(), blocked.cause());
    }
    context.getLog().debug("{} is blocked", name, blocked.cause());
    if (stopping) {
      return Behaviors.stopped(applier::close);
    }
    Duration pause = pauseWhenBlocked;
    Duration next = pause.multipliedBy(2);
    pauseWhenBlocked = next.compareTo(LONGEST_PAUSE) < 0 ? next : LONGEST_PAUSE;
    return waiting(pause);
  }

  /** Whether what the database says is all that there is to know. */
  private static boolean isExpected(Exception cause) {
    return cause instanceof SchemaException
        || SqlStates.of(cause).isPresent()
        || SqlStates.isDatabaseAtFault(cause);
  }

  private Behavior<Command> onStepFailed(StepFailed failed) {
    if (stopping) {
      context
          .getLog()
          .warn("{} ends with a step that failed; its next owner does it", name, failed.cause());
      return Behaviors.stopped(applier::close);
    }
    throw new RebuildFailedException(name, failed.cause());
  }

  /** Nothing is under way until the timer rings. */
  private Behavior<Command> waiting(Duration pause) {
    timers.startSingleTimer(new Next(), pause);
    return Behaviors.receive(Command.class)
        .onMessage(Next.class, next -> stepping())
        .onMessage(Stop.class, stop -> storing())
        .onSignal(PostStop.class, signal -> close())
        .onSignal(PreRestart.class, signal -> close())
        .build();
  }

  /** The last step was done; what is in memory only is being written. */
  private Behavior<Command> storing() {
    timers.cancelAll();
    CompletionStage<Boolean> stored =
        node.onBlockingThread(
            () -> {
              steps.store();
              return true;
            });
    context.pipeToSelf(
        stored, (done, error) -> error == null ? new Stored() : new StoreFailed(error));
    return Behaviors.receive(Command.class)
        .onMessage(Stored.class, done -> Behaviors.stopped(applier::close))
        .onMessage(StoreFailed.class, this::onStoreFailed)
        .onMessage(Stop.class, stop -> Behaviors.same())
        .onSignal(PostStop.class, signal -> closeAfter(stored))
        .build();
  }

  private Behavior<Command> onStoreFailed(StoreFailed failed) {
    context
        .getLog()
        .warn(
            "{} ends, and what it had in memory could not be written; its next owner does that again",
            name,
            failed.cause());
    return Behaviors.stopped(applier::close);
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
