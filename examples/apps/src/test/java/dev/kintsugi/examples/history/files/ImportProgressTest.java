package dev.kintsugi.examples.history.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

class ImportProgressTest {

  private final ImportProgress progress = new ImportProgress(4);

  @Test
  void a_share_is_reached_with_the_event_that_completes_it() {
    CompletionStage<Void> half = progress.reached(0.5);

    progress.advance();
    assertThat(half.toCompletableFuture()).isNotDone();
    progress.advance();
    assertThat(half.toCompletableFuture()).isCompleted();
    assertThat(progress.stored()).isEqualTo(2);
  }

  @Test
  void a_share_that_was_reached_before_is_reached_at_once() {
    progress.advance();
    progress.advance();

    assertThat(progress.reached(0.5).toCompletableFuture()).isCompleted();
  }

  @Test
  void it_is_done_with_the_last_event() {
    CompletionStage<Void> done = progress.done();
    for (int i = 0; i < 4; i++) {
      assertThat(done.toCompletableFuture()).isNotDone();
      progress.advance();
    }
    assertThat(done.toCompletableFuture()).isCompleted();
  }

  @Test
  void a_failure_fails_what_was_not_reached_and_what_is_asked_later() {
    CompletionStage<Void> quarter = progress.reached(0.25);
    CompletionStage<Void> done = progress.done();
    progress.advance();

    progress.fail(new IllegalStateException("no more"));

    assertThat(quarter.toCompletableFuture()).isCompleted();
    assertThat(done.toCompletableFuture())
        .failsWithin(Duration.ZERO)
        .withThrowableThat()
        .havingRootCause()
        .withMessage("no more");
    assertThat(progress.reached(0.5).toCompletableFuture()).isCompletedExceptionally();
  }
}
