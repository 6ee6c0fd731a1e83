package dev.kintsugi.examples.cluster;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Looks again and again, until something is so. */
public final class Waiting {

  private static final long LOOK_EVERY_MILLIS = 200;

  private Waiting() {}

  /** Looks once; empty if it is not so yet. A node that can't be asked is asked again. */
  @FunctionalInterface
  public interface Look<T> {
    Optional<T> look() throws IOException, InterruptedException, ClusterFailedException;
  }

  /**
   * Waits.
   *
   * @param what is waited for, for the error
   * @throws ClusterFailedException if it takes longer than that
   */
  public static <T> T until(String what, Duration atMost, Look<T> look)
      throws InterruptedException, ClusterFailedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    String lastError = "";
    while (System.nanoTime() < deadline) {
      try {
        Optional<T> found = look.look();
        if (found.isPresent()) {
          return found.get();
        }
        lastError = "";
      } catch (IOException e) {
        lastError = " (" + e + ")";
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_EVERY_MILLIS);
    }
    throw new ClusterFailedException(
        "After %d seconds there is still not %s%s".formatted(atMost.toSeconds(), what, lastError));
  }
}
