package dev.kintsugi.projections.bulk;

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
 * beginReplay (prepare gather*)* write (prepare gather*)* write …
 * }</pre>
 *
 * <p>For one thread at a time. The caller owns all transactions. A caller whose {@link #write} did
 * not commit, or that lost its place as owner of the rebuild, throws the handler away with all that
 * it remembers.
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

  /**
   * Reads whatever {@link #gather} needs of the read model for these events, and memory lacks.
   *
   * @throws SQLException if the database is at fault; no event is
   */
  public abstract void prepare(Connection connection, List<EventEnvelope<E>> envelopes)
      throws Exception;

  /**
   * Takes in one event, whole or, where it throws, not at all. Touches no database.
   *
   * @throws Exception if the event is at fault
   */
  public abstract void gather(EventEnvelope<E> envelope) throws Exception;

  /**
   * Writes all that was gathered since the last time, in the connection's transaction.
   *
   * @throws SQLException if the database is at fault, or refuses what one of the events came to
   */
  public abstract void write(Connection connection) throws Exception;

  /** About how many bytes it remembers. */
  public abstract long bytes();

  /** Forgets all that was written; what is needed of it is read again. */
  public abstract void forgetWritten();
}
