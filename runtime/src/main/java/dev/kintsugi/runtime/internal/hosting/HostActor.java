package dev.kintsugi.runtime.internal.hosting;

import dev.kintsugi.runtime.internal.node.Counters;
import dev.kintsugi.runtime.internal.supervisor.ProjectionSupervisor;
import dev.kintsugi.runtime.status.ClusterTotals;
import dev.kintsugi.runtime.status.HostedProjection;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.actor.typed.receptionist.ServiceKey;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Subscribe;

/**
 * A node's part in hosting: it tells the others which projections it has, so that they are hosted
 * where they are known; keeps their supervisors alive, wherever these are; and says what the node
 * did.
 */
final class HostActor {

  sealed interface Command {}

  /** What nodes send each other. */
  sealed interface Message permits GetTotals, Totals, IsRegistered, Registered {}

  /** This node has registered a projection, and can host it. */
  record Host(HostedProjection id) implements Command {}

  /** What this node did since its start. */
  record GetTotals(ActorRef<Totals> replyTo) implements Command, Message {}

  /** The answer to {@link GetTotals}. */
  record Totals(ClusterTotals totals) implements Message {}

  /** Whether this node has a projection registered, in whichever version. */
  record IsRegistered(String projection, ActorRef<Registered> replyTo)
      implements Command, Message {}

  /** The answer to {@link IsRegistered}. */
  record Registered(boolean isSo) implements Message {}

  private record KeepAlive() implements Command {}

  /** All nodes that may be asked for their totals. */
  static final ServiceKey<Command> NODES = ServiceKey.create(Command.class, "kintsugi-node");

  /** The nodes that have a projection in a version. */
  static ServiceKey<Command> having(String id) {
    return ServiceKey.create(Command.class, "kintsugi-projection-" + id);
  }

  private final ActorContext<Command> context;
  private final Counters counters;
  private final Predicate<String> isRegistered;
  private final BiConsumer<HostedProjection, ProjectionSupervisor.Message> tell;
  private final Set<HostedProjection> hosted = new LinkedHashSet<>();

  private HostActor(
      ActorContext<Command> context,
      Counters counters,
      Predicate<String> isRegistered,
      BiConsumer<HostedProjection, ProjectionSupervisor.Message> tell) {
    this.context = context;
    this.counters = counters;
    this.isRegistered = isRegistered;
    this.tell = tell;
  }

  /**
   * The actor of a node.
   *
   * @param isRegistered whether the node has a projection of a name; any thread may ask
   * @param tell sends a message to a supervisor, which starts it where it is not running
   */
  static Behavior<Command> create(
      Counters counters,
      Predicate<String> isRegistered,
      BiConsumer<HostedProjection, ProjectionSupervisor.Message> tell,
      Duration interval) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> start(context, timers, counters, isRegistered, tell, interval)));
  }

  private static Behavior<Command> start(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      Counters counters,
      Predicate<String> isRegistered,
      BiConsumer<HostedProjection, ProjectionSupervisor.Message> tell,
      Duration interval) {
    timers.startTimerWithFixedDelay(new KeepAlive(), interval);
    // What lived on a node that has left is missed at once.
    ActorRef<ClusterEvent.MemberRemoved> removed =
        context.messageAdapter(ClusterEvent.MemberRemoved.class, left -> new KeepAlive());
    Cluster.get(context.getSystem())
        .subscriptions()
        .tell(Subscribe.create(removed, ClusterEvent.MemberRemoved.class));
    ActorRef<Receptionist.Command> receptionist = context.getSystem().receptionist();
    receptionist.tell(Receptionist.register(NODES, context.getSelf()));
    return new HostActor(context, counters, isRegistered, tell).hosting();
  }

  private Behavior<Command> hosting() {
    return Behaviors.receive(Command.class)
        .onMessage(Host.class, this::onHost)
        .onMessage(KeepAlive.class, keepAlive -> onKeepAlive())
        .onMessage(GetTotals.class, this::onGetTotals)
        .onMessage(IsRegistered.class, this::onIsRegistered)
        .build();
  }

  private Behavior<Command> onHost(Host host) {
    hosted.add(host.id());
    context
        .getSystem()
        .receptionist()
        .tell(Receptionist.register(having(host.id().toString()), context.getSelf()));
    tell.accept(host.id(), new ProjectionSupervisor.KeepAlive());
    return Behaviors.same();
  }

  private Behavior<Command> onKeepAlive() {
    hosted.forEach(id -> tell.accept(id, new ProjectionSupervisor.KeepAlive()));
    return Behaviors.same();
  }

  private Behavior<Command> onIsRegistered(IsRegistered question) {
    question.replyTo().tell(new Registered(isRegistered.test(question.projection())));
    return Behaviors.same();
  }

  private Behavior<Command> onGetTotals(GetTotals question) {
    question.replyTo().tell(new Totals(counters.clusterTotals()));
    return Behaviors.same();
  }
}
