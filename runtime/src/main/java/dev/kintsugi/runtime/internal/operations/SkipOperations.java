package dev.kintsugi.runtime.internal.operations;

import dev.kintsugi.runtime.internal.event.EventCodec;
import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.internal.event.EventRow;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.skip.OpenSkips;
import dev.kintsugi.runtime.internal.skip.SkipChanges;
import dev.kintsugi.runtime.internal.skip.SkipRecord;
import dev.kintsugi.runtime.internal.skip.SkipRecords;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.state.OperationLog;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.operations.SkipAnswer;
import dev.kintsugi.runtime.operations.SkipsAnswer;
import dev.kintsugi.runtime.operations.UnknownProjectionException;
import dev.kintsugi.runtime.skip.EventView;
import dev.kintsugi.runtime.skip.OpenSkip;
import dev.kintsugi.runtime.skip.SkipDetails;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.skip.SkipId;
import dev.kintsugi.runtime.skip.SkipPage;
import dev.kintsugi.runtime.skip.SkipSummary;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Operation;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Looks at one projection's open skip records and changes them, each call in transactions of its
 * own, on the calling thread. What is asked for is done by compare-and-set: to records that are as
 * the caller saw them, or as a filter says, and that nobody has in hand.
 */
public final class SkipOperations {

  /** How many records a change by filter takes into one transaction. */
  static final int AT_ONCE = 1000;

  private static final int SHOWN = 10;

  private final Database database;
  private final EventJournal journal;
  private final EventCodec codec;
  private final String projection;
  private final IntConsumer onChanged;

  /**
   * Of one projection.
   *
   * @param onChanged is given the projection's version after a change: there may be something to
   *     drain
   */
  public SkipOperations(
      Database database,
      EventJournal journal,
      EventCodec codec,
      String projection,
      IntConsumer onChanged) {
    this.database = database;
    this.journal = journal;
    this.codec = codec;
    this.projection = projection;
    this.onChanged = onChanged;
  }

  /**
   * The open records that a filter means.
   *
   * @param afterOrdering where the page begins: 0, or what the last one named as the next
   * @throws IllegalArgumentException if the limit is below 1
   */
  public SkipPage page(SkipFilter filter, long afterOrdering, int limit) throws Exception {
    if (limit < 1) {
      throw new IllegalArgumentException("a page of " + limit + " records");
    }
    return database.inTransaction(
        connection -> {
          int generation = known(connection).generation();
          List<OpenSkip> found =
              OpenSkips.page(connection, projection, generation, filter, afterOrdering, limit + 1);
          boolean isLast = found.size() <= limit;
          List<OpenSkip> records = isLast ? found : List.copyOf(found.subList(0, limit));
          return new SkipPage(
              generation,
              records,
              isLast
                  ? OptionalLong.empty()
                  : OptionalLong.of(records.get(limit - 1).id().ordering()));
        });
  }

  private Generation known(Connection connection) throws SQLException {
    return Generations.find(connection, projection)
        .orElseThrow(() -> new UnknownProjectionException(projection));
  }

  /** One record in full; empty if it is not open. */
  public Optional<SkipDetails> details(SkipId id) throws Exception {
    return database.inTransaction(
        connection -> {
          known(connection);
          Optional<OpenSkips.InFull> found = OpenSkips.inFull(connection, projection, id);
          return found.isEmpty()
              ? Optional.empty()
              : Optional.of(
                  new SkipDetails(
                      found.get().record(),
                      event(connection, id.ordering()),
                      found.get().error(),
                      found.get().behind()));
        });
  }

  private Optional<EventView> event(Connection connection, long ordering) throws SQLException {
    List<EventRow> rows = journal.at(connection, List.of(ordering));
    return rows.stream().findFirst().map(codec::view);
  }

  /**
   * Has a record tried again at once, parked or not, with the whole of its policy's time to be
   * repaired.
   *
   * @param revision the record's as the caller saw it; empty for whatever it is now
   */
  public SkipAnswer retry(SkipId id, Optional<String> revision, ChangeRequest request)
      throws Exception {
    return change(
        (connection, row) -> {
          Locked locked = lock(connection, id, revision);
          if (locked.refusal() != null) {
            return locked.refusal();
          }
          SkipChanges.retry(connection, locked.records());
          note(connection, Operation.Kind.RETRY, request, locked.about(), 1);
          return new SkipAnswer.Retried(id);
        });
  }

  /**
   * Gives a record up for good: the read model does without its event, and its stream goes on.
   *
   * @param revision the record's as the caller saw it; empty for whatever it is now
   */
  public SkipAnswer discard(SkipId id, Optional<String> revision, ChangeRequest request)
      throws Exception {
    if (!request.hasReason()) {
      return new SkipAnswer.NoReason(id);
    }
    return change(
        (connection, row) -> {
          Locked locked = lock(connection, id, revision);
          if (locked.refusal() != null) {
            return locked.refusal();
          }
          if (!mayArchive(connection, row, id.generation())) {
            return new SkipAnswer.NotYet(id);
          }
          long operation = note(connection, Operation.Kind.DISCARD, request, locked.about(), 1);
          SkipRecords.discard(connection, locked.records(), operation);
          return new SkipAnswer.Discarded(id, operation);
        });
  }

