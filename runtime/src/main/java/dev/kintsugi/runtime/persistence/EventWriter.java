package dev.kintsugi.runtime.persistence;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

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
public interface EventWriter {

  /**
   * Appends events to one stream; see {@link #append(Connection, List)}.
   *
   * @param expectedSequenceNumber the stream's highest sequence number as the caller knows it; 0
   *     for a new stream
   * @param events as a persistent actor would persist them, one at least; one in Pekko's {@code
   *     Tagged} has its tags
   */
  AppendResult append(
      Connection connection, String persistenceId, long expectedSequenceNumber, List<?> events)
      throws SQLException, AppendRejectedException;

  /**
   * Appends events to several streams, all or none. Costs three round trips (a savepoint, the
   * append with all that is looked at, the savepoint's release) and those of handlers and skip
   * records; not more for more streams, events or tags.
   *
   * @return {@link AppendResult.Conflict} if a stream's highest sequence number is not the expected
   *     one, lower or higher. Events that were deleted count: they had their numbers.
   * @throws IllegalArgumentException if no stream is named, or one twice, or the connection is none
   *     of PostgreSQL's
   * @throws dev.kintsugi.runtime.persistence.UnstorableEventException if an event can't be
   *     serialized, say, or all of them are too large for one statement; it names the event.
   *     Nothing was sent.
   * @throws UnsafeTransactionException if the connection is in autocommit, or on REPEATABLE READ or
   *     SERIALIZABLE
   * @throws AppendRejectedException if a handler failed and its projection's policy is to reject;
   *     it names projection, stream and number
   * @throws SQLException if the database says no, or the transaction was aborted before
   * @throws dev.kintsugi.runtime.persistence.SchemaException if nobody has used the database
   *     before, and its schema is not as it has to be
   */
  AppendResult append(Connection connection, List<StreamAppend> appends)
      throws SQLException, AppendRejectedException;

  /**
   * A stream's highest sequence number, 0 if it never had an event: what an append expects, for a
   * caller that has no other knowledge of the stream.
   */
  long highestSequenceNumber(Connection connection, String persistenceId) throws SQLException;
}
