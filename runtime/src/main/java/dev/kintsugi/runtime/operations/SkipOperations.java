package dev.kintsugi.runtime.operations;

import dev.kintsugi.runtime.event.EventCodec;
import dev.kintsugi.runtime.event.EventJournal;
import dev.kintsugi.runtime.event.EventRow;
import dev.kintsugi.runtime.event.EventView;
import dev.kintsugi.runtime.jdbc.Database;
import dev.kintsugi.runtime.skip.OpenSkip;
import dev.kintsugi.runtime.skip.OpenSkips;
import dev.kintsugi.runtime.skip.SkipChanges;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.skip.SkipId;
import dev.kintsugi.runtime.skip.SkipRecord;
import dev.kintsugi.runtime.skip.SkipRecords;
import dev.kintsugi.runtime.state.Generation;
import dev.kintsugi.runtime.state.Generations;
import dev.kintsugi.runtime.state.Operation;
import dev.kintsugi.runtime.state.Operations;
import dev.kintsugi.runtime.state.Rebuilds;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
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

  public SkipOperations(
      Database database, EventJournal journal, EventCodec codec, String projection) {
    this.database = database;
    this.journal = journal;
    this.codec = codec;
    this.projection = projection;
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
          int generation = generation(connection);
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

  /** The number of the newest generation; 0, of which there are no records, if there is none. */
  private int generation(Connection connection) throws SQLException {
    return Generations.find(connection, projection).map(Generation::generation).orElse(0);
  }

  /** One record in full; empty if it is not open. */
  public Optional<SkipDetails> details(SkipId id) throws Exception {
    return database.inTransaction(
        connection -> {
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
   * @param seen the record as the caller saw it
   */
  public SkipAnswer retry(OpenSkip seen, Request request) throws Exception {
    return database.inTransaction(
        connection -> {
          Generations.findToActOn(connection, projection);
          Locked locked = lock(connection, seen);
          if (locked.refusal() != null) {
            return locked.refusal();
          }
          SkipChanges.retry(connection, locked.records());
          note(connection, Operation.Kind.RETRY, request, about(seen), 1);
          return new SkipAnswer.Retried(seen.id());
        });
  }

  /**
   * Gives a record up for good: the read model does without its event, and its stream goes on.
   *
   * @param seen the record as the caller saw it
   */
  public SkipAnswer discard(OpenSkip seen, Request request) throws Exception {
    if (!request.hasReason()) {
      return new SkipAnswer.NoReason(seen.id());
    }
    return database.inTransaction(
        connection -> {
          Optional<Generation> row = Generations.findToActOn(connection, projection);
          Locked locked = lock(connection, seen);
          if (locked.refusal() != null) {
            return locked.refusal();
          }
          if (row.isEmpty() || !mayArchive(connection, row.get(), seen.id().generation())) {
            return new SkipAnswer.NotYet(seen.id());
          }
          long operation = note(connection, Operation.Kind.DISCARD, request, about(seen), 1);
          SkipRecords.discard(connection, locked.records(), operation);
          return new SkipAnswer.Discarded(seen.id(), operation);
        });
  }

  /** Has all records that a filter means tried again at once; see {@link #retry}. */
  public SkipsAnswer retryAll(SkipFilter filter, Request request, boolean dryRun) throws Exception {
    return changeAll(SkipsAnswer.Change.RETRY, filter, request, dryRun);
  }

  /** Gives up all records that a filter means, for good; see {@link #discard}. */
  public SkipsAnswer discardAll(SkipFilter filter, Request request, boolean dryRun)
      throws Exception {
    return changeAll(SkipsAnswer.Change.DISCARD, filter, request, dryRun);
  }

  /**
   * A record that is as it was seen, locked; or why not.
   *
   * @param records the one, or none
   */
  private record Locked(List<SkipRecord> records, @Nullable SkipAnswer refusal) {
    static Locked not(SkipAnswer why) {
      return new Locked(List.of(), why);
    }
  }

  private Locked lock(Connection connection, OpenSkip seen) throws SQLException {
    Optional<SkipRecord> locked = SkipChanges.lockIfFree(connection, projection, seen.id());
    Optional<OpenSkip> now = OpenSkips.find(connection, projection, seen.id());
    if (now.isEmpty()) {
      return Locked.not(
          new SkipAnswer.Gone(seen.id(), OpenSkips.archived(connection, projection, seen.id())));
    }
    if (locked.isEmpty()) {
      return Locked.not(new SkipAnswer.InHand(seen.id()));
    }
    return seen.isAsIn(now.get())
        ? new Locked(List.of(locked.get()), null)
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
      Connection connection, Operation.Kind kind, Request request, String about, int records)
      throws SQLException {
    long operation =
        Operations.note(
            connection, projection, kind, request.requestedBy(), request.reason(), about);
    Operations.addRecords(connection, operation, records);
    return operation;
  }

  // By filter

  /** What a filter means at one time. */
  private record Meant(
      int generation,
      long lastOrdering,
      OpenSkips.Summary summary,
      List<OpenSkip> some,
      boolean isReplaying) {}

  private Meant meant(Connection connection, SkipFilter filter) throws SQLException {
    Optional<Generation> row = Generations.find(connection, projection);
    int generation = generation(connection);
    return new Meant(
        generation,
        SkipChanges.lastOrdering(connection, projection, generation),
        OpenSkips.summary(connection, projection, generation, filter),
        OpenSkips.page(connection, projection, generation, filter, 0, SHOWN),
        row.isPresent() && !Rebuilds.hasReplayEnded(connection, row.get()));
  }

  private SkipsAnswer changeAll(
      SkipsAnswer.Change change, SkipFilter filter, Request request, boolean dryRun)
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

  private static String refusal(SkipsAnswer.Change change, Request request, Meant meant) {
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
    private final Request request;
    private final Meant meant;
    private long after;
    private long operation;
    private long changed;

    ChangeAll(SkipsAnswer.Change change, SkipFilter filter, Request request, Meant meant) {
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
      Optional<Generation> row = Generations.findToActOn(connection, projection);
      if (row.isEmpty() || row.get().generation() != meant.generation()) {
        return List.of();
      }
      if (change == SkipsAnswer.Change.DISCARD && !Rebuilds.hasReplayEnded(connection, row.get())) {
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
        Operations.addRecords(connection, operation, records.size());
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
