package dev.kintsugi.runtime.internal.query;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * Wakes the live queries of single streams: when this node has written to the stream, or else after
 * their own pause.
 */
final class StreamWatch {

  sealed interface Command {}

  /** Asks to be woken when the stream may have more; to be sent before it is looked at. */
  record Watch(String persistenceId, Duration atMost, ActorRef<Done> replyTo) implements Command {}

  /** This node has written to these streams. */
  record Written(Set<String> persistenceIds) implements Command {}

  private record Expired(Watch watch) implements Command {}

  private final ActorContext<Command> context;
  private final Map<String, List<Watch>> watches = new HashMap<>();

  static Behavior<Command> create() {
    return Behaviors.setup(context -> new StreamWatch(context).watching());
  }

  private StreamWatch(ActorContext<Command> context) {
    this.context = context;
  }

  private Behavior<Command> watching() {
    return Behaviors.receive(Command.class)
        .onMessage(Watch.class, this::onWatch)
        .onMessage(Written.class, this::onWritten)
        .onMessage(Expired.class, this::onExpired)
        .build();
  }

  private Behavior<Command> onWatch(Watch watch) {
    watches.computeIfAbsent(watch.persistenceId(), id -> new ArrayList<>()).add(watch);
    context.scheduleOnce(watch.atMost(), context.getSelf(), new Expired(watch));
    return Behaviors.same();
  }

  private Behavior<Command> onWritten(Written written) {
    for (String persistenceId : written.persistenceIds()) {
      List<Watch> woken = watches.remove(persistenceId);
      if (woken != null) {
        woken.forEach(watch -> watch.replyTo().tell(Done.getInstance()));
      }
    }
    return Behaviors.same();
  }

  private Behavior<Command> onExpired(Expired expired) {
    List<Watch> ofStream = watches.get(expired.watch().persistenceId());
    if (ofStream != null && ofStream.remove(expired.watch())) {
      expired.watch().replyTo().tell(Done.getInstance());
      if (ofStream.isEmpty()) {
        watches.remove(expired.watch().persistenceId());
      }
    }
    return Behaviors.same();
  }
}
