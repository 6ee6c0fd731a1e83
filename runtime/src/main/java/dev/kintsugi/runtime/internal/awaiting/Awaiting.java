package dev.kintsugi.runtime.internal.awaiting;

import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.operations.UnknownProjectionException;
import dev.kintsugi.runtime.status.AwaitAnswer;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.AskPattern;

/** Who waits for read models, on one node. Threads may share this. */
public final class Awaiting {

  /** Longer than a connection, and an answer, is waited for once the time is up. */
  private static final Duration FOR_THE_LAST_LOOK = Duration.ofMinutes(1);

  private static final Duration LONGEST = Duration.ofDays(1);

  private final ActorSystem<?> system;
  private final KintsugiNode node;
  private final ActorRef<AwaitActor.Command> actor;

  /**
   * Starts the actor that decides when to look. No database is needed before the first question.
   */
  public Awaiting(ActorSystem<?> system, KintsugiNode node) {
    this.system = system;
    this.node = node;
    this.actor =
        system.systemActorOf(
            AwaitActor.create(
                questions ->
                    node.inTransaction(connection -> EventStates.look(connection, questions))),
            "kintsugi-awaiting",
            Props.empty());
  }

  /**
   * What became of an event, at the latest when the time is up.
   *
   * @throws IllegalArgumentException if the time is negative, or more than a day
   */
  public CompletionStage<AwaitAnswer> await(EventQuestion question, Duration timeout) {
    if (timeout.isNegative() || timeout.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "an event is waited for from 0 to 24 hours, and not for " + timeout);
    }
    return AskPattern.askWithStatus(
        actor,
        replyTo -> new AwaitActor.Await(question, timeout, replyTo),
        timeout.plus(FOR_THE_LAST_LOOK),
        system.scheduler());
  }

  /** Whether a read model has all events of a stream. */
  public CompletionStage<Boolean> isWhole(String projection, String persistenceId) {
    return node.inTransaction(
        connection ->
            EventStates.isWhole(connection, projection, persistenceId)
                .orElseThrow(() -> new UnknownProjectionException(projection)));
  }
}
