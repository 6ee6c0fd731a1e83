package dev.kintsugi.runtime.internal.skip;

import dev.kintsugi.runtime.skip.SkipReason;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A skip record to be written.
 *
 * @param failure set for {@link SkipReason#FAILED} alone
 */
public record NewSkip(
    String projection,
    int generation,
    String persistenceId,
    long sequenceNumber,
    long ordering,
    SkipReason reason,
    @Nullable Failure failure) {

  /**
   * The first failure of an event.
   *
   * @param error what to show an operator
   * @param backoff how long to wait before recovery tries
   */
  public record Failure(String error, Duration backoff) {}
}
