package dev.kintsugi.runtime.internal.awaiting;

import dev.kintsugi.runtime.operations.UnknownProjectionException;
import dev.kintsugi.runtime.status.AwaitAnswer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.pattern.StatusReply;

/**
 * Decides when to look, for all of this node that wait for an event: at once for a new question,
 * and then less and less often for each; who is due at about the same time is looked for in one
 * statement. One look at a time, on one connection. While nobody waits it does nothing. So a
 * thousand who wait cost the database little more than one, and who asks has no others looked for.
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

  /** Looks into the database for some questions; the answers come in their order. */
  interface Looks {
    CompletionStage<List<Optional<AwaitAnswer>>> look(List<EventQuestion> questions);
  }

  /** A question without an answer, and when it is looked for next. */
  private static final class Waiting {
    final Await await;
    final long overNanos;
    long pauseNanos = SHORTEST_PAUSE.toNanos();
    long dueNanos;

    Waiting(Await await, long nowNanos) {
      this.await = await;
      this.overNanos = nowNanos + await.patience().toNanos();
      this.dueNanos = nowNanos;
    }

    boolean isOver(long nowNanos) {
      return nowNanos - overNanos >= 0;
    }

    void lookedFor(long nowNanos) {
      dueNanos = nowNanos + Math.min(pauseNanos, overNanos - nowNanos);
      pauseNanos = Math.min(2 * pauseNanos, LONGEST_PAUSE.toNanos());
    }
  }

  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(5);
  private static final Duration LONGEST_PAUSE = Duration.ofMillis(200);

  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final Looks looks;
  private final List<Waiting> waiting = new ArrayList<>();
  private boolean looking;

  static Behavior<Command> create(Looks looks) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(timers -> new AwaitActor(context, timers, looks).answering()));
  }

  private AwaitActor(ActorContext<Command> context, TimerScheduler<Command> timers, Looks looks) {
    this.context = context;
    this.timers = timers;
    this.looks = looks;
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
    return look();
  }

  /** Looks for those that are due, and for whom it is in a moment; if nobody is, it waits. */
  private Behavior<Command> look() {
    if (looking || waiting.isEmpty()) {
      return Behaviors.same();
    }
    long now = System.nanoTime();
    long first = waiting.stream().mapToLong(each -> each.dueNanos - now).min().orElse(0);
    if (first > 0) {
      timers.startSingleTimer(Look.class, new Look(), Duration.ofNanos(first));
      return Behaviors.same();
    }
    timers.cancel(Look.class);
    looking = true;
    List<Waiting> asked =
        waiting.stream().filter(each -> each.dueNanos - now <= each.pauseNanos / 4).toList();
    context.pipeToSelf(
        looks.look(asked.stream().map(each -> each.await.question()).toList()),
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
            .await
            .replyTo()
            .tell(
                StatusReply.error(
                    new UnknownProjectionException(asked.await.question().projection())));
        answered.add(asked);
      } else if (!(answer.get() instanceof AwaitAnswer.TimedOut) || asked.isOver(now)) {
        asked.await.replyTo().tell(StatusReply.success(answer.get()));
        answered.add(asked);
      } else {
        asked.lookedFor(now);
      }
    }
    waiting.removeAll(answered);
    return look();
  }

  private Behavior<Command> onLookFailed(LookFailed failed) {
    looking = false;
    failed.asked().forEach(each -> each.await.replyTo().tell(StatusReply.error(failed.error())));
    waiting.removeAll(new HashSet<>(failed.asked()));
    return look();
  }
}
