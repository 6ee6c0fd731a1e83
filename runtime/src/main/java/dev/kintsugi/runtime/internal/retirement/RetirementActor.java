package dev.kintsugi.runtime.internal.retirement;

import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.status.Unhandled;
import java.time.Duration;
import java.util.List;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Looks after projections that no build has. It decides when to carry retirements on: each node
 * does now and then, and at once the one that was asked for one; and it warns while records pile up
 * of a projection that should be deployed again, or retired. What is to be done, rows decide
 * ({@link RetirementSteps}).
 */
public final class RetirementActor {

  /** What it can be told. */
  public sealed interface Command {}

  /** A retirement was begun. */
  public record Wake() implements Command {}

  private record Look() implements Command {}

  /** How many retirements have not ended, and which projections' records pile up. */
  private record Found(int left, List<Unhandled> unhandled) {}

  private record Ran(Found found) implements Command {}

  private record RunFailed(Throwable cause) implements Command {}

  /** How often a node looks for retirements that another one has left. */
  private static final Duration IDLE = Duration.ofSeconds(10);

  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final KintsugiNode node;
  private final UnhandledGauges gauges;
  private final RetirementSteps steps;
  private final Duration shortest;
  private Duration pause;
  private boolean wasWoken;
  private final UnhandledWarnings warnings = new UnhandledWarnings(System::nanoTime);

  private RetirementActor(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      KintsugiNode node,
      UnhandledGauges gauges) {
    this.context = context;
    this.timers = timers;
    this.node = node;
    this.gauges = gauges;
    this.steps = new RetirementSteps(node.database());
    this.shortest = node.config().getDuration("supervisor.poll-interval");
    this.pause = shortest;
  }

  /**
   * The actor of a node.
   *
   * @param gauges tell an application's metrics what piles up
   */
  public static Behavior<Command> create(KintsugiNode node, UnhandledGauges gauges) {
    return Behaviors.setup(
        context -> {
          context.setLoggerName(RetirementActor.class);
          return Behaviors.withTimers(
              timers -> new RetirementActor(context, timers, node, gauges).running());
        });
  }

  /** Steps are under way on a blocking thread. */
  private Behavior<Command> running() {
    timers.cancelAll();
    context.pipeToSelf(
        node.onBlockingThread(this::run),
        (found, error) -> error == null ? new Ran(found) : new RunFailed(error));
    return Behaviors.receive(Command.class)
        .onMessage(Ran.class, this::onRan)
        .onMessage(RunFailed.class, this::onRunFailed)
        .onMessage(Wake.class, wake -> onWakeWhileRunning())
        .build();
  }

  private Found run() throws Exception {
    int left = steps.run();
    return new Found(
        left,
        node.database().inTransaction(connection -> FindUnhandled.in(connection, node.registry())));
  }

  private Behavior<Command> onWakeWhileRunning() {
    wasWoken = true;
    return Behaviors.same();
  }

  private Behavior<Command> onRan(Ran ran) {
    gauges.show(
        ran.found().unhandled(), projection -> node.registry().find(projection).isPresent());
    warnings.of(ran.found().unhandled()).forEach(context.getLog()::warn);
    if (wasWoken) {
      return onWake();
    }
    return idle(ran.found().left() == 0 ? IDLE : next());
  }

  private Behavior<Command> onRunFailed(RunFailed failed) {
    context.getLog().debug("Retirements can't be carried on just now", failed.cause());
    return idle(IDLE);
  }

  /** Pauses grow while one does not end. */
  private Duration next() {
    Duration now = pause;
    Duration doubled = pause.multipliedBy(2);
    pause = doubled.compareTo(IDLE) < 0 ? doubled : IDLE;
    return now;
  }

  private Behavior<Command> idle(Duration rest) {
    timers.startSingleTimer(new Look(), rest);
    return Behaviors.receive(Command.class)
        .onMessage(Look.class, look -> running())
        .onMessage(Wake.class, wake -> onWake())
        .build();
  }

  private Behavior<Command> onWake() {
    wasWoken = false;
    pause = shortest;
    return running();
  }
}
