package dev.kintsugi.projections.rows;

import dev.kintsugi.projections.internal.bulk.IndexBound;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/**
 * Writes the changes of rows that a {@link RowMapper} declares one after the other, in the order in
 * which events come and the mapper says them. For tables whose constraints or triggers look at more
 * than one row: what these say of a change must not depend on which events come in one call.
 */
final class OrderedRowsHandler<E> extends JdbcHandler<List<EventEnvelope<E>>, JdbcSession> {

  private final RowMapper<E> mapper;
  private final Set<RowTable> tables;
  private final RowBounds bounds;
  private final ChangesInTurn inTurn = new ChangesInTurn();

  /** A handler for one thread. */
  OrderedRowsHandler(List<RowTable> tables, RowMapper<E> mapper, List<IndexBound> bounds) {
    this.mapper = mapper;
    this.tables = new LinkedHashSet<>(tables);
    this.bounds = new RowBounds(tables, bounds);
  }

  @Override
  public void process(JdbcSession session, List<EventEnvelope<E>> envelopes) throws Exception {
    RowChanges changes = new RowChanges(tables);
    for (EventEnvelope<E> envelope : envelopes) {
      mapper.map(envelope, changes);
    }
    bounds.check(changes.taken());
    session.withConnection(
        connection -> {
          inTurn.write(connection, changes.taken());
          return envelopes;
        });
  }
}
