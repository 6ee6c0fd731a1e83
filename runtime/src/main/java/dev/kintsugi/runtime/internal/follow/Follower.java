package dev.kintsugi.runtime.internal.follow;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Subscription;
import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.internal.event.JournalEvent;
import dev.kintsugi.runtime.internal.event.OrderingSequence;
import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.handler.HandlerException;
import dev.kintsugi.runtime.internal.handler.HandlerTarget;
import dev.kintsugi.runtime.internal.jdbc.BatchSize;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.internal.state.Cursors;
import dev.kintsugi.runtime.internal.state.Generations;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Has a generation follow the journal (DESIGN 7a), a step at a time. A step is a transaction: an id
 * first, then the row, then the cursor by compare-and-set, and then the events up to where it goes.
 * So two followers do no harm: the second waits for the first, and does nothing. Rows, records and
 * cursor are committed together.
 *
 * <p>What a handler fails on is recorded, and what is behind it in its stream, too; recovery goes
 * on with these. There is nobody to reject an event to: so it is with each failure policy.
 *
 * <p>Where nothing is of interest, the cursor is in memory alone for a while, until somebody stores
 * it for many followers together. Not thread-safe.
 */
public final class Follower {

  static final FollowStep OVERTAKEN =
      new FollowStep.Resting("another follower has moved its cursor");

  /**
   * How long a cursor may be behind what was looked at, where nothing was of interest and nobody
   * has stored it: who catches up over a long history is not among those who wait for more of it.
   */
  static final Duration STORED_AFTER = Duration.ofSeconds(5);

  /**
   * For so long a step is tried again where others keep it from being done, with locks and time
   * limits. After that it is the event's failure, as it is in a drain: one event that is always too
   * slow must not hold up all others for good.
   */
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final Database database;
  private final EventJournal journal;
  private final Projection<?> projection;
  private final HandlerTarget target;
  private final BatchSize batchSize;
  private final boolean synchronousCommit;

  /** Where the row's cursor stands, and up to where all was looked at. */
  private long stored;

  private long position;
  private long storedAt;

  /** Since when a step is kept from being done, by {@link System#nanoTime}; 0 if it is not. */
  private long notNowSince;

  /** The follower of a generation, by the definition that built it. */
  public Follower(
      Database database, EventJournal journal, HandlerTarget target, FollowSettings settings) {
    this.database = database;
    this.journal = journal;
    this.projection = target.projection();
    this.target = target;
    this.batchSize = new BatchSize(settings.batchSize(), settings.batchTime());
    this.synchronousCommit = settings.synchronousCommit();
  }

  /** Up to where all was looked at. */
  public long position() {
    return position;
  }

  Subscription<?> subscription() {
    return projection.subscription();
  }

  /** Where it stands, for who stores it for many ({@link IdleCursors}). */
  Standing standing() {
    return new Standing(
        projection.name(), target.generation(), projection.version(), stored, position);
  }

  /** Somebody has stored how far it has come. */
  void isStored() {
    arrivedAt(position);
  }

  /**
   * Goes to where the row says that the generation stands; the first step, and the one after
   * whatever went wrong.
   *
   * @throws Exception if the database is at fault
   */
  public FollowStep open() throws Exception {
    return database.inTransaction(
        connection -> {
          Optional<FollowStep> rest =
              standing().rest(Generations.find(connection, projection.name(), target.generation()));
          if (rest.isPresent()) {
            return rest.get();
          }
          OptionalLong cursor = Cursors.find(connection, projection.name(), target.generation());
          if (cursor.isEmpty()) {
            return new FollowStep.Resting("it is being built");
          }
          OptionalLong last = OrderingSequence.lastValue(connection, journal.orderings());
          if (last.isPresent() && last.getAsLong() < cursor.getAsLong()) {
            return new FollowStep.BeyondJournal(cursor.getAsLong(), last.getAsLong());
          }
          arrivedAt(cursor.getAsLong());
          return new FollowStep.Moved(position, 0, 0, 0);
        });
  }

