package dev.kintsugi.examples.bench.failures;

import dev.kintsugi.runtime.Kintsugi;
import dev.kintsugi.runtime.operations.SkipsAnswer;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.skip.SkipReason;

/** What an operator does once the handler is repaired: nothing shall wait any longer. */
final class Mend {

  private Mend() {}

  /** Has every record that failed tried again at once, those that are parked among them. */
  static SkipsAnswer retryNow(Kintsugi kintsugi, String projection) throws Exception {
    return kintsugi
        .skips(projection)
        .retry(SkipFilter.any().because(SkipReason.FAILED), "repaired")
        .toCompletableFuture()
        .get();
  }
}
