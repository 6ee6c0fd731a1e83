package dev.kintsugi.runtime.testing;

import dev.kintsugi.runtime.internal.event.EventCodec;
import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.operations.ChangeRequest;
import dev.kintsugi.runtime.internal.operations.SkipOperations;
import dev.kintsugi.runtime.internal.operations.SkipSweep;
import dev.kintsugi.runtime.operations.SkipAnswer;
import dev.kintsugi.runtime.operations.SkipsAnswer;
import dev.kintsugi.runtime.skip.OpenSkip;
import dev.kintsugi.runtime.skip.SkipDetails;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.skip.SkipId;
import dev.kintsugi.runtime.skip.SkipPage;
import java.util.Optional;

/** What people do about a projection's skip records, each call as the API does it, and at once. */
public final class SkipDesk {

  private final Database database;
  private final SkipOperations operations;
  private final SkipSweep sweep;

  SkipDesk(Database database, EventJournal journal, EventCodec codec, String projection) {
    this.database = database;
    this.operations = new SkipOperations(journal, codec, projection);
    this.sweep = new SkipSweep(database, projection);
  }

  public SkipPage page(SkipFilter filter, long afterOrdering, int limit) throws Exception {
    return database.inTransaction(
        connection -> operations.page(connection, filter, afterOrdering, limit));
  }

  public Optional<SkipDetails> details(SkipId id) throws Exception {
    return database.inTransaction(connection -> operations.details(connection, id));
  }

  public SkipAnswer retry(OpenSkip seen, ChangeRequest request) throws Exception {
    return retry(seen.id(), Optional.of(seen.revision()), request);
  }

  public SkipAnswer retry(SkipId id, Optional<String> revision, ChangeRequest request)
      throws Exception {
    return database.inTransaction(
        connection -> operations.retry(connection, id, revision, request));
  }

  public SkipAnswer discard(OpenSkip seen, ChangeRequest request) throws Exception {
    return discard(seen.id(), Optional.of(seen.revision()), request);
  }

  public SkipAnswer discard(SkipId id, Optional<String> revision, ChangeRequest request)
      throws Exception {
    return database.inTransaction(
        connection -> operations.discard(connection, id, revision, request));
  }

  public SkipsAnswer retryAll(SkipFilter filter, ChangeRequest request, boolean dryRun)
      throws Exception {
    return sweep.retryAll(filter, request, dryRun);
  }

  public SkipsAnswer discardAll(SkipFilter filter, ChangeRequest request, boolean dryRun)
      throws Exception {
    return sweep.discardAll(filter, request, dryRun);
  }
}
