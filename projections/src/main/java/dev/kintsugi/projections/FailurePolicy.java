package dev.kintsugi.projections;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.projection.HandlerRecoveryStrategy;

/**
 * What happens when a projection's handler throws, or an event can't be deserialized: in the
 * append, and afterwards. To be read as a sentence.
 *
 * <pre>{@code
 * FailurePolicy.reject()
 * FailurePolicy.skip()
 * FailurePolicy.skip().retry(ofHours(1), Backoff.between(ofSeconds(1), ofMinutes(5))).thenPark()
 * FailurePolicy.skip().withoutRetry().thenStop()
 *     .on(OutdatedEventException.class, FailurePolicy.skip().withoutRetry().thenDiscard())
 * }</pre>
 *
 * <table>
 * <caption>The first word</caption>
 * <tr><th></th><th>{@link #reject()}</th><th>{@link #skip()}</th></tr>
 * <tr><td>in an append</td><td>nothing is stored, the caller sees the error</td>
 *   <td>the event is stored and recorded as FAILED</td></tr>
 * <tr><td>in the replay of a rebuild</td><td>the rebuild stops at the event</td>
 *   <td>the event is recorded as FAILED, the replay goes on</td></tr>
 * <tr><td>in recovery</td><td colspan="2">the record is retried with pauses, then given up: the event
 *   is stored already</td></tr>
 * </table>
 *
 * <table>
 * <caption>The last word: what recovery does with a record that it gives up</caption>
 * <tr><td>{@link #thenPark()}, the default</td><td>it waits for an operator, and the later events of
 *   its stream behind it</td></tr>
 * <tr><td>{@link #thenDiscard()}</td><td>it is archived as discarded: the read model does without the
 *   event, and its stream goes on</td></tr>
 * <tr><td>{@link #thenStop()}</td><td>the projection is paused at the event: writers record all that
 *   comes, nothing is lost, and resuming begins with this event</td></tr>
 * </table>
 *
 * <p>A failed event blocks only the later events of its own stream, only in its own projection.
 * Only what the handler or the event is at fault for counts as a failure: a database that is gone
 * fails no event. And where others keep a handler from applying an event, by locks or by cancelling
 * its statement, nobody is at fault: the transaction is run again, for about a second; with {@code
 * reject()} the write then fails with the database's answer and nothing is rejected; a record is
 * retried for ten minutes at least; and what would be discarded pauses the projection instead.
 *
 * @param onAppend what an append does, and the replay of a rebuild
 * @param maxElapsed how long recovery retries a record, counted from its first failure (or from
 *     when an operator had it retried); zero if it tries once more, at once, and then gives it up
 * @param backoff the pauses between the attempts
 * @param onGivingUp what recovery does then
 * @param exceptions errors for which another policy applies, the first that fits
 */
