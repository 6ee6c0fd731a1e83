package dev.kintsugi.runtime;

import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.internal.operations.ChangeRequest;
import dev.kintsugi.runtime.internal.operations.SkipOperations;
import dev.kintsugi.runtime.internal.operations.SkipSweep;
import dev.kintsugi.runtime.operations.SkipAnswer;
import dev.kintsugi.runtime.operations.SkipsAnswer;
import dev.kintsugi.runtime.operations.UnknownProjectionException;
import dev.kintsugi.runtime.skip.OpenSkip;
import dev.kintsugi.runtime.skip.SkipDetails;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.skip.SkipId;
import dev.kintsugi.runtime.skip.SkipPage;
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

  private final KintsugiNode node;
  private final ProjectionManagement management;
  private final SkipOperations operations;
  private final SkipSweep sweep;
  private final String projection;
  private final String requestedBy;

  /**
   * The records of a projection.
   *
   * @param management does what is changed, and has what there may be to drain looked at
   */
  Skips(KintsugiNode node, ProjectionManagement management, String projection, String requestedBy) {
    this.node = node;
    this.management = management;
    this.operations = new SkipOperations(node.journal(), node.codec(), projection);
    this.sweep = new SkipSweep(node.database().forLongWork(), projection);
    this.projection = projection;
    this.requestedBy = requestedBy;
  }

  /** The same, on behalf of somebody; otherwise it is the user that the JVM runs as. */
  public Skips by(String whoever) {
    return new Skips(node, management, projection, whoever);
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
    return node.inTransaction(
        connection -> operations.page(connection, filter, afterOrdering, limit));
  }

  /** One in full: its event as JSON, its error with the stack, and how many wait behind it. */
  public CompletionStage<Optional<SkipDetails>> find(SkipId id) {
    return node.inTransaction(connection -> operations.details(connection, id));
  }

  /** Has one tried again at once, with the whole of its policy's time to be repaired. */
  public CompletionStage<SkipAnswer> retry(OpenSkip seen, String reason) {
    return retry(seen.id(), Optional.of(seen.revision()), reason);
  }

  /**
   * The same of one that is named.
   *
   * @param revision as {@link OpenSkip#revision} told it; empty for whatever it is now
   */
  public CompletionStage<SkipAnswer> retry(SkipId id, Optional<String> revision, String reason) {
    return management.change(
        projection, connection -> operations.retry(connection, id, revision, request(reason)));
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
    return swept(() -> sweep.retryAll(filter, request(reason), dryRun));
  }

  /**
   * Gives one up for good: the read model does without its event, until a rebuild takes it in
   * again.
   *
   * @param reason is kept; without one the discard is refused
   */
  public CompletionStage<SkipAnswer> discard(OpenSkip seen, String reason) {
    return discard(seen.id(), Optional.of(seen.revision()), reason);
  }

  /**
   * The same of one that is named.
   *
   * @param revision as {@link OpenSkip#revision} told it; empty for whatever it is now
   * @param reason is kept; without one the discard is refused
   */
  public CompletionStage<SkipAnswer> discard(SkipId id, Optional<String> revision, String reason) {
    return management.change(
        projection, connection -> operations.discard(connection, id, revision, request(reason)));
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
    return swept(() -> sweep.discardAll(filter, request(reason), dryRun));
  }

  private CompletionStage<SkipsAnswer> swept(Callable<SkipsAnswer> changes) {
    return node.onBlockingThread(changes)
        .thenCompose(answer -> management.change(projection, connection -> answer));
  }

  private ChangeRequest request(String reason) {
    return new ChangeRequest(requestedBy, reason);
  }
}
