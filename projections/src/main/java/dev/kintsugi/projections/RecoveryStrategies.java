package dev.kintsugi.projections;

import java.time.Duration;
import org.apache.pekko.projection.HandlerRecoveryStrategy;
import scala.Product;
import scala.concurrent.duration.FiniteDuration;

/** Reads Pekko Projection's strategies, which can be made and passed on, but not asked. */
final class RecoveryStrategies {

  private RecoveryStrategies() {}

  /** They are case classes, so name and parts can be read as of any product. */
  static FailurePolicy policyOf(HandlerRecoveryStrategy strategy) {
    String name = strategy instanceof Product product ? product.productPrefix() : "";
    return switch (name) {
      case "Skip" -> FailurePolicy.skip().withoutRetry().thenDiscard();
      case "Fail" -> FailurePolicy.skip().withoutRetry().thenStop();
      case "RetryAndSkip" -> retrying((Product) strategy).thenDiscard();
      case "RetryAndFail" -> retrying((Product) strategy).thenStop();
      default ->
          throw new IllegalArgumentException(
              "no failure policy is known for "
                  + strategy
                  + "; those of HandlerRecoveryStrategy's own methods are fail, skip, retryAndFail and"
                  + " retryAndSkip");
    };
  }

  private static FailurePolicy retrying(Product product) {
    int retries = (Integer) product.productElement(0);
    Duration delay = Duration.ofNanos(((FiniteDuration) product.productElement(1)).toNanos());
    if (delay.isZero()) {
      return FailurePolicy.skip().withoutRetry();
    }
    return FailurePolicy.skip().retry(delay.multipliedBy(retries), Backoff.constant(delay));
  }
}
