package dev.kintsugi.projections.fold;

import dev.kintsugi.projections.internal.access.FoldAccess;
import dev.kintsugi.projections.internal.definition.TableScript;
import dev.kintsugi.projections.internal.definition.TableScript.Index;
import dev.kintsugi.projections.internal.definition.Writing;
import java.util.List;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/** Folds as a kind of projection. */
final class FoldKind implements FoldAccess {

  @Override
  public TableScript script(Fold<?, ?> fold) {
    return new TableScript(
        "of the fold into " + fold.table(),
        fold.ddl(),
        Index.allOn(fold.table(), fold.indexes()),
        List.of(fold.declared()));
  }

  @Override
  public <E> JdbcHandler<List<EventEnvelope<E>>, JdbcSession> newHandler(
      Fold<E, ?> fold, int version, Writing writing) {
    return new FoldHandler<>(fold, version, writing);
  }
}
