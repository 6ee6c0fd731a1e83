package dev.kintsugi.runtime.internal.durable;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Lets the calls of one state run one after the other, in the order in which they were made, and
 * those of different states at once. Threads may share it.
 */
public final class TurnsPerState {

  /** Of each state with calls under way the end of the last one. It does not fail. */
  private final Map<String, CompletionStage<Void>> ends = new ConcurrentHashMap<>();

  /** Makes a call once all earlier ones of the state have ended, however they ended. */
  public <T> CompletionStage<T> inTurn(String persistenceId, Supplier<CompletionStage<T>> call) {
    CompletableFuture<T> result = new CompletableFuture<>();
    CompletableFuture<Void> end = new CompletableFuture<>();
    Runnable turn =
        () ->
            made(call)
                .whenComplete(
                    (value, error) -> {
                      ends.remove(persistenceId, end);
                      if (error == null) {
                        result.complete(value);
                      } else {
                        result.completeExceptionally(error);
                      }
                      end.complete(null);
                    });
    CompletionStage<Void> before = ends.put(persistenceId, end);
    if (before == null) {
      turn.run();
    } else {
      before.thenRun(turn);
    }
    return result;
  }

  /** A call that is not even begun, as the node is closing, fails as any other. */
  private static <T> CompletionStage<T> made(Supplier<CompletionStage<T>> call) {
    try {
      return call.get();
    } catch (RuntimeException e) {
      return CompletableFuture.failedStage(e);
    }
  }
}
