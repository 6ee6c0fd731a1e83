package dev.kintsugi.runtime.internal.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PollingTest {

  private final ExecutorService scheduler = Executors.newSingleThreadExecutor();
  private final AtomicInteger looks = new AtomicInteger();

  @AfterEach
  void close() {
    scheduler.shutdownNow();
  }

  /** A rebuild of an hour is looked at 72,000 times. */
  @Test
  void a_hundred_thousand_looks_end_like_one() throws Exception {
    assertThat(
            Polling.until(
                    () ->
                        CompletableFuture.completedStage(
                            Optional.of(looks.incrementAndGet()).filter(n -> n == 100_000)),
                    scheduler::execute)
                .toCompletableFuture()
                .get())
        .isEqualTo(100_000);
  }

  @Test
  void a_look_that_fails_ends_it() {
    CompletableFuture<Integer> end =
        Polling.<Integer>until(
                () ->
                    looks.incrementAndGet() < 3
                        ? CompletableFuture.completedStage(Optional.empty())
                        : CompletableFuture.failedStage(new IllegalStateException("no")),
                scheduler::execute)
            .toCompletableFuture();

    assertThatThrownBy(end::get)
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(IllegalStateException.class);
    assertThat(looks).hasValue(3);
  }

  @Test
  void a_scheduler_that_has_ended_ends_it() {
    scheduler.shutdownNow();

    CompletableFuture<Integer> end =
        Polling.<Integer>until(
                () -> CompletableFuture.completedStage(Optional.empty()), scheduler::execute)
            .toCompletableFuture();

    assertThat(end).isCompletedExceptionally();
  }
}
