package dev.kintsugi.runtime.internal.operations;

import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.skip.OpenSkips;
import dev.kintsugi.runtime.internal.skip.SkipChanges;
import dev.kintsugi.runtime.internal.skip.SkipRecord;
import dev.kintsugi.runtime.internal.skip.SkipRecords;
import dev.kintsugi.runtime.internal.state.OperationLog;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.operations.SkipsAnswer;
import dev.kintsugi.runtime.skip.OpenSkip;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.skip.SkipSummary;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Operation;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/**
 * Changes all open skip records of one projection that a filter means: some in each transaction, on
 * the calling thread. One transaction for all of them would keep writers that help waiting. Records
 * that somebody has in hand are left out.
 */
public final class SkipSweep {

  /** How many records it takes into one transaction. */
  static final int AT_ONCE = 1000;

  private static final int SHOWN = 10;

  private final Database database;
  private final String projection;

  /** Of one projection. */
  public SkipSweep(Database database, String projection) {
    this.database = database;
    this.projection = projection;
  }

  /** Has all records that a filter means tried again at once; see {@link SkipOperations#retry}. */
  public SkipsAnswer retryAll(SkipFilter filter, ChangeRequest request, boolean dryRun)
      throws Exception {
    return changeAll(SkipsAnswer.Change.RETRY, filter, request, dryRun);
  }

  /** Gives up all records that a filter means, for good; see {@link SkipOperations#discard}. */
  public SkipsAnswer discardAll(SkipFilter filter, ChangeRequest request, boolean dryRun)
      throws Exception {
    return changeAll(SkipsAnswer.Change.DISCARD, filter, request, dryRun);
  }

  /** What a filter means at one time. */
  private record Meant(
      int generation,
      long lastOrdering,
      SkipSummary summary,
      List<OpenSkip> some,
      boolean isReplaying) {}

  private Meant meant(Connection connection, SkipFilter filter) throws SQLException {
    Generation row = SkipOperations.known(connection, projection);
    int generation = row.generation();
    return new Meant(
        generation,
        SkipChanges.lastOrdering(connection, projection, generation),
        OpenSkips.summary(connection, projection, generation, filter),
        OpenSkips.page(connection, projection, generation, filter, 0, SHOWN),
        !Rebuilds.hasReplayEnded(connection, row));
  }

  private SkipsAnswer changeAll(
      SkipsAnswer.Change change, SkipFilter filter, ChangeRequest request, boolean dryRun)
      throws Exception {
    Meant meant = database.inTransaction(connection -> meant(connection, filter));
    String refusal = refusal(change, request, meant);
    long changed =
        dryRun || !refusal.isEmpty() || meant.summary().open() == 0
            ? 0
            : new ChangeAll(change, filter, request, meant).run();
    return new SkipsAnswer(
        projection,
        change,
        filter,
        dryRun,
        meant.summary().open(),
        meant.summary().byReason(),
        meant.some(),
        changed,
        refusal);
  }

  private static String refusal(SkipsAnswer.Change change, ChangeRequest request, Meant meant) {
    if (change == SkipsAnswer.Change.RETRY) {
      return "";
    }
    if (!request.hasReason()) {
      return "say why, it is kept";
    }
    return meant.isReplaying()
        ? "history is being replayed, and the records keep their events out of it; wait for the replay's end"
        : "";
  }

  /** The transactions of one sweep. What comes on record meanwhile is not among them. */
  private final class ChangeAll {
    private final SkipsAnswer.Change change;
    private final SkipFilter filter;
    private final ChangeRequest request;
    private final Meant meant;
    private long after;
    private long operation;
    private long changed;

    ChangeAll(SkipsAnswer.Change change, SkipFilter filter, ChangeRequest request, Meant meant) {
      this.change = change;
      this.filter = filter;
      this.request = request;
      this.meant = meant;
    }

    long run() throws Exception {
      int done;
      do {
        List<SkipRecord> records = database.inTransaction(this::next);
        done = records.size();
        changed += done;
        if (done > 0) {
          after = records.get(done - 1).ordering();
        }
      } while (done == AT_ONCE);
      return changed;
    }

    private List<SkipRecord> next(Connection connection) throws SQLException {
      Generation row = SkipOperations.toActOn(connection, projection);
      if (row.generation() != meant.generation()) {
        return List.of();
      }
      if (change == SkipsAnswer.Change.DISCARD && !Rebuilds.hasReplayEnded(connection, row)) {
        return List.of();
      }
      List<SkipRecord> records =
          SkipChanges.lockFree(
              connection,
              projection,
              meant.generation(),
              filter,
              after,
              meant.lastOrdering(),
              AT_ONCE);
      if (records.isEmpty()) {
        return records;
      }
      if (changed == 0) {
        operation =
            SkipOperations.note(
                connection, projection, kind(), request, filter.toString(), records.size());
      } else {
        OperationLog.addRecords(connection, operation, records.size());
      }
      switch (change) {
        case RETRY -> SkipChanges.retry(connection, records);
        case DISCARD -> SkipRecords.discard(connection, records, operation);
      }
      return records;
    }

    private Operation.Kind kind() {
      return switch (change) {
        case RETRY -> Operation.Kind.RETRY;
        case DISCARD -> Operation.Kind.DISCARD;
      };
    }
  }
}
