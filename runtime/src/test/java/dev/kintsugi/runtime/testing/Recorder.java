package dev.kintsugi.runtime.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;

/**
 * A persistent actor that persists the texts that it is told to. When the journal fails it, it is
 * started again and recovers. An event "tag:x" has the tag x.
 */
public final class Recorder extends EventSourcedBehavior<Recorder.Command, String, List<String>> {

  /** What it can be told. */
  public sealed interface Command {}

  /** Persists all or none, then answers. */
  public record Persist(List<String> events, ActorRef<Done> replyTo) implements Command {}

  /** Answers with all its events, in sequence. */
  public record Read(ActorRef<List<String>> replyTo) implements Command {}

  /** Stops it. */
  public record Stop() implements Command {}

  private Recorder(PersistenceId persistenceId) {
    super(
        persistenceId,
        SupervisorStrategy.restartWithBackoff(Duration.ofMillis(5), Duration.ofMillis(50), 0));
  }

  /** The actor of a stream. */
  public static Behavior<Command> create(String persistenceId) {
    return new Recorder(PersistenceId.ofUniqueId(persistenceId));
  }

  @Override
  public List<String> emptyState() {
    return List.of();
  }

  @Override
  public Set<String> tagsFor(String event) {
    return event.startsWith("tag:") ? Set.of(event.substring("tag:".length())) : Set.of();
  }

  @Override
  public CommandHandler<Command, String, List<String>> commandHandler() {
    return newCommandHandlerBuilder()
        .forAnyState()
        .onCommand(
            Persist.class,
            (state, persist) ->
                Effect()
                    .persist(persist.events())
                    .thenRun(() -> persist.replyTo().tell(Done.getInstance())))
        .onCommand(Read.class, (state, read) -> Effect().reply(read.replyTo(), state))
        .onCommand(Stop.class, stop -> Effect().stop())
        .build();
  }

  @Override
  public EventHandler<List<String>, String> eventHandler() {
    return newEventHandlerBuilder()
        .forAnyState()
        .onAnyEvent(
            (state, event) -> {
              List<String> next = new ArrayList<>(state);
              next.add(event);
              return List.copyOf(next);
            });
  }
}
