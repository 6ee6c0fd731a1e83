package dev.kintsugi.projections.rows;

import static java.util.stream.Collectors.joining;

import dev.kintsugi.projections.internal.access.RowsAccess;
import dev.kintsugi.projections.internal.bulk.DeclaredTable;
import dev.kintsugi.projections.internal.definition.TableScript;
import dev.kintsugi.projections.internal.definition.TableScript.Index;
import dev.kintsugi.projections.internal.definition.Writing;
import java.util.List;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/** Rows as a kind of projection. */
final class RowsKind implements RowsAccess {

  @Override
  public TableScript script(List<RowTable> tables) {
    return new TableScript(
        "of the rows in " + tables.stream().map(RowTable::name).toList(),
        tables.stream().map(RowTable::ddl).collect(joining()),
        tables.stream()
            .flatMap(table -> Index.allOn(table.name(), table.indexes()).stream())
            .toList(),
        declared(tables));
  }

  @Override
  public List<DeclaredTable> declared(List<RowTable> tables) {
    return tables.stream().map(RowTable::declared).toList();
  }

  @Override
  public <E> JdbcHandler<List<EventEnvelope<E>>, JdbcSession> newHandler(
      List<RowTable> tables, RowMapper<E> mapper, Writing writing) {
    return writing.inEventsOrder()
        ? new OrderedRowsHandler<>(tables, mapper, writing.bounds())
        : new RowsHandler<>(tables, mapper, writing);
  }
}