  /** {@link #retry(SkipId, Optional, ChangeRequest)} of one as the caller saw it. */
  public SkipAnswer retry(OpenSkip seen, ChangeRequest request) throws Exception {
    return retry(seen.id(), Optional.of(seen.revision()), request);
  }

  /** {@link #discard(SkipId, Optional, ChangeRequest)} of one as the caller saw it. */
  public SkipAnswer discard(OpenSkip seen, ChangeRequest request) throws Exception {
    return discard(seen.id(), Optional.of(seen.revision()), request);
  }

  /** A change of records of a projection's newest generation. */
  private interface Change<T> {
    T in(Connection connection, Generation row) throws Exception;
  }

  /** One transaction: an id, the projection's row, the records, and who changed them and why. */
  private <T> T change(Change<T> change) throws Exception {
    AtomicInteger version = new AtomicInteger();
    T result =
        database.inTransaction(
            connection -> {
              Generation row =
                  Generations.findToActOn(connection, projection)
                      .orElseThrow(() -> new UnknownProjectionException(projection));
              version.set(row.version());
              return change.in(connection, row);
            });
    onChanged.accept(version.get());
    return result;
  }

  /** Has all records that a filter means tried again at once; see {@link #retry}. */
  public SkipsAnswer retryAll(SkipFilter filter, ChangeRequest request, boolean dryRun)
      throws Exception {
    return changeAll(SkipsAnswer.Change.RETRY, filter, request, dryRun);
  }

  /** Gives up all records that a filter means, for good; see {@link #discard}. */
  public SkipsAnswer discardAll(SkipFilter filter, ChangeRequest request, boolean dryRun)
      throws Exception {
    return changeAll(SkipsAnswer.Change.DISCARD, filter, request, dryRun);
  }

  /**
   * A record that is as it was seen, locked; or why not.
   *
   * @param records the one, or none
   * @param about which it is, for people
   */
  private record Locked(List<SkipRecord> records, String about, @Nullable SkipAnswer refusal) {
    static Locked not(SkipAnswer why) {
      return new Locked(List.of(), "", why);
    }
  }

  private Locked lock(Connection connection, SkipId id, Optional<String> revision)
      throws SQLException {
    Optional<SkipRecord> locked = SkipChanges.lockIfFree(connection, projection, id);
    Optional<OpenSkip> now = OpenSkips.find(connection, projection, id);
    if (now.isEmpty()) {
      return Locked.not(new SkipAnswer.Gone(id, OpenSkips.archived(connection, projection, id)));
    }
    if (locked.isEmpty()) {
      return Locked.not(new SkipAnswer.InHand(id));
    }
    return revision.isEmpty() || revision.get().equals(now.get().revision())
        ? new Locked(List.of(locked.get()), about(now.get()), null)
        : Locked.not(new SkipAnswer.Changed(now.get()));
  }

  /** Whether records of a generation may be archived now; the row was read after taking an id. */
  private static boolean mayArchive(Connection connection, Generation row, int generation)
      throws SQLException {
    return row.generation() == generation && Rebuilds.hasReplayEnded(connection, row);
  }

  private static String about(OpenSkip record) {
    return "event %d of stream %s (skip record %s)"
        .formatted(record.sequenceNumber(), record.persistenceId(), record.id());
  }

  private long note(
      Connection connection, Operation.Kind kind, ChangeRequest request, String about, int records)
      throws SQLException {
    long operation =
        OperationLog.note(
            connection, projection, kind, request.requestedBy(), request.reason(), about);
    OperationLog.addRecords(connection, operation, records);
    return operation;
  }

  // By filter

  /** What a filter means at one time. */
  private record Meant(
      int generation,
      long lastOrdering,
      SkipSummary summary,
      List<OpenSkip> some,
      boolean isReplaying) {}

  private Meant meant(Connection connection, SkipFilter filter) throws SQLException {
    Generation row = known(connection);
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

  /**
   * Changes many records, some in each transaction: one for all of them would keep writers that
   * help waiting. What comes on record meanwhile is not among them.
   */
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
        List<SkipRecord> records = SkipOperations.this.change(this::next);
        done = records.size();
        changed += done;
        if (done > 0) {
          after = records.get(done - 1).ordering();
        }
      } while (done == AT_ONCE);
      return changed;
    }

    private List<SkipRecord> next(Connection connection, Generation row) throws SQLException {
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
        operation = note(connection, kind(), request, filter.toString(), records.size());
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