public record FailurePolicy(
    OnAppend onAppend,
    Duration maxElapsed,
    Backoff backoff,
    OnGivingUp onGivingUp,
    List<ForError> exceptions) {

  /** What an append, and the replay of a rebuild, do about an event that can't be applied. */
  public enum OnAppend {
    REJECT,
    SKIP
  }

  /** What recovery does with a record that has failed for too long. */
  public enum OnGivingUp {
    PARK,
    DISCARD,
    STOP
  }

  /** The policy for one class of errors, its subclasses among them. */
  public record ForError(Class<? extends Throwable> error, FailurePolicy policy) {
    public ForError {
      if (!policy.exceptions().isEmpty()) {
        throw new IllegalArgumentException(
            "the policy for "
                + error.getName()
                + " has exceptions of its own; name them beside it, before it");
      }
    }
  }

  private static final int DEEPEST_CAUSE = 50;

  private static final Backoff DEFAULT_BACKOFF =
      Backoff.between(Duration.ofSeconds(1), Duration.ofMinutes(1));

  public FailurePolicy {
    if (maxElapsed.isNegative()) {
      throw new IllegalArgumentException("maxElapsed is negative: " + maxElapsed);
    }
    exceptions = List.copyOf(exceptions);
  }

  /**
   * The event is not stored: a read model that can't follow stops the business. The default. What
   * is recorded all the same, in a rebuild say, is retried for ten minutes, then parked.
   */
  public static FailurePolicy reject() {
    return of(OnAppend.REJECT);
  }

  /**
   * The event is stored and recorded: the business goes on, the read model is mended later. It is
   * retried for ten minutes, with pauses from a second to a minute, then parked.
   */
  public static FailurePolicy skip() {
    return of(OnAppend.SKIP);
  }

  private static FailurePolicy of(OnAppend onAppend) {
    return new FailurePolicy(
        onAppend, Duration.ofMinutes(10), DEFAULT_BACKOFF, OnGivingUp.PARK, List.of());
  }

  /**
   * What a strategy of Pekko Projection's handlers comes to. There the whole projection waits for
   * the event that fails; here its stream does.
   *
   * <table>
   * <caption>Strategies</caption>
   * <tr><td>{@code skip()}</td><td>{@code skip().withoutRetry().thenDiscard()}</td></tr>
   * <tr><td>{@code fail()}</td><td>{@code skip().withoutRetry().thenStop()}</td></tr>
   * <tr><td>{@code retryAndSkip(n, delay)}</td><td>{@code skip().retry(n * delay,
   *   constant(delay)).thenDiscard()}</td></tr>
   * <tr><td>{@code retryAndFail(n, delay)}</td><td>the same with {@code thenStop()}</td></tr>
   * </table>
   *
   * @throws IllegalArgumentException if it is none of these
   */
  public static FailurePolicy of(HandlerRecoveryStrategy strategy) {
    return RecoveryStrategies.policyOf(strategy);
  }

  /**
   * Retries a failed event for as long as {@code maxElapsed}, with pauses in between.
   *
   * @param maxElapsed counted from the first failure, and by the database's clock; not a number of
   *     attempts, which would be used up by a short outage of whatever the handler depends on
   */
  public FailurePolicy retry(Duration maxElapsed, Backoff backoff) {
    return new FailurePolicy(onAppend, maxElapsed, backoff, onGivingUp, exceptions);
  }

  /** Recovery tries a failed event once, at once, and then gives it up. */
  public FailurePolicy withoutRetry() {
    return retry(Duration.ZERO, backoff);
  }

  /** What is given up waits for an operator, who has it retried or discards it. */
  public FailurePolicy thenPark() {
    return then(OnGivingUp.PARK);
  }

  /**
   * What is given up is discarded for good: the read model does without the event. It stands in the
   * archive by name, with its error, for as long as the archive is kept.
   */
  public FailurePolicy thenDiscard() {
    return then(OnGivingUp.DISCARD);
  }

  /**
   * What is given up pauses its projection, until somebody resumes it; writers go on, and record
   * what comes.
   */
  public FailurePolicy thenStop() {
    return then(OnGivingUp.STOP);
  }

  private FailurePolicy then(OnGivingUp last) {
    return new FailurePolicy(onAppend, maxElapsed, backoff, last, exceptions);
  }

  /**
   * Has another policy for errors of a class: the error itself, or one of its causes, as handlers
   * wrap what they catch. Of several that fit, the one that was named first applies.
   *
   * @throws IllegalArgumentException if that policy has such exceptions itself
   */
  public FailurePolicy on(Class<? extends Throwable> error, FailurePolicy policy) {
    List<ForError> more = new ArrayList<>(exceptions);
    more.add(new ForError(error, policy));
    return new FailurePolicy(onAppend, maxElapsed, backoff, onGivingUp, more);
  }

  /** The policy that applies to an error. */
  public FailurePolicy forError(Throwable error) {
    for (ForError exception : exceptions) {
      int depth = 0;
      for (Throwable t = error; t != null && depth < DEEPEST_CAUSE; t = t.getCause(), depth++) {
        if (exception.error().isInstance(t)) {
          return exception.policy();
        }
      }
    }
    return this;
  }

  /** The pause after the given number of failed attempts (1 or more), without jitter. */
  public Duration pauseAfter(int attempts) {
    return maxElapsed.isZero() ? Duration.ZERO : backoff.after(attempts);
  }
}
