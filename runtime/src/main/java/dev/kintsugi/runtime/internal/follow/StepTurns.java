package dev.kintsugi.runtime.internal.follow;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Has so many steps of a node's followers under way at a time; the others wait for their turn, in
 * the order in which they came, on no thread. So hundreds of followers, each of which fails and is
 * tried again, or is slow, leave threads and connections to recovery, rebuilds and actors. Threads
 * may share this.
 */
final class StepTurns {

  private final Queue<Runnable> waiting = new ArrayDeque<>();
  private int free;

  /**
   * One for all followers of a node.
   *
   * @param atATime 1 or more
   */
  StepTurns(int atATime) {
    if (atATime < 1) {
      throw new IllegalArgumentException("kintsugi.follow.parallelism must be above 0: " + atATime);
    }
    this.free = atATime;
  }

  /**
   * Begins a step when it is its turn.
   *
   * @param step must not block, and throws nothing; its turn ends when what it returns is completed
   * @return what the step comes to
   */
  <T> CompletionStage<T> take(Supplier<CompletionStage<T>> step) {
    CompletableFuture<T> result = new CompletableFuture<>();
    begin(
        () ->
            step.get()
                .whenComplete(
                    (value, error) -> {
                      end();
                      if (error == null) {
                        result.complete(value);
                      } else {
                        result.completeExceptionally(error);
                      }
                    }));
    return result;
  }

  private void begin(Runnable step) {
    synchronized (this) {
      if (free == 0) {
        waiting.add(step);
        return;
      }
      free--;
    }
    step.run();
  }

  private void end() {
    Runnable next;
    synchronized (this) {
      next = waiting.poll();
      if (next == null) {
        free++;
        return;
      }
    }
    next.run();
  }
}
