package dev.kintsugi.runtime.internal.recovery;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.internal.event.EventCodec;
import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.internal.event.EventRow;
import dev.kintsugi.runtime.internal.event.JournalEvent;
import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.handler.FailureLog;
import dev.kintsugi.runtime.internal.handler.HandlerException;
import dev.kintsugi.runtime.internal.handler.HandlerTarget;
import dev.kintsugi.runtime.internal.handler.SharedRows;
import dev.kintsugi.runtime.internal.skip.SkipRecord;
import dev.kintsugi.runtime.internal.skip.SkipRecords;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.state.OperationLog;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.skip.SkipOutcome;
import dev.kintsugi.runtime.status.Operation;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/** One batch of a drain, in its transaction, which whoever made it commits or rolls back. */
final class DrainBatch {

  /** A record that can be tried, and its event. */
  private record Attempt(SkipRecord record, JournalEvent event) {}

  private final Connection connection;
  private final EventJournal journal;
  private final EventCodec codec;
  private final Applier applier;
  private final HandlerTarget target;
  private final Projection<?> projection;
  private final FailureLog log;

  private final List<SkipRecord> applied = new ArrayList<>();
  private final List<SkipRecord> unsubscribed = new ArrayList<>();
  private final List<SkipRecord> deleted = new ArrayList<>();
  private final List<SkipRecord> discarded = new ArrayList<>();

  /** Streams of which an earlier record stays open: what is behind it must wait. */
  private final Set<String> held = new HashSet<>();

  private int failed;
  private int parked;
  private boolean stopped;

  DrainBatch(
      Connection connection,
      EventJournal journal,
      EventCodec codec,
      Applier applier,
      HandlerTarget target,
      FailureLog log) {
    this.connection = connection;
    this.journal = journal;
    this.codec = codec;
    this.applier = applier;
    this.target = target;
    this.projection = target.projection();
    this.log = log;
  }

  /**
   * Does all that can be done about some records.
   *
   * @param records locked, in ordering
   * @param halves whether to look for what can't be applied; if not, it is thrown, and the
   *     transaction is to be rolled back
   * @param isFull whether there may be more records than these
   * @throws HandlerException only without halves
   * @throws Exception if the database is at fault
   */
  Drain.Batch run(List<SkipRecord> records, boolean halves, boolean isFull) throws Exception {
    List<Attempt> attempts = attempts(records);
    if (!attempts.isEmpty()) {
      SharedRows.lock(connection, projection);
    }
    if (halves) {
      halve(attempts);
    } else {
      applyAll(attempts);
    }
    SkipRecords.archive(connection, applied, SkipOutcome.APPLIED);
    SkipRecords.archive(connection, unsubscribed, SkipOutcome.UNSUBSCRIBED);
    SkipRecords.archive(connection, deleted, SkipOutcome.DELETED);
    deleted.forEach(this::warnOfDeleted);
    SkipRecords.archive(connection, discarded, SkipOutcome.DISCARDED);
    SkipRecord last = records.get(records.size() - 1);
    Drain.Batch batch =
        new Drain.Batch(
            applied.size(),
            unsubscribed.size(),
            deleted.size(),
            discarded.size(),
            failed,
            parked,
            last.ordering(),
            isFull);
    int drained = batch.archived() - batch.deleted();
    if (drained > 0) {
      Rebuilds.addDrained(connection, last.projection(), last.generation(), drained);
    }
    return batch;
  }

  /** Sorts out what is not to be tried, or not now. */
  private List<Attempt> attempts(List<SkipRecord> records) throws SQLException {
    Map<Long, EventRow> rows = new HashMap<>();
    journal
        .at(connection, records.stream().map(SkipRecord::ordering).toList())
        .forEach(row -> rows.put(row.ordering(), row));
    Map<Long, Set<String>> tags =
        projection.subscription().isByTag() ? journal.tagsOf(connection, rows.values()) : Map.of();
    List<Attempt> attempts = new ArrayList<>(records.size());
    for (SkipRecord record : records) {
      EventRow row = rows.get(record.ordering());
      if (held.contains(record.persistenceId())) {
        continue;
      }
      if (!record.isOpenForAttempt()) {
        held.add(record.persistenceId());
      } else if (!projection.subscription().includesStream(record.persistenceId())) {
        unsubscribed.add(record);
      } else if (row == null) {
        deleted.add(record);
      } else {
        JournalEvent event = codec.decode(row, tags.getOrDefault(row.ordering(), Set.of()));
        if (Applier.isSubscribed(projection, event)) {
          attempts.add(new Attempt(record, event));
        } else {
          unsubscribed.add(record);
        }
      }
    }
    return attempts;
  }

