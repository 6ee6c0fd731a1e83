package dev.kintsugi.projections.internal.access;

import dev.kintsugi.projections.fold.Fold;
import dev.kintsugi.projections.internal.definition.TableScript;
import dev.kintsugi.projections.internal.definition.Writing;
import java.util.List;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/** What a fold shows the projection that it is of. */
public interface FoldAccess {

  TableScript script(Fold<?, ?> fold);

  /** A handler for one thread, of a projection in this version. */
  <E> JdbcHandler<List<EventEnvelope<E>>, JdbcSession> newHandler(
      Fold<E, ?> fold, int version, Writing writing);
}
