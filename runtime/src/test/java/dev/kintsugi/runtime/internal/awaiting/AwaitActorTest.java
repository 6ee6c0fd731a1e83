package dev.kintsugi.runtime.internal.awaiting;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.status.AwaitAnswer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How often the database is asked, for whom. */
class AwaitActorTest {

  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final EventQuestion NEVER = EventQuestion.of("log", "never", 1);

  private final ActorTestKit kit = ActorTestKit.create();
  private final Set<EventQuestion> applied = ConcurrentHashMap.newKeySet();
  private final AtomicInteger looksForNever = new AtomicInteger();
  private final ActorRef<AwaitActor.Command> actor =
      kit.spawn(
          AwaitActor.create(
              questions -> {
                if (questions.contains(NEVER)) {
                  looksForNever.incrementAndGet();
                }
                return CompletableFuture.completedStage(
                    questions.stream().map(this::answer).toList());
              }));

  @AfterEach
  void close() {
    kit.shutdownTestKit();
  }

  private Optional<AwaitAnswer> answer(EventQuestion question) {
    return Optional.of(
        applied.contains(question)
            ? new AwaitAnswer.Applied()
            : new AwaitAnswer.TimedOut(AwaitAnswer.Waiting.UNWRITTEN));
  }

  private CompletionStage<AwaitAnswer> await(EventQuestion question) {
    return AskPattern.askWithStatus(
        actor,
        replyTo -> new AwaitActor.Await(question, PATIENCE, replyTo),
        PATIENCE,
        kit.scheduler());
  }

  @Test
  void new_questions_do_not_have_the_others_looked_for_more_often() throws Exception {
    await(NEVER);
    int asked = 2000;
    for (int i = 0; i < asked; i++) {
      EventQuestion question = EventQuestion.of("log", "s", i);
      applied.add(question);
      assertThat(await(question).toCompletableFuture().get()).isEqualTo(new AwaitAnswer.Applied());
    }

    assertThat(looksForNever).hasPositiveValue();
    assertThat(looksForNever.get()).as("looks, beside %d others", asked).isLessThan(asked / 2);
  }

  @Test
  void all_that_wait_are_looked_for_until_they_are_answered() throws Exception {
    List<EventQuestion> questions =
        IntStream.range(0, 100).mapToObj(i -> EventQuestion.of("log", "s", i)).toList();
    List<CompletableFuture<AwaitAnswer>> answers =
        questions.stream().map(each -> await(each).toCompletableFuture()).toList();
    applied.addAll(questions);

    for (CompletableFuture<AwaitAnswer> answer : answers) {
      assertThat(answer.get()).isEqualTo(new AwaitAnswer.Applied());
    }
  }
}