  private void applyAll(List<Attempt> attempts) throws Exception {
    for (Attempt attempt : attempts) {
      applier.apply(connection, target, attempt.event(), Applier.OnThrow.ROLL_BACK);
      applied.add(attempt.record());
    }
    applier.finish(connection, target);
  }

  /** One or more of some attempts fail: finds which, and applies the others. */
  private void halve(List<Attempt> attempts) throws Exception {
    int half = attempts.size() / 2;
    if (half == 0) {
      applyOrHalve(attempts);
    } else {
      applyOrHalve(attempts.subList(0, half));
      applyOrHalve(attempts.subList(half, attempts.size()));
    }
  }

  private void applyOrHalve(List<Attempt> half) throws Exception {
    List<Attempt> attempts = half.stream().filter(this::isNext).toList();
    if (attempts.isEmpty()) {
      return;
    }
    try {
      applier.applyBehindSavepoint(
          connection, target, attempts.stream().map(Attempt::event).toList());
      attempts.forEach(attempt -> applied.add(attempt.record()));
    } catch (HandlerException e) {
      if (attempts.size() > 1) {
        halve(attempts);
      } else {
        failed(attempts.get(0).record(), e);
      }
    }
  }

  private boolean isNext(Attempt attempt) {
    return !stopped && !held.contains(attempt.record().persistenceId());
  }

  private void failed(SkipRecord record, HandlerException error) throws SQLException {
    FailurePolicy policy = error.policy();
    SkipRecords.FailedAgain noted =
        SkipRecords.failedAgain(
            connection,
            record,
            error.describe(),
            withJitter(policy.pauseAfter(record.attempts() + 1)),
            policy.maxElapsed(),
            policy.onGivingUp() == FailurePolicy.OnGivingUp.PARK);
    if (!noted.givenUp()) {
      stays(record);
      return;
    }
    switch (policy.onGivingUp()) {
      case PARK -> parked(record, error);
      case DISCARD -> discarded(noted.record(), error);
      case STOP -> stopped(record, error);
    }
  }

  private void stays(SkipRecord record) {
    held.add(record.persistenceId());
    failed++;
  }

  private void parked(SkipRecord record, HandlerException error) {
    stays(record);
    parked++;
    log.warn(
        "Projection '{}' parked event {} of stream {} (ordering {}) after {} attempts; later events of"
            + " this stream wait behind it. {}. When the handler is mended:"
            + " Kintsugi.skips(\"{}\").retry(SkipFilter.any().inStream(\"{}\"), \"mended\"); to do without it,"
            + " discard it there, with a reason.",
        record.projection(),
        record.sequenceNumber(),
        record.persistenceId(),
        record.ordering(),
        record.attempts() + 1,
        error.firstLine(),
        record.projection(),
        record.persistenceId());
  }

  private void discarded(SkipRecord record, HandlerException error) {
    discarded.add(record);
    log.warn(
        "Projection '{}' discarded event {} of stream {} (ordering {}) after {} attempts, as its failure"
            + " policy says; the read model does without it. {}",
        record.projection(),
        record.sequenceNumber(),
        record.persistenceId(),
        record.ordering(),
        record.attempts() + 1,
        error.firstLine());
  }

  private void stopped(SkipRecord record, HandlerException error) throws SQLException {
    stays(record);
    stopped = true;
    Generations.setPaused(connection, record.projection(), record.generation(), true);
    OperationLog.note(
        connection,
        record.projection(),
        Operation.Kind.PAUSE,
        "recovery",
        "its failure policy is to stop: " + error.firstLine(),
        "event %d of stream %s".formatted(record.sequenceNumber(), record.persistenceId()));
    log.warn(
        "Projection '{}' is paused at event {} of stream {} (ordering {}), which failed {} times, as its"
            + " failure policy says; writers go on and record what comes. {}. When the handler is"
            + " mended: Kintsugi.resume(\"{}\", \"mended\").",
        record.projection(),
        record.sequenceNumber(),
        record.persistenceId(),
        record.ordering(),
        record.attempts() + 1,
        error.firstLine(),
        record.projection());
  }

  private void warnOfDeleted(SkipRecord record) {
    log.warn(
        "Projection '{}' can't apply event {} of stream {} (ordering {}), recorded as {}: it was deleted"
            + " from the journal. Its record is archived as deleted, what only it told is missing from"
            + " the read model, and the stream goes on.",
        record.projection(),
        record.sequenceNumber(),
        record.persistenceId(),
        record.ordering(),
        record.reason());
  }

  private static Duration withJitter(Duration pause) {
    return Duration.ofMillis(
        (long) (pause.toMillis() * ThreadLocalRandom.current().nextDouble(0.8, 1.2)));
  }
}
