package dev.kintsugi.runtime;

import dev.kintsugi.runtime.node.Node;
import dev.kintsugi.runtime.operations.Request;
import dev.kintsugi.runtime.operations.SkipAnswer;
import dev.kintsugi.runtime.operations.SkipDetails;
import dev.kintsugi.runtime.operations.SkipOperations;
import dev.kintsugi.runtime.operations.SkipPage;
import dev.kintsugi.runtime.operations.SkipsAnswer;
import dev.kintsugi.runtime.operations.UnknownProjectionException;
import dev.kintsugi.runtime.skip.OpenSkip;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.skip.SkipId;
import dev.kintsugi.runtime.state.Generations;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;

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
 * <p>Each call fails with {@link UnknownProjectionException} if there is no such projection, or
 * with the database's error. Any thread may call.
 */
public final class Skips {

  private final Node node;
  private final SkipOperations operations;
  private final Runnable wake;
  private final String projection;
  private final String requestedBy;

  /**
   * The records of a projection.
   *
   * @param wake is called after a change: there may be something to drain
   */
  Skips(Node node, Runnable wake, String projection, String requestedBy) {
    this.node = node;
    this.operations =
        new SkipOperations(node.database().forLongWork(), node.journal(), node.codec(), projection);
    this.wake = wake;
    this.projection = projection;
    this.requestedBy = requestedBy;
  }

  /** The same, on behalf of somebody; otherwise it is the user that the JVM runs as. */
  public Skips by(String whoever) {
    return new Skips(node, wake, projection, whoever);
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
    return known(() -> operations.page(filter, afterOrdering, limit));
  }

  /** One in full: its event as JSON, its error with the stack, and how many wait behind it. */
  public CompletionStage<Optional<SkipDetails>> find(SkipId id) {
    return known(() -> operations.details(id));
  }

  /** Has one tried again at once, with the whole of its policy's time to be repaired. */
  public CompletionStage<SkipAnswer> retry(OpenSkip seen, String reason) {
    return change(() -> operations.retry(seen, request(reason)));
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
    return change(() -> operations.retryAll(filter, request(reason), dryRun));
  }

  /**
   * Gives one up for good: the read model does without its event, until a rebuild takes it in
   * again.
   *
   * @param reason is kept; without one the discard is refused
   */
  public CompletionStage<SkipAnswer> discard(OpenSkip seen, String reason) {
    return change(() -> operations.discard(seen, request(reason)));
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
    return change(() -> operations.discardAll(filter, request(reason), dryRun));
  }

  private <T> CompletionStage<T> change(Callable<T> work) {
    return known(work).whenComplete((done, error) -> wake.run());
  }

  private <T> CompletionStage<T> known(Callable<T> work) {
    return node.onBlockingThread(
        () -> {
          if (node.database()
              .inTransaction(connection -> Generations.find(connection, projection))
              .isEmpty()) {
            throw new UnknownProjectionException(projection);
          }
          return work.call();
        });
  }

  private Request request(String reason) {
    return new Request(requestedBy, reason);
  }
}
