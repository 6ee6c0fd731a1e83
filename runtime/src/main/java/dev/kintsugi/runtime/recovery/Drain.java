package dev.kintsugi.runtime.recovery;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.event.EventCodec;
import dev.kintsugi.runtime.event.EventJournal;
import dev.kintsugi.runtime.event.EventRow;
import dev.kintsugi.runtime.handler.Applier;
import dev.kintsugi.runtime.handler.Applier.OnThrow;
import dev.kintsugi.runtime.handler.HandlerException;
import dev.kintsugi.runtime.handler.Registry;
import dev.kintsugi.runtime.handler.SharedRows;
import dev.kintsugi.runtime.jdbc.BatchSize;
import dev.kintsugi.runtime.jdbc.Database;
import dev.kintsugi.runtime.node.Counters;
import dev.kintsugi.runtime.node.Node;
import dev.kintsugi.runtime.skip.Outcome;
import dev.kintsugi.runtime.skip.SkipRecord;
import dev.kintsugi.runtime.skip.SkipRecords;
import dev.kintsugi.runtime.state.Generation;
import dev.kintsugi.runtime.state.Generations;
import dev.kintsugi.runtime.state.Phase;
import dev.kintsugi.runtime.state.Rebuilds;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies open skip records of a generation and archives them, a batch in a transaction of its own.
 *
 * <p>Like every transaction that touches a read model it takes its id first, then reads the row,
 * then acts on what the row says: it drains a generation that is active and not paused, or one that
 * is rebuilding and whose replay has ended. (Before that, an archived record would no longer keep
 * its event out of the replay.) Two that drain at once do no harm: they wait for each other's rows.
 *
 * <p>Where a handler throws, the batch is run again with a savepoint before each event: every
 * poison event of the batch is found in one pass, and costs only itself and what is behind it in
 * its stream.
 */
public final class Drain {

  private static final Logger log = LoggerFactory.getLogger(Drain.class);

  private final Database database;
  private final EventJournal journal;
  private final EventCodec codec;
  private final Registry registry;
  private final Counters counters;
  private final String name;
  private final int generation;
  private final BatchSize batchSize;

  /** Up to which ordering the pass under way has got; 0 at the beginning of one. */
  private long passedOrdering;

  /** A drain of a generation, from its oldest record on. */
  public Drain(
      Database database,
      EventJournal journal,
      EventCodec codec,
      Registry registry,
      Counters counters,
      DrainSettings settings,
      String projection,
      int generation) {
    this.database = database;
    this.journal = journal;
    this.codec = codec;
    this.registry = registry;
    this.counters = counters;
    this.name = projection;
    this.generation = generation;
    this.batchSize = new BatchSize(settings.batchSize(), settings.batchTime());
  }

  /** The same, with what a node has. */
  public static Drain of(Node node, String projection, int generation) {
    return new Drain(
        node.database(),
        node.journal(),
        node.codec(),
        node.registry(),
        node.counters(),
        DrainSettings.of(node.config().getConfig("recovery")),
        projection,
        generation);
  }

  /**
   * What became of a batch.
   *
   * @param applied records whose events were applied and that are archived now
   * @param unsubscribed records archived because the projection does not subscribe to their events
   * @param failed records that failed, once more or for the first time, and stay open
   * @param lastOrdering the highest ordering among the records that were looked at; 0 if none was
   * @param isFull whether there may be more to drain at once
   */
  public record Batch(
      int applied, int unsubscribed, int failed, long lastOrdering, boolean isFull) {
    static final Batch NOTHING = new Batch(0, 0, 0, 0, false);

    /** How many records are open no more. */
    public int archived() {
      return applied + unsubscribed;
    }
  }

  /**
   * Drains one batch.
   *
   * @throws Exception if the database is at fault; no record's attempts are counted then
   */
  public Batch next(Applier applier) throws Exception {
    Instant begin = Instant.now();
    int size = batchSize.get();
    Batch batch;
    try {
      batch = drain(applier, OnThrow.ROLL_BACK);
    } catch (HandlerException e) {
      batch = drain(applier, OnThrow.SAVEPOINT);
    }
    counters.recovered(name, batch.archived());
    if (batch.isFull()) {
      batchSize.took(size, Duration.between(begin, Instant.now()));
    }
    passedOrdering = batch.isFull() ? batch.lastOrdering() : 0;
    return batch;
  }

