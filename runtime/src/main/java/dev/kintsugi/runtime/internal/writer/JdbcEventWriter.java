package dev.kintsugi.runtime.internal.writer;

import dev.kintsugi.projections.internal.text.StorableText;
import dev.kintsugi.runtime.internal.event.EventCodec;
import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.internal.event.StorageLimits;
import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.handler.HandlerException;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.persistence.AppendRejectedException;
import dev.kintsugi.runtime.persistence.AppendResult;
import dev.kintsugi.runtime.persistence.EventWriter;
import dev.kintsugi.runtime.persistence.StreamAppend;
import dev.kintsugi.runtime.persistence.UnsafeTransactionException;
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

/** The {@link EventWriter} of a node. An append is done behind a savepoint. */
public final class JdbcEventWriter implements EventWriter {

  private final EventJournal journal;
  private final EventCodec codec;
  private final InlineWriter writer;
  private final Database.Preparation schema;

  /**
   * Of a node.
   *
   * @param schema makes sure of the tables, on a connection of its own, before the caller's is used
   */
  public JdbcEventWriter(
      EventJournal journal, EventCodec codec, InlineWriter writer, Database.Preparation schema) {
    this.journal = journal;
    this.codec = codec;
    this.writer = writer;
    this.schema = schema;
  }

  @Override
  public AppendResult append(
      Connection connection, String persistenceId, long expectedSequenceNumber, List<?> events)
      throws SQLException, AppendRejectedException {
    return append(
        connection, List.of(new StreamAppend(persistenceId, expectedSequenceNumber, events)));
  }

  @Override
  public AppendResult append(Connection connection, List<StreamAppend> appends)
      throws SQLException, AppendRejectedException {
    refuseUnfit(appends);
    refuseUnfit(connection);
    schema.ensure();
    List<NewEvent> events = encode(appends);
    Savepoint before = connection.setSavepoint();
    try {
      WrittenAppend written = write(connection, before, appends, events);
      connection.releaseSavepoint(before);
      return appended(appends, written);
    } catch (Throwable e) {
      undo(connection, before, e);
      return conflictOrThrow(connection, appends, e);
    }
  }

  @Override
  public long highestSequenceNumber(Connection connection, String persistenceId)
      throws SQLException {
    StorableText.refusePersistenceId(persistenceId);
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
      throw new UnsafeTransactionException("in autocommit");
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
    StorageLimits.refuseTooLarge(events);
    return events;
  }

  /**
   * The happy path pays for one savepoint. Only when a handler has thrown is the append done again.
   */
  private WrittenAppend write(
      Connection connection, Savepoint before, List<StreamAppend> appends, List<NewEvent> events)
      throws Exception {
    KnownFailures failures = new KnownFailures();
    try (Applier applier = new Applier()) {
      while (true) {
        try {
          return writer.write(connection, applier, events, StreamEnd.of(appends), failures);
        } catch (HandlerException | AppendRejectedException e) {
          connection.rollback(before);
          applier.forget();
          Optional<HandlerException> failure = MovedTables.failureOf(e);
          if (failure.filter(MovedTables::mayBeAtFault).isPresent()
              && MovedTables.areAtFault(connection, failure.get())) {
            continue;
          }
          if (e instanceof HandlerException known) {
            failures.add(known);
          } else {
            throw e;
          }
        }
      }
    }
  }

  private static AppendResult appended(List<StreamAppend> appends, WrittenAppend written) {
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
