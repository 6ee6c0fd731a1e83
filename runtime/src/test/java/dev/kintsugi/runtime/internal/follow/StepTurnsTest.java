package dev.kintsugi.runtime.internal.follow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

class StepTurnsTest {

  private final StepTurns turns = new StepTurns(2);
  private final List<CompletableFuture<Integer>> begun = new ArrayList<>();

  private CompletionStage<Integer> take() {
    return turns.take(
        () -> {
          CompletableFuture<Integer> step = new CompletableFuture<>();
          begun.add(step);
          return step;
        });
  }

  @Test
  void the_next_one_begins_when_one_has_ended_or_failed() {
    List<CompletionStage<Integer>> steps = List.of(take(), take(), take(), take());
    assertThat(begun).hasSize(2);

    begun.get(1).complete(7);
    assertThat(begun).hasSize(3);
    assertThat(steps.get(1)).isCompletedWithValue(7);
    begun.get(0).completeExceptionally(new IllegalStateException("failed"));
    assertThat(begun).hasSize(4);
    assertThat(steps.get(0)).isCompletedExceptionally();
    assertThat(steps.get(2)).isNotCompleted();
  }

  @Test
  void a_turn_that_nobody_waits_for_is_there_for_the_next_one() {
    take();
    take();
    begun.forEach(step -> step.complete(1));

    take();
    take();
    take();

    assertThat(begun).hasSize(4);
  }

  @Test
  void none_at_a_time_is_refused() {
    assertThatThrownBy(() -> new StepTurns(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("kintsugi.follow.parallelism");
  }
}
