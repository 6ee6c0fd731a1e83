package dev.kintsugi.runtime.internal.writer;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.internal.event.EventCodec;
import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.internal.event.EventRow;
import dev.kintsugi.runtime.internal.event.JournalEvent;
import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.handler.Applier.OnThrow;
import dev.kintsugi.runtime.internal.handler.HandlerException;
import dev.kintsugi.runtime.internal.handler.HandlerTarget;
import dev.kintsugi.runtime.internal.handler.ProjectionRegistry;
import dev.kintsugi.runtime.internal.skip.SkipRecord;
import dev.kintsugi.runtime.internal.skip.SkipRecords;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Status;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How a writer helps (DESIGN 5, step 4): it applies the older open records of a stream, to archive
 * them, before it applies the stream's new event. Were it to record {@code BEHIND} instead, a hot
 * stream could stay one record ahead of the drain for ever.
 */
final class StreamHelp {

  private final EventJournal journal;
  private final EventCodec codec;
  private final ProjectionRegistry registry;
  private final int helpLimit;

  StreamHelp(EventJournal journal, EventCodec codec, ProjectionRegistry registry, int helpLimit) {
    this.journal = journal;
    this.codec = codec;
    this.registry = registry;
    this.helpLimit = helpLimit;
  }

  /**
   * What came of helping.
   *
   * @param applied records whose events were handed to the handler; to be archived once it has
   *     surely applied them
   * @param unsubscribed records of whose events the projection does not want to know
   * @param mended whether no older record of the stream is open then
   */
  record Helped(List<SkipRecord> applied, List<SkipRecord> unsubscribed, boolean mended) {
    static final Helped NOT = new Helped(List.of(), List.of(), false);

    int records() {
      return applied.size() + unsubscribed.size();
    }
  }

  /**
   * Locks, before the append touches any read model, all records that it may help with: in one
   * statement and in one order, so that it can't deadlock with a drain on them. Waits for a drain
   * that holds them; what that archived is gone then.
   */
  Locked lock(Connection connection, List<ConsultedRows.View> views, List<JournalEvent> appended)
      throws SQLException {
    Set<SkipRecords.Stream> streams = new LinkedHashSet<>();
    for (ConsultedRows.View view : views) {
      streams.addAll(streamsToHelp(view, appended));
    }
    Map<SkipRecords.Stream, List<SkipRecord>> records = new HashMap<>();
    Map<Long, EventRow> rows = new HashMap<>();
    Map<Long, Set<String>> tags = Map.of();
    if (!streams.isEmpty()) {
      streams.forEach(stream -> records.put(stream, new ArrayList<>()));
      List<SkipRecord> locked = SkipRecords.lock(connection, streams);
      for (SkipRecord record : locked) {
        records.computeIfAbsent(streamOf(record), stream -> new ArrayList<>()).add(record);
      }
      journal
          .at(connection, locked.stream().map(SkipRecord::ordering).distinct().toList())
          .forEach(row -> rows.put(row.ordering(), row));
      if (streams.stream().anyMatch(this::isSubscribedByTag)) {
        tags = journal.tagsOf(connection, rows.values());
      }
    }
    return new Locked(records, rows, tags);
  }

  private List<SkipRecords.Stream> streamsToHelp(
      ConsultedRows.View view, List<JournalEvent> appended) {
    Generation generation = view.generation();
    Optional<Projection<?>> projection =
        registry.find(generation.projection(), generation.version());
    if (view.open().isEmpty()
        || projection.isEmpty()
        || generation.paused()
        || generation.status() != Status.ACTIVE) {
      return List.of();
    }
    List<SkipRecords.Stream> streams = new ArrayList<>();
    for (JournalEvent event : appended) {
      ConsultedRows.OpenRecords open = view.open().get(event.persistenceId());
      if (open != null
          && !open.held()
          && open.count() <= helpLimit
          && Applier.isSubscribed(projection.get(), event)) {
        streams.add(
            new SkipRecords.Stream(
                generation.projection(), generation.generation(), event.persistenceId()));
      }
    }
    return streams;
  }

  private boolean isSubscribedByTag(SkipRecords.Stream stream) {
    return registry
        .find(stream.projection())
        .filter(projection -> projection.subscription().isByTag())
        .isPresent();
  }

  private static SkipRecords.Stream streamOf(SkipRecord record) {
    return new SkipRecords.Stream(record.projection(), record.generation(), record.persistenceId());
  }

  /** The records that an append holds the locks of, and the events that they refer to. */
  final class Locked {
    private final Map<SkipRecords.Stream, List<SkipRecord>> records;
    private final Map<Long, EventRow> rows;
    private final Map<Long, Set<String>> tags;

    private Locked(
        Map<SkipRecords.Stream, List<SkipRecord>> records,
        Map<Long, EventRow> rows,
        Map<Long, Set<String>> tags) {
      this.records = records;
      this.rows = rows;
      this.tags = tags;
    }

    /**
     * Applies a stream's open records, as far as that goes.
     *
     * @throws HandlerException if a handler failed, which was not known before
     */
    Helped help(
        Connection connection,
        Applier applier,
        KnownFailures failures,
        HandlerTarget target,
        String persistenceId)
        throws Exception {
      List<SkipRecord> ofStream =
          records.get(
              new SkipRecords.Stream(
                  target.projection().name(), target.generation(), persistenceId));
      if (ofStream == null) {
        return Helped.NOT;
      }
      OnThrow onThrow = failures.onThrow(target);
      List<SkipRecord> applied = new ArrayList<>();
      List<SkipRecord> unsubscribed = new ArrayList<>();
      for (SkipRecord record : ofStream) {
        EventRow row = rows.get(record.ordering());
        if (row == null || !record.isOpenForAttempt()) {
          break;
        }
        JournalEvent event = codec.decode(row, tags.getOrDefault(row.ordering(), Set.of()));
        if (failures.of(target, event).isPresent()) {
          break;
        }
        try {
          boolean subscribed = applier.apply(connection, target, event, onThrow);
          (subscribed ? applied : unsubscribed).add(record);
        } catch (HandlerException e) {
          if (onThrow == OnThrow.ROLL_BACK) {
            throw e;
          }
          break;
        }
      }
      int done = applied.size() + unsubscribed.size();
      return new Helped(applied, unsubscribed, done == ofStream.size());
    }
  }
}
