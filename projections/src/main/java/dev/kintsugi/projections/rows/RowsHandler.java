package dev.kintsugi.projections.rows;

import dev.kintsugi.projections.internal.bulk.BulkHandler;
import dev.kintsugi.projections.internal.definition.Writing;
import java.sql.Connection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;

/** Gathers the changes of rows that a {@link RowMapper} declares; what the runtime runs. */
final class RowsHandler<E> extends BulkHandler<E> {

  private final RowMapper<E> mapper;
  private final Set<RowTable> tables;
  private final RowBounds bounds;
  private final Map<RowTable, PendingRows> pending = new LinkedHashMap<>();
  private boolean isEmpty;
  private boolean isShared = true;

  /** A handler for one thread. */
  RowsHandler(List<RowTable> tables, RowMapper<E> mapper, Writing writing) {
    this.mapper = mapper;
    this.tables = new LinkedHashSet<>(tables);
    this.bounds = new RowBounds(tables, writing.bounds());
    tables.forEach(table -> pending.put(table, new PendingRows(writing.place(), table)));
  }

  @Override
  public void process(JdbcSession session, List<EventEnvelope<E>> envelopes) throws Exception {
    gather(envelopes);
    session.withConnection(
        connection -> {
          write(connection);
          return envelopes;
        });
    written();
  }

  @Override
  public void beginReplay(boolean isEmpty) {
    this.isEmpty = isEmpty;
    this.isShared = false;
    pending.values().forEach(PendingRows::clear);
  }

  @Override
  public boolean readsStored() {
    return false;
  }

  @Override
  public void prepare(Connection connection, List<EventEnvelope<E>> envelopes) {
    // A change needs nothing of the row that it changes.
  }

  @Override
  public void gather(List<EventEnvelope<E>> envelopes) throws Exception {
    RowChanges changes = new RowChanges(tables);
    int from = 0;
    for (int i = 0; i < envelopes.size(); i++) {
      mapper.map(envelopes.get(i), changes);
      if (i + 1 == envelopes.size() || !isOneEvent(envelopes.get(i), envelopes.get(i + 1))) {
        List<RowChanges.Change> all = changes.taken();
        EventSums.check(all.subList(from, all.size()));
        from = all.size();
      }
    }
    bounds.check(changes.taken());
    for (RowChanges.Change change : changes.taken()) {
      Objects.requireNonNull(pending.get(change.table())).add(change);
    }
  }

  /** Whether an event adapter made both of one event. */
  private static boolean isOneEvent(EventEnvelope<?> one, EventEnvelope<?> next) {
    return one.sequenceNr() == next.sequenceNr()
        && one.persistenceId().equals(next.persistenceId());
  }

  @Override
  public void write(Connection connection) throws Exception {
    for (PendingRows rows : pending.values()) {
      rows.write(connection, isEmpty, isShared);
    }
  }

  @Override
  public void written() {
    pending.values().forEach(PendingRows::clear);
    isEmpty = false;
  }

  @Override
  public long bytes() {
    return pending.values().stream().mapToLong(PendingRows::bytes).sum();
  }

  @Override
  public void forgetWritten() {
    // It remembers nothing that was written.
  }
}
