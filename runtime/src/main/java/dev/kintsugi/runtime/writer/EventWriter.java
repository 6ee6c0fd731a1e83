package dev.kintsugi.runtime.writer;

import dev.kintsugi.runtime.event.EventCodec;
import dev.kintsugi.runtime.event.EventJournal;
import dev.kintsugi.runtime.event.Limits;
import dev.kintsugi.runtime.event.NewEvent;
import dev.kintsugi.runtime.handler.Applier;
import dev.kintsugi.runtime.handler.HandlerException;
import dev.kintsugi.runtime.jdbc.Database;
import dev.kintsugi.runtime.jdbc.SqlStates;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Appends events from plain JDBC code, a Spring service or a batch job, in a transaction of the
 * application's own, by the protocol of the journal (DESIGN 5): what else the transaction writes,
 * the events, the read models and the skip records are stored together, or not at all.
 *
 * <pre>{@code
 * AppendResult result = writer.append(connection, "Order|17", 3, List.of(new Shipped("17")));
 * if (result instanceof AppendResult.Conflict conflict) {
 *   // somebody was faster: read the order again, and decide again
 * }
 * }</pre>
 *
 * <p><b>Transaction.</b> It is the caller's, who begins, commits and rolls it back; it must be on
 * READ COMMITTED. Within it an append is all or nothing: it is done behind a savepoint, and after a
 * {@link AppendResult.Conflict} or an exception nothing of it is left and the transaction can be
 * used as before, unless the connection is lost. Whether it is stored in the end the writer never
 * learns, so the node's counters leave it out, and live queries find it at their next look. A
 * savepoint does not change the protocol: {@code pg_current_xact_id()} is the id of the transaction
 * as a whole, and that is what fences wait for.
 *
 * <p><b>Keep it short</b> once it has appended. Until it ends, fences of rebuilds wait for it, a
 * persistent actor or another writer that appends to one of these streams waits for it (with the
 * journal's lane that the actor is on), and so do all that change the same rows of a read model.
 *
 * <p><b>Deadlocks</b> (SQLSTATE 40P01) and serialization failures (40001) come as {@link
 * SQLException}: roll back and run the whole transaction again. One append of several streams
 * deadlocks less than several appends, and so do transactions that name their streams in the same
 * order. One append also takes one subtransaction; beyond 64 of these in a transaction PostgreSQL
 * slows down for everybody.
 *
 * <p><b>Beside persistent actors</b> on the same stream: who comes later loses. Here that is a
 * {@link AppendResult.Conflict}; an actor's {@code persist} fails, and it must be started again
 * (with a supervision strategy, say) to see what it did not know of. But a classic actor that goes
 * on after an event of it was rejected passes over that event's number, and never notices one that
 * was appended here under it: let it stop in {@code onPersistRejected}, as typed actors do.
 *
 * <p><b>Connection.</b> From whichever pool, as long as it can be unwrapped to one of PostgreSQL's
 * driver. It must be to the database that {@code kintsugi.jdbc} names, and find the same tables by
 * its search path.
 *
 * <p><b>Threads.</b> Any number may share a writer; a call blocks for the database. Handlers of
 * projections run on the calling thread, in instances made for the call: the caller may still roll
 * back, and no handler may go on with a memory of what never was.
 */
public final class EventWriter {

  private final EventJournal journal;
  private final EventCodec codec;
  private final InlineWriter writer;
  private final Database.Preparation schema;

  /**
   * Of a node; applications get it by {@code Kintsugi.get(system).eventWriter()}.
   *
   * @param schema makes sure of the tables, on a connection of its own, before the caller's is used
   */
  public EventWriter(
      EventJournal journal, EventCodec codec, InlineWriter writer, Database.Preparation schema) {
    this.journal = journal;
    this.codec = codec;
    this.writer = writer;
    this.schema = schema;
  }

  /**
   * Appends events to one stream; see {@link #append(Connection, List)}.
   *
   * @param expectedSequenceNumber the stream's highest sequence number as the caller knows it; 0
   *     for a new stream
   * @param events as a persistent actor would persist them, one at least; one in Pekko's {@code
   *     Tagged} has its tags
   */
  public AppendResult append(
      Connection connection, String persistenceId, long expectedSequenceNumber, List<?> events)
      throws SQLException, AppendRejectedException {
    return append(
        connection, List.of(new StreamAppend(persistenceId, expectedSequenceNumber, events)));
  }

  /**
   * Appends events to several streams, all or none. Costs three round trips (a savepoint, the
   * append with all that is looked at, the savepoint's release) and those of handlers and skip
   * records; not more for more streams, events or tags.
   *
   * @return {@link AppendResult.Conflict} if a stream's highest sequence number is not the expected
   *     one, lower or higher. Events that were deleted count: they had their numbers.
   * @throws IllegalArgumentException if no stream is named, or one twice, or the connection is none
   *     of PostgreSQL's
   * @throws dev.kintsugi.runtime.event.UnstorableEventException if an event can't be serialized,
   *     say, or all of them are too large for one statement; it names the event. Nothing was sent.
   * @throws UnsafeTransactionException if the connection is in autocommit, or on REPEATABLE READ or
   *     SERIALIZABLE
   * @throws AppendRejectedException if a handler failed and its projection's policy is to reject;
   *     it names projection, stream and number
   * @throws SQLException if the database says no, or the transaction was aborted before
   * @throws dev.kintsugi.runtime.schema.SchemaException if nobody has used the database before, and
   *     its schema is not as it has to be
   */
  public AppendResult append(Connection connection, List<StreamAppend> appends)
      throws SQLException, AppendRejectedException {
    refuseUnfit(appends);
    refuseUnfit(connection);
    schema.ensure();
    List<NewEvent> events = encode(appends);
    Savepoint before = connection.setSavepoint();
    try {
      Written written = write(connection, before, appends, events);
      connection.releaseSavepoint(before);
      return appended(appends, written);
    } catch (Throwable e) {
      undo(connection, before, e);
      return conflictOrThrow(connection, appends, e);
    }
  }

  /**
   * A stream's highest sequence number, 0 if it never had an event: what an append expects, for a
   * caller that has no other knowledge of the stream.
   */
  public long highestSequenceNumber(Connection connection, String persistenceId)
      throws SQLException {
    Limits.refusePersistenceId(persistenceId);
    schema.ensure();
    return journal.highestSequenceNumber(connection, persistenceId);
  }

  private static void refuseUnfit(List<StreamAppend> appends) {
    if (appends.isEmpty()) {
      throw new IllegalArgumentException("there is nothing to append: no stream is named");
    }
    Set<String> named = new HashSet<>();
    for (StreamAppend append : appends) {
      if (!named.add(append.persistenceId())) {
        throw new IllegalArgumentException(
            "stream '%s' is named twice in one append; give all its events at once"
                .formatted(append.persistenceId()));
      }
    }
  }

  private static void refuseUnfit(Connection connection) throws SQLException {
    Database.refuseForeign(connection);
    if (connection.getAutoCommit()) {
      throw UnsafeTransactionException.inAutocommit();
    }
    if (Database.isAborted(connection)) {
      throw new SQLException(
          "A statement failed in this transaction before the append; it can only be rolled back",
          SqlStates.IN_FAILED_TRANSACTION);
    }
  }

  /**
   * Each append counts as a writer of its own, as each incarnation of a persistent actor does. Were
   * it one name for all, an event of it after one of an actor's, after one of it, would be an old
   * writer's to Pekko, which leaves out such events when it recovers an actor.
   */
  private List<NewEvent> encode(List<StreamAppend> appends) {
    String writerId = UUID.randomUUID().toString();
    long now = System.currentTimeMillis();
    List<NewEvent> events = new ArrayList<>();
    for (StreamAppend append : appends) {
      long sequenceNumber = append.first();
      for (Object event : append.events()) {
        events.add(
            codec.adaptAndEncode(append.persistenceId(), sequenceNumber++, writerId, event, now));
      }
    }
    Limits.refuseTooLarge(events);
    return events;
  }

  /**
   * The happy path pays for one savepoint. Only when a handler has thrown is the append done again.
   */
  private Written write(
      Connection connection, Savepoint before, List<StreamAppend> appends, List<NewEvent> events)
      throws Exception {
    KnownFailures failures = new KnownFailures();
    try (Applier applier = new Applier()) {
      while (true) {
        try {
          return writer.write(connection, applier, events, StreamEnd.of(appends), failures);
        } catch (HandlerException e) {
          connection.rollback(before);
          applier.forget();
          failures.add(e);
        }
      }
    }
  }

  private static AppendResult appended(List<StreamAppend> appends, Written written) {
    Map<String, Long> sequenceNumbers = new HashMap<>();
    appends.forEach(append -> sequenceNumbers.put(append.persistenceId(), append.last()));
    Map<String, AppendResult.Projected> projections = new HashMap<>();
    written
        .projections()
        .forEach(
            (projection, counts) ->
                projections.put(
                    projection,
                    new AppendResult.Projected(counts.appliedInline(), counts.recordedByReason())));
    return new AppendResult.Appended(sequenceNumbers, projections);
  }

  private static void undo(Connection connection, Savepoint before, Throwable why)
      throws SQLException {
    try {
      connection.rollback(before);
      connection.releaseSavepoint(before);
    } catch (SQLException e) {
      SQLException both =
          new SQLException(
              "An append failed and can't be undone by itself, so the transaction must be rolled"
                  + " back: "
                  + why,
              SqlStates.of(why).orElse(e.getSQLState()),
              why);
      both.addSuppressed(e);
      throw both;
    }
  }

  /** Why an append failed that has been undone. */
  private AppendResult conflictOrThrow(
      Connection connection, List<StreamAppend> appends, Throwable why)
      throws SQLException, AppendRejectedException {
    if (why instanceof ConflictException e) {
      return e.conflict();
    }
    if (why instanceof AppendRejectedException e) {
      throw e;
    }
    if (why instanceof SQLException e) {
      Optional<AppendResult.Conflict> conflict =
          SqlStates.isUniqueViolation(e) ? conflict(connection, appends) : Optional.empty();
      if (conflict.isPresent()) {
        return conflict.get();
      }
      throw e;
    }
    Optional<String> state = SqlStates.of(why);
    if (state.isPresent()) {
      throw new SQLException("An append failed by no fault of its own: " + why, state.get(), why);
    }
    if (why instanceof Error e) {
      throw e;
    }
    throw why instanceof RuntimeException e ? e : new IllegalStateException(why);
  }

  /**
   * Another writer was faster, and its events are there by now: that is what a unique violation in
   * the journal says. (A handler's never gets here, it is the handler's failure.) If all streams
   * are where they were expected to be, it was another index that was violated, and no conflict.
   */
  private Optional<AppendResult.Conflict> conflict(
      Connection connection, List<StreamAppend> appends) throws SQLException {
    for (StreamAppend append : appends) {
      long actual = journal.highestSequenceNumber(connection, append.persistenceId());
      if (actual != append.expectedSequenceNumber()) {
        return Optional.of(
            new AppendResult.Conflict(
                append.persistenceId(), append.expectedSequenceNumber(), actual));
      }
    }
    return Optional.empty();
  }
}
