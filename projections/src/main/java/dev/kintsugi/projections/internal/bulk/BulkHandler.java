package dev.kintsugi.projections.internal.bulk;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/**
 * A handler that can gather what many events come to in memory, and write it in one transaction at
 * the end.
 *
 * <p>Inline and in recovery it is a handler of groups: {@link #process} reads, gathers and writes
 * in the transaction at hand and remembers nothing of it. In the replay of a rebuild (DESIGN 6,
 * step 4) nobody else writes to the read model, so there its memory outlives a transaction:
 *
 * <pre>{@code
 * beginReplay (prepare gather*)* write commit written (prepare gather*)* write commit written …
 * }</pre>
 *
 * <p>For one thread at a time. The caller owns all transactions. Where it can't tell whether a
 * transaction was committed, or lost its place as owner of the rebuild, it throws the handler away
 * with all that it remembers.
 *
 * @param <E> the class of the events
 */
public abstract class BulkHandler<E> extends JdbcHandler<List<EventEnvelope<E>>, JdbcSession> {

  /**
   * Begins a replay, with an empty memory.
   *
   * @param isEmpty whether the read model is empty
   */
  public abstract void beginReplay(boolean isEmpty);

  /** Whether {@link #prepare} has anything to read. */
  public abstract boolean readsStored();

  /**
   * Reads whatever {@link #gather} needs of the read model for these events, and memory lacks.
   *
   * @throws SQLException if the database is at fault; no event is
   */
  public abstract void prepare(Connection connection, List<EventEnvelope<E>> envelopes)
      throws Exception;

  /**
   * Takes in some events: all of them or, where it throws, none. Touches no database.
   *
   * @throws Exception if one of the events is at fault
   */
  public abstract void gather(List<EventEnvelope<E>> envelopes) throws Exception;

  /**
   * Writes all that was gathered since {@link #written}, in the connection's transaction. That may
   * be rolled back, and this be called again in another.
   *
   * @throws SQLException if the database is at fault, or refuses what one of the events came to
   */
  public abstract void write(Connection connection) throws Exception;

  /** Says that the transaction of the last {@link #write} was committed. */
  public abstract void written();

  /** About how many bytes it remembers. */
  public abstract long bytes();

  /** Forgets what was written; what is needed of it is read again. */
  public abstract void forgetWritten();
}
