package dev.kintsugi.runtime.internal.operations;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Looks again and again until there is something to see, for hours if need be: each look is on its
 * own, so that nothing grows with their number. (A stage that is composed of the next look, and so
 * on, would have to be unwound at the end, and overflows the stack.)
 */
final class Polling<T> {

  private final Supplier<CompletionStage<Optional<T>>> look;
  private final Consumer<Runnable> later;
  private final CompletableFuture<T> seen = new CompletableFuture<>();

  private Polling(Supplier<CompletionStage<Optional<T>>> look, Consumer<Runnable> later) {
    this.look = look;
    this.later = later;
  }

  /**
   * What a look finds at last; fails when a look fails.
   *
   * @param later runs the next look after a while, on another stack
   */
  static <T> CompletionStage<T> until(
      Supplier<CompletionStage<Optional<T>>> look, Consumer<Runnable> later) {
    Polling<T> polling = new Polling<>(look, later);
    polling.run();
    return polling.seen;
  }

  private void run() {
    try {
      look.get().whenComplete(this::onLooked);
    } catch (RuntimeException e) {
      seen.completeExceptionally(e);
    }
  }

  private void onLooked(Optional<T> found, @Nullable Throwable error) {
    if (error != null) {
      seen.completeExceptionally(error);
    } else if (found.isPresent()) {
      seen.complete(found.get());
    } else {
      try {
        later.accept(this::run);
      } catch (RuntimeException e) {
        seen.completeExceptionally(e);
      }
    }
  }
}
