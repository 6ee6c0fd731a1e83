package dev.kintsugi.runtime.internal.supervisor;

import dev.kintsugi.runtime.internal.node.KintsugiNode;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Looks at the rows of all projections at once for the supervisors of a node: one short statement
 * now and then, however many there are, and none on a node that hosts none. What it finds is as old
 * as its statement; a supervisor that must know at once looks itself.
 */
public final class RowWatch {

  /** What it can be told. */
  public sealed interface Command {}

  /** A supervisor is to be told of its projection's rows, until it ends. */
  record Subscribe(String projection, ActorRef<ProjectionSupervisor.Command> supervisor)
      implements Command {}

  private record Ended(ActorRef<ProjectionSupervisor.Command> supervisor) implements Command {}

  private record Look() implements Command {}

  private record Read(ProjectionRows.OfAll rows) implements Command {}

  private record ReadFailed(Throwable cause) implements Command {}

  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final KintsugiNode node;
  private final Duration interval;
  private final Map<ActorRef<ProjectionSupervisor.Command>, String> supervisors = new HashMap<>();

  private RowWatch(
      ActorContext<Command> context, TimerScheduler<Command> timers, KintsugiNode node) {
    this.context = context;
    this.timers = timers;
    this.node = node;
    this.interval = node.config().getDuration("supervisor.poll-interval");
  }

  /** The watch of a node. */
  public static Behavior<Command> create(KintsugiNode node) {
    return Behaviors.setup(
        context -> {
          context.setLoggerName(RowWatch.class);
          return Behaviors.withTimers(timers -> new RowWatch(context, timers, node).watching());
        });
  }

  private Behavior<Command> watching() {
    return Behaviors.receive(Command.class)
        .onMessage(Subscribe.class, this::onSubscribe)
        .onMessage(Ended.class, this::onEnded)
        .onMessage(Look.class, look -> onLook())
        .onMessage(Read.class, this::onRead)
        .onMessage(ReadFailed.class, this::onReadFailed)
        .build();
  }

  private Behavior<Command> onSubscribe(Subscribe subscribe) {
    if (supervisors.isEmpty()) {
      timers.startSingleTimer(new Look(), interval);
    }
    if (supervisors.put(subscribe.supervisor(), subscribe.projection()) == null) {
      context.watchWith(subscribe.supervisor(), new Ended(subscribe.supervisor()));
    }
    return Behaviors.same();
  }

  private Behavior<Command> onEnded(Ended ended) {
    supervisors.remove(ended.supervisor());
    if (supervisors.isEmpty()) {
      timers.cancelAll();
    }
    return Behaviors.same();
  }

  private Behavior<Command> onLook() {
    context.pipeToSelf(
        node.inTransaction(ProjectionRows::readAll),
        (rows, error) -> error == null ? new Read(rows) : new ReadFailed(error));
    return Behaviors.same();
  }

  private Behavior<Command> onRead(Read read) {
    supervisors.forEach(
        (supervisor, projection) ->
            supervisor.tell(new ProjectionSupervisor.Seen(read.rows().of(projection))));
    return again();
  }

  private Behavior<Command> onReadFailed(ReadFailed failed) {
    context
        .getLog()
        .warn(
            "The rows of {} projections can't be read, will look again in {}",
            supervisors.size(),
            interval,
            failed.cause());
    return again();
  }

  private Behavior<Command> again() {
    if (!supervisors.isEmpty()) {
      timers.startSingleTimer(new Look(), interval);
    }
    return Behaviors.same();
  }
}
