package dev.kintsugi.runtime.internal.follow;

import dev.kintsugi.runtime.internal.event.JournalEvent;
import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.handler.Applier.OnThrow;
import dev.kintsugi.runtime.internal.handler.HandlerException;
import dev.kintsugi.runtime.internal.handler.HandlerTarget;
import dev.kintsugi.runtime.internal.handler.SharedRows;
import dev.kintsugi.runtime.internal.skip.NewSkip;
import dev.kintsugi.runtime.internal.skip.SkipRecords;
import dev.kintsugi.runtime.skip.SkipReason;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The events of one step of a follower, in its transaction. */
final class FollowBatch {

  private final Connection connection;
  private final Applier applier;
  private final HandlerTarget target;
  private final String projection;
  private final List<NewSkip> records = new ArrayList<>();

  /** Streams of which an event fails here: the later ones wait behind it. */
  private final Set<String> held = new HashSet<>();

  private int applied;
  private int failed;

  FollowBatch(Connection connection, Applier applier, HandlerTarget target) {
    this.connection = connection;
    this.applier = applier;
    this.target = target;
    this.projection = target.projection().name();
  }

  int applied() {
    return applied;
  }

  int failed() {
    return failed;
  }

  int behind() {
    return records.size() - failed;
  }

  /**
   * Applies events or records them.
   *
   * @param halves whether to look for what can't be applied; if not, it is thrown, and the
   *     transaction is to be rolled back
   * @throws HandlerException only without halves
   * @throws Exception if the database is at fault
   */
  void run(List<JournalEvent> events, boolean halves) throws Exception {
    SharedRows.lock(connection, target.projection());
    List<JournalEvent> free = withoutHeld(events);
    if (halves) {
      halve(free);
    } else {
      for (JournalEvent event : free) {
        applier.apply(connection, target, event, OnThrow.ROLL_BACK);
      }
      applier.finish(connection, target);
      applied = free.size();
    }
    SkipRecords.insert(connection, records);
  }

  /**
   * What is behind an open record in its stream is recorded, too, so that the order stays. What has
   * a record is left out: a writer made it, before the generation followed, and it is not archived
   * before this has passed it.
   */
  private List<JournalEvent> withoutHeld(List<JournalEvent> events) throws SQLException {
    if (!SkipRecords.anyOpen(connection, projection, target.generation())) {
      return events;
    }
    Set<String> streams =
        events.stream().map(JournalEvent::persistenceId).collect(Collectors.toSet());
    Map<String, Long> first =
        SkipRecords.first(connection, projection, target.generation(), streams);
    Set<Long> recorded =
        SkipRecords.orderings(
            connection,
            projection,
            target.generation(),
            events.get(0).ordering() - 1,
            events.get(events.size() - 1).ordering());
    List<JournalEvent> free = new ArrayList<>(events.size());
    for (JournalEvent event : events) {
      if (recorded.contains(event.ordering())) {
        continue;
      }
      if (first.getOrDefault(event.persistenceId(), Long.MAX_VALUE) < event.sequenceNumber()) {
        record(event, SkipReason.BEHIND, null);
      } else {
        free.add(event);
      }
    }
    return free;
  }

  /** One or more of some events fail: finds which, and applies the others. */
  private void halve(List<JournalEvent> events) throws Exception {
    int half = events.size() / 2;
    if (half == 0) {
      applyOrHalve(events);
    } else {
      applyOrHalve(events.subList(0, half));
      applyOrHalve(events.subList(half, events.size()));
    }
  }

  private void applyOrHalve(List<JournalEvent> half) throws Exception {
    List<JournalEvent> free = new ArrayList<>(half.size());
    for (JournalEvent event : half) {
      if (held.contains(event.persistenceId())) {
        record(event, SkipReason.BEHIND, null);
      } else {
        free.add(event);
      }
    }
    if (free.isEmpty()) {
      return;
    }
    try {
      applier.applyBehindSavepoint(connection, target, free);
      applied += free.size();
    } catch (HandlerException e) {
      if (free.size() > 1) {
        halve(free);
      } else {
        failed(free.get(0), e);
      }
    }
  }

  private void failed(JournalEvent event, HandlerException error) {
    record(
        event,
        SkipReason.FAILED,
        new NewSkip.Failure(error.describe(), error.policy().pauseAfter(1)));
    held.add(event.persistenceId());
    failed++;
  }

  private void record(JournalEvent event, SkipReason reason, NewSkip.@Nullable Failure failure) {
    records.add(
        new NewSkip(
            projection,
            target.generation(),
            event.persistenceId(),
            event.sequenceNumber(),
            event.ordering(),
            reason,
            failure));
  }
}
