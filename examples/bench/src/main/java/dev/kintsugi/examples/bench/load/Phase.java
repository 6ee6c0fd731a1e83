package dev.kintsugi.examples.bench.load;

import dev.kintsugi.examples.bench.stats.LatencyLog;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;

/** One load from its first command to the last answer. Actors answer on their threads. */
final class Phase implements LoadActor.Listener {

  /** One more than the answers that are missing, until all was asked. */
  private final AtomicLong missing = new AtomicLong(1);

  private final AtomicLong events = new AtomicLong();
  private final LatencyLog latencies = new LatencyLog();
  private final CompletableFuture<Long> end = new CompletableFuture<>();
  private final long begin = System.nanoTime();

  /** So many answers are still to come; to be told before they can. */
  void expect(long answers) {
    missing.addAndGet(answers);
  }

  /** Waits for the answers that are expected. */
  Load.Done awaitEnd() throws LoadFailedException, InterruptedException {
    answered();
    try {
      Duration took = Duration.ofNanos(end.get() - begin);
      return new Load.Done(events.get(), took, latencies.soFar());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof LoadFailedException failed) {
        throw failed;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  long events() {
    return events.get();
  }

  @Override
  public void recovered(long replayed) {
    events.addAndGet(replayed);
    answered();
  }

  @Override
  public void stored(long latencyInNanos) {
    events.incrementAndGet();
    latencies.add(latencyInNanos);
    answered();
  }

  private void answered() {
    if (missing.decrementAndGet() == 0) {
      end.complete(System.nanoTime());
    }
  }

  @Override
  public void failed(String persistenceId, Throwable cause) {
    end.completeExceptionally(new LoadFailedException(persistenceId, cause));
  }
}
