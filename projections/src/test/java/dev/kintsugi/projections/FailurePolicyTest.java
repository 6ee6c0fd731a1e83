package dev.kintsugi.projections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.projections.FailurePolicy.OnAppend;
import dev.kintsugi.projections.FailurePolicy.OnGivingUp;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import org.apache.pekko.projection.HandlerRecoveryStrategy;
import org.junit.jupiter.api.Test;

class FailurePolicyTest {

  private static final Duration HOUR = Duration.ofHours(1);
  private static final Backoff SECONDS = Backoff.constant(Duration.ofSeconds(1));

  @Test
  void reject_and_skip_differ_in_what_an_append_does_and_in_nothing_else() {
    FailurePolicy reject = FailurePolicy.reject();
    FailurePolicy skip = FailurePolicy.skip();

    assertThat(reject.onAppend()).isEqualTo(OnAppend.REJECT);
    assertThat(skip.onAppend()).isEqualTo(OnAppend.SKIP);
    assertThat(reject)
        .isEqualTo(
            new FailurePolicy(
                OnAppend.REJECT,
                skip.maxElapsed(),
                skip.backoff(),
                skip.onGivingUp(),
                skip.exceptions()));
  }

  @Test
  void each_word_of_the_sentence_says_one_thing() {
    FailurePolicy policy = FailurePolicy.skip().retry(HOUR, SECONDS).thenStop();

    assertThat(policy.onAppend()).isEqualTo(OnAppend.SKIP);
    assertThat(policy.maxElapsed()).isEqualTo(HOUR);
    assertThat(policy.backoff()).isEqualTo(SECONDS);
    assertThat(policy.onGivingUp()).isEqualTo(OnGivingUp.STOP);
    assertThat(policy.thenDiscard().onGivingUp()).isEqualTo(OnGivingUp.DISCARD);
    assertThat(policy.thenPark()).isEqualTo(FailurePolicy.skip().retry(HOUR, SECONDS));
  }

  @Test
  void without_retry_there_is_no_pause_before_the_only_attempt() {
    FailurePolicy policy = FailurePolicy.skip().withoutRetry();

    assertThat(policy.maxElapsed()).isZero();
    assertThat(policy.pauseAfter(1)).isZero();
    assertThat(FailurePolicy.skip().pauseAfter(1)).isPositive();
  }

  @Test
  void an_error_or_one_of_its_causes_may_have_a_policy_of_its_own() {
    FailurePolicy forFiles = FailurePolicy.skip().thenDiscard();
    FailurePolicy forArguments = FailurePolicy.reject();
    FailurePolicy policy =
        FailurePolicy.skip()
            .on(IOException.class, forFiles)
            .on(IllegalArgumentException.class, forArguments)
            .thenStop();

    assertThat(policy.forError(new IOException())).isEqualTo(forFiles);
    assertThat(policy.forError(new UncheckedIOException(new IOException()))).isEqualTo(forFiles);
    assertThat(policy.forError(new NumberFormatException("a subclass"))).isEqualTo(forArguments);
    assertThat(policy.forError(new IllegalArgumentException(new IOException())))
        .as("both fit; the first that was named")
        .isEqualTo(forFiles);
    assertThat(policy.forError(new IllegalStateException())).isEqualTo(policy);
  }

  @Test
  void an_error_that_causes_itself_is_looked_at_and_left() {
    Exception first = new Exception("first");
    first.initCause(new Exception("second", first));
    FailurePolicy policy = FailurePolicy.skip().on(IOException.class, FailurePolicy.reject());

    assertThat(policy.forError(first)).isEqualTo(policy);
  }

  @Test
  void pekkos_strategies_map_to_policies() {
    Duration delay = Duration.ofMillis(20);

    assertThat(FailurePolicy.of(HandlerRecoveryStrategy.skip()))
        .isEqualTo(FailurePolicy.skip().withoutRetry().thenDiscard());
    assertThat(FailurePolicy.of(HandlerRecoveryStrategy.fail()))
        .isEqualTo(FailurePolicy.skip().withoutRetry().thenStop());
    assertThat(FailurePolicy.of(HandlerRecoveryStrategy.retryAndSkip(3, delay)))
        .isEqualTo(
            FailurePolicy.skip()
                .retry(Duration.ofMillis(60), Backoff.constant(delay))
                .thenDiscard());
    assertThat(FailurePolicy.of(HandlerRecoveryStrategy.retryAndFail(3, delay)))
        .isEqualTo(
            FailurePolicy.skip().retry(Duration.ofMillis(60), Backoff.constant(delay)).thenStop());
    assertThat(FailurePolicy.of(HandlerRecoveryStrategy.retryAndFail(3, Duration.ZERO)))
        .isEqualTo(FailurePolicy.skip().withoutRetry().thenStop());
    assertThat(FailurePolicy.of(HandlerRecoveryStrategy.retryAndSkip(0, delay)))
        .as("Pekko itself makes that one fail()")
        .isEqualTo(FailurePolicy.skip().withoutRetry().thenStop());
  }

  @Test
  void a_strategy_of_somebody_elses_is_refused() {
    assertThatThrownBy(() -> FailurePolicy.of(new HandlerRecoveryStrategy() {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("fail, skip, retryAndFail and retryAndSkip");
  }

  @Test
  void settings_that_make_no_sense_are_refused_by_name() {
    assertThatThrownBy(() -> FailurePolicy.skip().retry(HOUR.negated(), SECONDS))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("maxElapsed is negative: PT-1H");
    FailurePolicy nested = FailurePolicy.skip().on(IOException.class, FailurePolicy.reject());
    assertThatThrownBy(() -> FailurePolicy.skip().on(Exception.class, nested))
        .hasMessage(
            "the policy for java.lang.Exception has exceptions of its own; name them beside it,"
                + " before it");
  }
}