  private void arrivedAt(long at) {
    stored = at;
    position = at;
    storedAt = System.nanoTime();
  }

  /**
   * Goes on over a page, or a part of it: then it is to be called again with the same.
   *
   * @param page begins at or before its position, and ends behind it
   * @throws Exception if the database is at fault, or others keep it from being done: nothing was
   *     done, and it is to be {@linkplain #open() opened} after a pause
   */
  public FollowStep take(Applier applier, JournalPage page) throws Exception {
    if (!page.covers(position)) {
      throw new IllegalArgumentException(
          "projection '%s' stands at %d, and the page is of %d to %d"
              .formatted(projection.name(), position, page.after(), page.upTo()));
    }
    int limit = batchSize.get();
    List<JournalEvent> events = new ArrayList<>();
    long upTo = page.upTo();
    for (SharedEvent event : page.behind(position).events()) {
      if (events.size() == limit) {
        upTo = events.get(limit - 1).ordering();
        break;
      }
      if (projection.subscription().includes(event.persistenceId(), event.tags())
          && Applier.isSubscribed(projection, event.decoded())) {
        events.add(event.decoded());
      }
    }
    if (events.isEmpty()) {
      position = upTo;
      return isToBeStored() ? store() : new FollowStep.Moved(position, 0, 0, 0);
    }
    long begin = System.nanoTime();
    FollowStep step = apply(applier, events, upTo);
    batchSize.took(events.size(), Duration.ofNanos(System.nanoTime() - begin));
    return step;
  }

  private boolean isToBeStored() {
    return System.nanoTime() - storedAt > STORED_AFTER.toNanos();
  }

  /**
   * Stores how far it has come where nothing was of interest.
   *
   * @throws Exception if the database is at fault
   */
  public FollowStep store() throws Exception {
    long to = position;
    FollowStep step =
        database.inTransaction(
            connection -> begin(connection, to).orElseGet(() -> new FollowStep.Moved(to, 0, 0, 0)));
    if (step instanceof FollowStep.Moved) {
      arrivedAt(to);
    }
    return step;
  }

  private FollowStep apply(Applier applier, List<JournalEvent> events, long upTo) throws Exception {
    FollowStep step;
    try {
      step = apply(applier, events, upTo, false);
    } catch (HandlerException e) {
      if (SqlStates.isNotNow(e) && isPatient()) {
        throw e;
      }
      step = apply(applier, events, upTo, true);
    }
    if (step instanceof FollowStep.Moved) {
      arrivedAt(upTo);
      notNowSince = 0;
    }
    return step;
  }

  private boolean isPatient() {
    long now = System.nanoTime();
    if (notNowSince == 0) {
      notNowSince = now;
    }
    return now - notNowSince < PATIENCE.toNanos();
  }

  private FollowStep apply(Applier applier, List<JournalEvent> events, long upTo, boolean halves)
      throws Exception {
    return applier.inTransaction(
        database,
        connection -> {
          Optional<FollowStep> rest = begin(connection, upTo);
          if (rest.isPresent()) {
            return rest.get();
          }
          FollowBatch batch = new FollowBatch(connection, applier, target);
          batch.run(events, halves);
          return new FollowStep.Moved(upTo, batch.applied(), batch.failed(), batch.behind());
        });
  }

  /** An id first, then the row, then the cursor: what is done after that is done by one alone. */
  private Optional<FollowStep> begin(Connection connection, long upTo) throws SQLException {
    Optional<FollowStep> rest =
        standing()
            .rest(Generations.findToActOn(connection, projection.name(), target.generation()));
    if (rest.isPresent()) {
      return rest;
    }
    return move(connection, upTo) ? Optional.empty() : Optional.of(OVERTAKEN);
  }

  private boolean move(Connection connection, long upTo) throws SQLException {
    String name = projection.name();
    int generation = target.generation();
    return synchronousCommit
        ? Cursors.move(connection, name, generation, stored, upTo)
        : Cursors.moveUnflushed(connection, name, generation, stored, upTo);
  }
}
