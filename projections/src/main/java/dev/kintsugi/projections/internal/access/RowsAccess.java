package dev.kintsugi.projections.internal.access;

import dev.kintsugi.projections.internal.bulk.DeclaredTable;
import dev.kintsugi.projections.internal.definition.TableScript;
import dev.kintsugi.projections.internal.definition.Writing;
import dev.kintsugi.projections.rows.RowMapper;
import dev.kintsugi.projections.rows.RowTable;
import java.util.List;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/** What the tables of rows show the projection that they are of. */
public interface RowsAccess {

  TableScript script(List<RowTable> tables);

  /** What a script has to make that is not the runtime's. */
  List<DeclaredTable> declared(List<RowTable> tables);

  /** A handler for one thread. */
  <E> JdbcHandler<List<EventEnvelope<E>>, JdbcSession> newHandler(
      List<RowTable> tables, RowMapper<E> mapper, Writing writing);
}
