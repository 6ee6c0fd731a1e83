package dev.kintsugi.runtime.internal.awaiting;

import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.operations.UnknownProjectionException;
import dev.kintsugi.runtime.status.AwaitAnswer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.pattern.StatusReply;

/**
 * Decides when to look, for all of this node that wait for an event: at once for a new question,
 * and then less and less often, all in one statement, on one connection. While nobody waits it does
 * nothing. So a thousand who wait cost the database no more than one.
 */
final class AwaitActor {

  sealed interface Command {}

  /**
   * Asks for an event.
   *
   * @param patience how long to wait at most
   */
  record Await(
      EventQuestion question, Duration patience, ActorRef<StatusReply<AwaitAnswer>> replyTo)
      implements Command {}

  private record Look() implements Command {}

  private record Looked(List<Waiting> asked, List<Optional<AwaitAnswer>> answers)
      implements Command {}

  private record LookFailed(List<Waiting> asked, Throwable error) implements Command {}

  private record Waiting(Await await, long sinceNanos) {
    boolean isOver(long nowNanos) {
      return nowNanos - sinceNanos >= await.patience().toNanos();
    }

    long leftNanos(long nowNanos) {
      return await.patience().toNanos() - (nowNanos - sinceNanos);
    }
  }

  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(5);
  private static final Duration LONGEST_PAUSE = Duration.ofMillis(200);

  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final KintsugiNode node;
  private final List<Waiting> waiting = new ArrayList<>();
  private Duration pause = SHORTEST_PAUSE;
  private boolean looking;
  private boolean lookAgain;

  static Behavior<Command> create(KintsugiNode node) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(timers -> new AwaitActor(context, timers, node).answering()));
  }

  private AwaitActor(
      ActorContext<Command> context, TimerScheduler<Command> timers, KintsugiNode node) {
    this.context = context;
    this.timers = timers;
    this.node = node;
  }

  private Behavior<Command> answering() {
    return Behaviors.receive(Command.class)
        .onMessage(Await.class, this::onAwait)
        .onMessage(Look.class, look -> look())
        .onMessage(Looked.class, this::onLooked)
        .onMessage(LookFailed.class, this::onLookFailed)
        .build();
  }

  private Behavior<Command> onAwait(Await await) {
    waiting.add(new Waiting(await, System.nanoTime()));
    pause = SHORTEST_PAUSE;
    return look();
  }

  private Behavior<Command> look() {
    if (looking) {
      lookAgain = true;
      return Behaviors.same();
    }
    timers.cancel(Look.class);
    looking = true;
    lookAgain = false;
    List<Waiting> asked = List.copyOf(waiting);
    List<EventQuestion> questions = asked.stream().map(each -> each.await().question()).toList();
    context.pipeToSelf(
        node.inTransaction(connection -> EventStates.look(connection, questions)),
        (answers, error) ->
            error == null ? new Looked(asked, answers) : new LookFailed(asked, error));
    return Behaviors.same();
  }

  private Behavior<Command> onLooked(Looked looked) {
    looking = false;
    long now = System.nanoTime();
    Set<Waiting> answered = new HashSet<>();
    for (int i = 0; i < looked.asked().size(); i++) {
      Waiting asked = looked.asked().get(i);
      Optional<AwaitAnswer> answer = looked.answers().get(i);
      if (answer.isEmpty()) {
        asked
            .await()
            .replyTo()
            .tell(
                StatusReply.error(
                    new UnknownProjectionException(asked.await().question().projection())));
        answered.add(asked);
      } else if (!(answer.get() instanceof AwaitAnswer.TimedOut) || asked.isOver(now)) {
        asked.await().replyTo().tell(StatusReply.success(answer.get()));
        answered.add(asked);
      }
    }
    waiting.removeAll(answered);
    return lookLater(now);
  }

  private Behavior<Command> lookLater(long now) {
    if (lookAgain) {
      return look();
    }
    if (!waiting.isEmpty()) {
      long left = waiting.stream().mapToLong(each -> each.leftNanos(now)).min().orElse(0);
      timers.startSingleTimer(
          Look.class, new Look(), Duration.ofNanos(Math.max(1, Math.min(left, pause.toNanos()))));
      pause = pause.multipliedBy(2);
      pause = pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
    }
    return Behaviors.same();
  }

  private Behavior<Command> onLookFailed(LookFailed failed) {
    looking = false;
    failed.asked().forEach(each -> each.await().replyTo().tell(StatusReply.error(failed.error())));
    waiting.removeAll(new HashSet<>(failed.asked()));
    return lookLater(System.nanoTime());
  }
}
