package dev.kintsugi.runtime;

import dev.kintsugi.runtime.operations.Request;
import dev.kintsugi.runtime.operations.SkipAnswer;
import dev.kintsugi.runtime.operations.SkipDetails;
import dev.kintsugi.runtime.operations.SkipPage;
import dev.kintsugi.runtime.operations.SkipsAnswer;
import dev.kintsugi.runtime.skip.OpenSkip;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.skip.SkipId;
import dev.kintsugi.runtime.supervisor.ProjectionSupervisor;
import dev.kintsugi.runtime.supervisor.SkipCommand;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.pattern.StatusReply;

/**
 * The open skip records of one projection: what its read model lacks, and what is to be done about
 * it (DESIGN 8). Got by {@link Kintsugi#skips}.
 *
 * <pre>{@code
 * Skips skips = Kintsugi.get(system).skips("files");
 * skips.list(SkipFilter.any().onlyParked(), 0, 50);              // what waits for us?
 * skips.find(SkipId.parse("3-1234"));                            // the event, the error, what is behind it
 * skips.retry(SkipFilter.any().onlyParked(), "fixed in 2.1");    // the handler is mended
 * skips.discard(seen, "a test order that never was");            // or do without it
 * }</pre>
 *
 * <p>Changes are compare-and-set: of one record, that it is as the caller saw it; of many, what the
 * filter says. A record that recovery or a writer has in hand is not waited for. Each change is
 * kept with who asked for it and why ({@link Kintsugi#operations}).
 *
 * <p>Each call fails with {@link dev.kintsugi.runtime.supervisor.UnknownProjectionException} if
 * there is no such projection, or with the database's error. Any thread may call.
 */
public final class Skips {

  /** Asks the projection's supervisor. */
  interface Ask {
    <T> CompletionStage<T> ask(
        Function<ActorRef<StatusReply<T>>, ProjectionSupervisor.Command> question, boolean isLong);
  }

  private final Ask supervisor;
  private final String requestedBy;

  Skips(Ask supervisor, String requestedBy) {
    this.supervisor = supervisor;
    this.requestedBy = requestedBy;
  }

  /** The same, on behalf of somebody; otherwise it is the user that the JVM runs as. */
  public Skips by(String whoever) {
    return new Skips(supervisor, whoever);
  }

  /**
   * Those that a filter means, in the order of the journal.
   *
   * @param afterOrdering 0, or what the page before named as the next
   * @param limit 1 or more
   */
  public CompletionStage<SkipPage> list(SkipFilter filter, long afterOrdering, int limit) {
    if (limit < 1) {
      throw new IllegalArgumentException("a page of " + limit + " records");
    }
    return supervisor.ask(
        replyTo -> new SkipCommand.ListSkips(filter, afterOrdering, limit, replyTo), false);
  }

  /** One in full: its event as JSON, its error with the stack, and how many wait behind it. */
  public CompletionStage<Optional<SkipDetails>> find(SkipId id) {
    return supervisor.ask(replyTo -> new SkipCommand.FindSkip(id, replyTo), false);
  }

  /** Has one tried again at once, with the whole of its policy's time to be repaired. */
  public CompletionStage<SkipAnswer> retry(OpenSkip seen, String reason) {
    return supervisor.ask(
        replyTo -> new SkipCommand.RetrySkip(seen, request(reason), replyTo), false);
  }

  /** Has all that a filter means tried again at once. */
  public CompletionStage<SkipsAnswer> retry(SkipFilter filter, String reason) {
    return retry(filter, reason, false);
  }

  /** What {@link #retry(SkipFilter, String)} would do; changes nothing. */
  public CompletionStage<SkipsAnswer> wouldRetry(SkipFilter filter) {
    return retry(filter, "", true);
  }

  private CompletionStage<SkipsAnswer> retry(SkipFilter filter, String reason, boolean dryRun) {
    return supervisor.ask(
        replyTo -> new SkipCommand.RetrySkips(filter, request(reason), dryRun, replyTo), true);
  }

  /**
   * Gives one up for good: the read model does without its event, until a rebuild takes it in
   * again.
   *
   * @param reason is kept; without one the discard is refused
   */
  public CompletionStage<SkipAnswer> discard(OpenSkip seen, String reason) {
    return supervisor.ask(
        replyTo -> new SkipCommand.DiscardSkip(seen, request(reason), replyTo), false);
  }

  /**
   * Gives up for good all that a filter means.
   *
   * @param reason is kept; without one the discard is refused
   */
  public CompletionStage<SkipsAnswer> discard(SkipFilter filter, String reason) {
    return discard(filter, reason, false);
  }

  /** What {@link #discard(SkipFilter, String)} would do; changes nothing. */
  public CompletionStage<SkipsAnswer> wouldDiscard(SkipFilter filter) {
    return discard(filter, "a dry run", true);
  }

  private CompletionStage<SkipsAnswer> discard(SkipFilter filter, String reason, boolean dryRun) {
    return supervisor.ask(
        replyTo -> new SkipCommand.DiscardSkips(filter, request(reason), dryRun, replyTo), true);
  }

  private Request request(String reason) {
    return new Request(requestedBy, reason);
  }
}
