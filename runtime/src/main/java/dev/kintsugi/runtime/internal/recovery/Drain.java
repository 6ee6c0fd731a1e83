package dev.kintsugi.runtime.internal.recovery;

import dev.kintsugi.runtime.internal.event.EventCodec;
import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.handler.FailureLog;
import dev.kintsugi.runtime.internal.handler.HandlerException;
import dev.kintsugi.runtime.internal.handler.HandlerTarget;
import dev.kintsugi.runtime.internal.handler.ProjectionRegistry;
import dev.kintsugi.runtime.internal.jdbc.BatchSize;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.internal.skip.SkipRecord;
import dev.kintsugi.runtime.internal.skip.SkipRecords;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.status.Generation;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.LoggerFactory;

/**
 * Applies open skip records of a generation and archives them, a batch in a transaction of its own.
 *
 * <p>Like every transaction that touches a read model it takes its id first, then reads the row,
 * then acts on what the row says: it drains a generation that is active and not paused, or one that
 * is rebuilding and whose replay has ended. (Before that, an archived record would no longer keep
 * its event out of the replay.) Two that drain at once do no harm: they wait for each other's rows.
 *
 * <p>The happy path pays for no savepoint. Where a handler throws, the batch is run again, and
 * halved until each poison event is by itself: it costs itself and what is behind it in its stream,
 * and nothing else of the batch.
 */
public final class Drain {

  private final Database database;
  private final EventJournal journal;
  private final EventCodec codec;
  private final ProjectionRegistry registry;
  private final Consumer<Batch> onDrained;
  private final String name;
  private final int generation;
  private final BatchSize batchSize;
  private final FailureLog failureLog = new FailureLog(LoggerFactory.getLogger(Drain.class));

  /** Up to which ordering the pass under way has got; 0 at the beginning of one. */
  private long passedOrdering;

  /**
   * A drain of a generation, from its oldest record on.
   *
   * @param onDrained is told what became of each batch, once it is committed
   */
  public Drain(
      Database database,
      EventJournal journal,
      EventCodec codec,
      ProjectionRegistry registry,
      Consumer<Batch> onDrained,
      DrainSettings settings,
      String projection,
      int generation) {
    this.database = database;
    this.journal = journal;
    this.codec = codec;
    this.registry = registry;
    this.onDrained = onDrained;
    this.name = projection;
    this.generation = generation;
    this.batchSize = new BatchSize(settings.batchSize(), settings.batchTime());
  }

  /** The same, with what a node has. */
  public static Drain of(KintsugiNode node, String projection, int generation) {
    return new Drain(
        node.database(),
        node.journal(),
        node.codec(),
        node.registry(),
        batch -> {
          node.counters()
              .drained(
                  projection,
                  batch.recovered(),
                  batch.parked(),
                  batch.discarded(),
                  batch.deleted());
          node.housekeepingHints().drained(batch.archived());
        },
        DrainSettings.of(node.config().getConfig("recovery")),
        projection,
        generation);
  }

  /**
   * What became of a batch.
   *
   * @param applied records whose events were applied and that are archived now
   * @param unsubscribed records archived with nothing to apply: the projection does not subscribe
   *     to their events
   * @param deleted records archived with nothing to apply, as somebody has deleted their events
   *     from the journal: what only these told is lost
   * @param discarded records that its failure policy gave up for good
   * @param failed records that failed, once more or for the first time, and stay open
   * @param parked how many of these are tried no more until somebody asks for it
   * @param lastOrdering the highest ordering among the records that were looked at; 0 if none was
   * @param isFull whether there may be more to drain at once
   */
  public record Batch(
      int applied,
      int unsubscribed,
      int deleted,
      int discarded,
      int failed,
      int parked,
      long lastOrdering,
      boolean isFull) {
    static final Batch NOTHING = new Batch(0, 0, 0, 0, 0, 0, 0, false);

    /** How many records are open no more. */
    public int archived() {
      return recovered() + deleted + discarded;
    }

    /** How many records are open no more and have lost nothing. */
    public int recovered() {
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
      batch = drain(applier, false);
    } catch (HandlerException e) {
      batch = drain(applier, true);
    }
    onDrained.accept(batch);
    if (batch.isFull()) {
      batchSize.took(size, Duration.between(begin, Instant.now()));
    }
    passedOrdering = batch.isFull() ? batch.lastOrdering() : 0;
    if (!batch.isFull()) {
      // Records are closed that deletions may have waited for.
      journal.carryOutDeletions(database);
    }
    return batch;
  }

  private Batch drain(Applier applier, boolean halves) throws Exception {
    return applier.inTransaction(database, connection -> drain(connection, applier, halves));
  }

  private Batch drain(Connection connection, Applier applier, boolean halves) throws Exception {
    Optional<Generation> row = Generations.findToActOn(connection, name, generation);
    if (row.isEmpty() || row.get().paused() || !Rebuilds.hasReplayEnded(connection, row.get())) {
      return Batch.NOTHING;
    }
    Optional<HandlerTarget> target = registry.target(row.get());
    if (target.isEmpty()) {
      return Batch.NOTHING;
    }
    int limit = batchSize.get();
    List<SkipRecord> records =
        SkipRecords.lockBatch(connection, name, generation, passedOrdering, limit);
    return records.isEmpty()
        ? Batch.NOTHING
        : new DrainBatch(connection, journal, codec, applier, target.get(), failureLog)
            .run(records, halves, records.size() == limit);
  }
}
