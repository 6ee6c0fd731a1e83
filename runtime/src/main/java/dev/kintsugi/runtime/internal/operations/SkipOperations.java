package dev.kintsugi.runtime.internal.operations;

import dev.kintsugi.runtime.internal.event.EventCodec;
import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.internal.event.EventRow;
import dev.kintsugi.runtime.internal.skip.OpenSkips;
import dev.kintsugi.runtime.internal.skip.SkipChanges;
import dev.kintsugi.runtime.internal.skip.SkipRecord;
import dev.kintsugi.runtime.internal.skip.SkipRecords;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.state.OperationLog;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.operations.SkipAnswer;
import dev.kintsugi.runtime.operations.UnknownProjectionException;
import dev.kintsugi.runtime.skip.EventView;
import dev.kintsugi.runtime.skip.OpenSkip;
import dev.kintsugi.runtime.skip.SkipDetails;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.skip.SkipId;
import dev.kintsugi.runtime.skip.SkipPage;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Operation;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Looks at one projection's open skip records and changes one, in the caller's transaction. What is
 * asked for is done by compare-and-set: to a record that is as the caller saw it and that nobody
 * has in hand. Many at once are changed by a {@link SkipSweep}.
 */
public final class SkipOperations {

  private final EventJournal journal;
  private final EventCodec codec;
  private final String projection;

  /** Of one projection. */
  public SkipOperations(EventJournal journal, EventCodec codec, String projection) {
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
  public SkipPage page(Connection connection, SkipFilter filter, long afterOrdering, int limit)
      throws SQLException {
    if (limit < 1) {
      throw new IllegalArgumentException("a page of " + limit + " records");
    }
    int generation = known(connection, projection).generation();
    List<OpenSkip> found =
        OpenSkips.page(connection, projection, generation, filter, afterOrdering, limit + 1);
    boolean isLast = found.size() <= limit;
    List<OpenSkip> records = isLast ? found : List.copyOf(found.subList(0, limit));
    return new SkipPage(
        generation,
        records,
        isLast ? OptionalLong.empty() : OptionalLong.of(records.get(limit - 1).id().ordering()));
  }

  static Generation known(Connection connection, String projection) throws SQLException {
    return Generations.find(connection, projection)
        .orElseThrow(() -> new UnknownProjectionException(projection));
  }

  /** One record in full; empty if it is not open. */
  public Optional<SkipDetails> details(Connection connection, SkipId id) throws SQLException {
    known(connection, projection);
    Optional<OpenSkips.InFull> found = OpenSkips.inFull(connection, projection, id);
    return found.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new SkipDetails(
                found.get().record(),
                event(connection, id.ordering()),
                found.get().error(),
                found.get().behind()));
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
  public SkipAnswer retry(
      Connection connection, SkipId id, Optional<String> revision, ChangeRequest request)
      throws SQLException {
    toActOn(connection, id);
    Locked locked = lock(connection, id, revision);
    if (locked.refusal() != null) {
      return locked.refusal();
    }
    SkipChanges.retry(connection, locked.records());
    note(connection, projection, Operation.Kind.RETRY, request, locked.about(), 1);
    return new SkipAnswer.Retried(id);
  }

  /**
   * Gives a record up for good: the read model does without its event, and its stream goes on.
   *
   * @param revision the record's as the caller saw it; empty for whatever it is now
   */
  public SkipAnswer discard(
      Connection connection, SkipId id, Optional<String> revision, ChangeRequest request)
      throws SQLException {
    if (!request.hasReason()) {
      return new SkipAnswer.NoReason(id);
    }
    Optional<Generation> row = toActOn(connection, id);
    Locked locked = lock(connection, id, revision);
    if (locked.refusal() != null) {
      return locked.refusal();
    }
    if (row.isEmpty() || !mayArchive(connection, row.get(), id.generation())) {
      return new SkipAnswer.NotYet(id);
    }
    long operation =
        note(connection, projection, Operation.Kind.DISCARD, request, locked.about(), 1);
    SkipRecords.discard(connection, locked.records(), operation);
    return new SkipAnswer.Discarded(id, operation);
  }

  /** An id first, then the row of the record's generation, which may be one that does not serve. */
  private Optional<Generation> toActOn(Connection connection, SkipId id) throws SQLException {
    Optional<Generation> row = Generations.findToActOn(connection, projection, id.generation());
    if (row.isEmpty()) {
      known(connection, projection);
    }
    return row;
  }

  /** An id first, then the row of the one that serves (DESIGN 5). */
  static Generation toActOn(Connection connection, String projection) throws SQLException {
    return Generations.findToActOn(connection, projection)
        .orElseThrow(() -> new UnknownProjectionException(projection));
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

  static long note(
      Connection connection,
      String projection,
      Operation.Kind kind,
      ChangeRequest request,
      String about,
      int records)
      throws SQLException {
    long operation =
        OperationLog.note(
            connection, projection, kind, request.requestedBy(), request.reason(), about);
    OperationLog.addRecords(connection, operation, records);
    return operation;
  }
}
