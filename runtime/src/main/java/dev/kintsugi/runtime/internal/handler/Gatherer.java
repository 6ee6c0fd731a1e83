package dev.kintsugi.runtime.internal.handler;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.internal.access.SharedSecrets;
import dev.kintsugi.projections.internal.bulk.BulkHandler;
import dev.kintsugi.projections.internal.definition.Definition;
import dev.kintsugi.runtime.internal.event.JournalEvent;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import java.sql.Connection;
import java.util.List;

/**
 * The handler of a replay that gathers in memory what many events come to, given the journal's
 * events. Not thread-safe. The caller owns all transactions, and throws this away where one of them
 * was not committed.
 */
public final class Gatherer<E> {

  private final HandlerTarget target;
  private final Projection<E> projection;
  private final BulkHandler<E> handler;

  private Gatherer(HandlerTarget target, Projection<E> projection, BulkHandler<E> handler) {
    this.target = target;
    this.projection = projection;
    this.handler = handler;
  }

  /**
   * A gatherer with nothing in memory.
   *
   * @param target of one whose handler {@link Definition#gathers gathers}
   * @param isEmpty whether the read model is empty
   */
  public static Gatherer<?> of(HandlerTarget target, boolean isEmpty) {
    return of(target, target.projection(), isEmpty);
  }

  private static <E> Gatherer<E> of(
      HandlerTarget target, Projection<E> projection, boolean isEmpty) {
    BulkHandler<E> handler = (BulkHandler<E>) SharedSecrets.definitionOf(projection).newHandler();
    handler.start();
    handler.beginReplay(isEmpty);
    return new Gatherer<>(target, projection, handler);
  }

  /** Reads what is needed of the read model for these events, if anything is. */
  public void prepare(Database database, List<JournalEvent> events) throws Exception {
    if (handler.readsStored()) {
      List<JournalEvent> subscribed =
          events.stream().filter(event -> Applier.isSubscribed(projection, event)).toList();
      database.inTransaction(
          connection -> {
            handler.prepare(connection, Applier.envelopes(projection, subscribed));
            return subscribed;
          });
    }
  }

  /**
   * Takes in an event, whole or, where it throws, not at all.
   *
   * @return whether the projection subscribes to it
   * @throws HandlerException if it can't be taken in
   */
  public boolean gather(JournalEvent event) throws HandlerException {
    if (event.undecodable() != null) {
      throw new HandlerException(target, event, event.undecodable());
    }
    if (!Applier.isSubscribed(projection, event)) {
      return false;
    }
    try {
      handler.gather(Applier.envelopes(projection, List.of(event)));
    } catch (Throwable e) {
      if (HandlerException.isJvmAtFault(e)) {
        throw (Error) e;
      }
      throw new HandlerException(target, event, e);
    }
    return true;
  }

  /**
   * Writes what was gathered since {@link #written}.
   *
   * @throws Exception if the database is at fault, or one of the events is: see {@link
   *     #isEventAtFault}
   */
  public void write(Connection connection) throws Exception {
    handler.write(connection);
  }

  /** Whether {@link #write} failed for what one of the events came to. */
  public static boolean isEventAtFault(Exception error) {
    return !SqlStates.isTransactionRetriable(error)
        && !SqlStates.isDatabaseAtFault(error)
        && !SqlStates.isNotNow(error);
  }

  /** Says that the transaction of the last {@link #write} was committed. */
  public void written() {
    handler.written();
  }

  /** About how many bytes it remembers. */
  public long bytes() {
    return handler.bytes();
  }

  /** Forgets what was written; what is needed of it is read again. */
  public void forgetWritten() {
    handler.forgetWritten();
  }
}