  private Batch drain(Applier applier, OnThrow onThrow) throws Exception {
    return database.inTransaction(
        connection -> {
          try {
            return drain(connection, applier, onThrow);
          } catch (Throwable e) {
            applier.forget();
            throw e;
          }
        });
  }

  private Batch drain(Connection connection, Applier applier, OnThrow onThrow) throws Exception {
    Optional<Generation> row = Generations.findToActOn(connection, name);
    if (row.isEmpty() || row.get().generation() != generation || !mayDrain(connection, row.get())) {
      return Batch.NOTHING;
    }
    Optional<Projection<?>> projection = registry.find(name, row.get().version());
    if (projection.isEmpty()) {
      return Batch.NOTHING;
    }
    int limit = batchSize.get();
    List<SkipRecord> records =
        SkipRecords.lockBatch(connection, name, generation, passedOrdering, limit);
    return records.isEmpty()
        ? Batch.NOTHING
        : new BatchRun(connection, applier, projection.get(), onThrow)
            .run(records, records.size() == limit);
  }

  private static boolean mayDrain(Connection connection, Generation row) throws SQLException {
    if (row.paused()) {
      return false;
    }
    return switch (row.status()) {
      case ACTIVE -> true;
      case REBUILDING ->
          Rebuilds.find(connection, row.projection(), row.generation())
              .filter(rebuild -> rebuild.phase() == Phase.DRAIN)
              .isPresent();
    };
  }

  private final class BatchRun {
    private final Connection connection;
    private final Applier applier;
    private final Projection<?> projection;
    private final OnThrow onThrow;
    private final List<SkipRecord> applied = new ArrayList<>();
    private final List<SkipRecord> unsubscribed = new ArrayList<>();
    private final Set<String> held = new HashSet<>();
    private int failed;

    BatchRun(Connection connection, Applier applier, Projection<?> projection, OnThrow onThrow) {
      this.connection = connection;
      this.applier = applier;
      this.projection = projection;
      this.onThrow = onThrow;
    }

    Batch run(List<SkipRecord> records, boolean isFull) throws Exception {
      Map<Long, EventRow> rows = new HashMap<>();
      journal
          .at(connection, records.stream().map(SkipRecord::ordering).toList())
          .forEach(row -> rows.put(row.ordering(), row));
      SharedRows.lock(connection, projection);
      for (SkipRecord record : records) {
        if (held.contains(record.persistenceId())) {
          continue;
        }
        if (!record.isOpenForAttempt()) {
          held.add(record.persistenceId());
          continue;
        }
        EventRow row = rows.get(record.ordering());
        if (row == null) {
          failed(record, "The event is no longer in the journal.", Duration.ZERO);
        } else {
          attempt(record, row);
        }
      }
      applier.finish(connection, projection);
      SkipRecords.archive(connection, applied, Outcome.APPLIED);
      SkipRecords.archive(connection, unsubscribed, Outcome.UNSUBSCRIBED);
      long lastOrdering = records.get(records.size() - 1).ordering();
      Batch batch = new Batch(applied.size(), unsubscribed.size(), failed, lastOrdering, isFull);
      if (batch.archived() > 0) {
        Rebuilds.addDrained(connection, name, generation, batch.archived());
      }
      return batch;
    }

    private void attempt(SkipRecord record, EventRow row) throws Exception {
      try {
        boolean subscribed = applier.apply(connection, projection, codec.decode(row), onThrow);
        (subscribed ? applied : unsubscribed).add(record);
      } catch (HandlerException e) {
        if (onThrow == OnThrow.ROLL_BACK) {
          throw e;
        }
        failed(record, e.describe(), projection.failurePolicy().maxElapsed());
      }
    }

    private void failed(SkipRecord record, String error, Duration maxElapsed) throws SQLException {
      FailurePolicy policy = projection.failurePolicy();
      boolean parked =
          SkipRecords.failedAgain(
              connection,
              record,
              error,
              withJitter(policy.backoffAfter(record.attempts() + 1)),
              maxElapsed);
      held.add(record.persistenceId());
      failed++;
      if (parked) {
        log.warn(
            "Projection '{}' parked event {} of stream {} after {} attempts; later events of this"
                + " stream wait behind it. {}",
            record.projection(),
            record.sequenceNumber(),
            record.persistenceId(),
            record.attempts() + 1,
            error.lines().findFirst().orElse(""));
      }
    }

    private static Duration withJitter(Duration backoff) {
      return Duration.ofMillis(
          (long) (backoff.toMillis() * ThreadLocalRandom.current().nextDouble(0.8, 1.2)));
    }
  }
}
