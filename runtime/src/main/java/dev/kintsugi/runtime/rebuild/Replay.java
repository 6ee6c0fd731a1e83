package dev.kintsugi.runtime.rebuild;

import static dev.kintsugi.runtime.jdbc.Results.AS_BEFORE;
import static dev.kintsugi.runtime.jdbc.Results.BY_INDEX;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Subscription;
import dev.kintsugi.runtime.event.EventCodec;
import dev.kintsugi.runtime.event.EventJournal;
import dev.kintsugi.runtime.event.EventRow;
import dev.kintsugi.runtime.event.JournalEvent;
import dev.kintsugi.runtime.handler.Applier;
import dev.kintsugi.runtime.handler.Applier.OnThrow;
import dev.kintsugi.runtime.handler.HandlerException;
import dev.kintsugi.runtime.jdbc.Results;
import dev.kintsugi.runtime.skip.NewSkip;
import dev.kintsugi.runtime.skip.SkipReason;
import dev.kintsugi.runtime.skip.SkipRecords;
import dev.kintsugi.runtime.state.Rebuild;
import dev.kintsugi.runtime.state.Rebuilds;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A batch of a replay (DESIGN 6, step 4), in the caller's transaction, which has taken its id and
 * locked the rebuild's row.
 *
 * <p>After the first fence an event is either visible history or has a skip record: never both,
 * never neither. So the replay takes the events up to R that have none, and needs no gap detection.
 */
final class Replay {

  private final EventJournal journal;
  private final EventCodec codec;
  private final String page;
  private final String recordRestOfStream;

  Replay(EventJournal journal, EventCodec codec) {
    this.journal = journal;
    this.codec = codec;
    String ordering = journal.column(EventJournal.Column.ORDERING);
    String persistenceId = journal.column(EventJournal.Column.PERSISTENCE_ID);
    String sequenceNumber = journal.column(EventJournal.Column.SEQUENCE_NUMBER);
    String notDeleted = " AND NOT " + journal.column(EventJournal.Column.DELETED);
    this.page =
        BY_INDEX
            + "SELECT j.*, (SELECT TRUE FROM kintsugi_skip s"
            + " WHERE (s.projection || '/' || s.generation::text) = ? AND s.ordering = j."
            + ordering
            + " LIMIT 1) IS TRUE FROM (SELECT "
            + journal.rowColumns()
            + " FROM "
            + journal.table()
            + " WHERE "
            + ordering
            + " > ? AND "
            + ordering
            + " <= ?"
            + notDeleted
            + " ORDER BY "
            + ordering
            + " LIMIT ?) j ORDER BY j."
            + ordering
            + AS_BEFORE;
    this.recordRestOfStream =
        "INSERT INTO kintsugi_skip (projection, generation, persistence_id, sequence_number, ordering,"
            + " reason) SELECT ?, ?, %1$s, %2$s, %3$s, 'BEHIND' FROM %4$s"
                .formatted(persistenceId, sequenceNumber, ordering, journal.table())
            + " WHERE %1$s = ? AND %2$s > ? AND %3$s <= ?"
                .formatted(persistenceId, sequenceNumber, ordering)
            + notDeleted
            + " ON CONFLICT (projection, generation, persistence_id, sequence_number) DO NOTHING";
  }

  /** An event of a page, or that it has a skip record and is none of the replay's. */
  private record Entry(EventRow row, boolean recorded) {}

  /**
   * Replays the next events after the checkpoint and moves it.
   *
   * @return empty page: there is no further event up to R
   * @throws HandlerException only with {@code ROLL_BACK}: a handler failed
   * @throws ReplayStoppedException a handler failed, and the projection's policy is to stop
   */
  Result batch(
      Connection connection,
      Applier applier,
      Projection<?> projection,
      Rebuild rebuild,
      int batchSize,
      OnThrow onThrow)
      throws Exception {
    List<Entry> entries = readPage(connection, rebuild, batchSize);
    if (entries.isEmpty()) {
      return Rebuilds.endReplay(connection, rebuild) ? Result.ENDED : Result.LOST;
    }
    Subscription<?> subscription = projection.subscription();
    Map<Long, Set<String>> tags =
        subscription.isByTag()
            ? journal.tagsOf(connection, entries.stream().map(Entry::row).toList())
            : Map.of();
    Set<String> blocked = new HashSet<>();
    int replayed = 0;
    for (Entry entry : entries) {
      if (entry.recorded() || blocked.contains(entry.row().persistenceId())) {
        continue;
      }
      Set<String> tagsOfEvent = tags.getOrDefault(entry.row().ordering(), Set.of());
      if (!subscription.includes(entry.row().persistenceId(), tagsOfEvent)) {
        continue;
      }
      JournalEvent event = codec.decode(entry.row(), tagsOfEvent);
      try {
        if (applier.apply(connection, projection, event, onThrow)) {
          replayed++;
        }
      } catch (HandlerException e) {
        if (projection.failurePolicy().onAppend() == FailurePolicy.OnAppend.REJECT) {
          throw new ReplayStoppedException(e);
        }
        if (onThrow == OnThrow.ROLL_BACK) {
          throw e;
        }
        recordFailed(connection, projection, rebuild, event, e);
        blocked.add(event.persistenceId());
      }
    }
    applier.finish(connection, projection);
    long checkpoint = entries.get(entries.size() - 1).row().ordering();
    return Rebuilds.advance(connection, rebuild, checkpoint, replayed)
        ? Result.ADVANCED
        : Result.LOST;
  }

  /** What a batch came to; after {@code LOST} the transaction must be rolled back. */
  enum Result {
    ADVANCED,
    ENDED,
    LOST
  }

  private List<Entry> readPage(Connection connection, Rebuild rebuild, int batchSize)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(page)) {
      select.setString(1, SkipRecords.generationKey(rebuild.projection(), rebuild.generation()));
      select.setLong(2, rebuild.checkpoint());
      select.setLong(3, rebuild.replayTo());
      select.setInt(4, batchSize);
      ResultSet row = Results.byIndex(select);
      List<Entry> entries = new ArrayList<>();
      while (row.next()) {
        entries.add(new Entry(EventJournal.read(row), row.getBoolean(13)));
      }
      return entries;
    }
  }

  /** The event as FAILED, and what follows in its stream up to R as BEHIND: the order stays. */
  private void recordFailed(
      Connection connection,
      Projection<?> projection,
      Rebuild rebuild,
      JournalEvent event,
      HandlerException error)
      throws SQLException {
    SkipRecords.insert(
        connection,
        List.of(
            new NewSkip(
                rebuild.projection(),
                rebuild.generation(),
                event.persistenceId(),
                event.sequenceNumber(),
                event.ordering(),
                SkipReason.FAILED,
                new NewSkip.Failure(
                    error.describe(), projection.failurePolicy().backoffAfter(1)))));
    try (PreparedStatement insert = connection.prepareStatement(recordRestOfStream)) {
      insert.setString(1, rebuild.projection());
      insert.setInt(2, rebuild.generation());
      insert.setString(3, event.persistenceId());
      insert.setLong(4, event.sequenceNumber());
      insert.setLong(5, rebuild.replayTo());
      insert.executeUpdate();
    }
  }
}
