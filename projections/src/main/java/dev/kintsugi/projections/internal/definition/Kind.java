package dev.kintsugi.projections.internal.definition;

import java.util.List;
import java.util.function.Function;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/**
 * What a kind of projection is to the runtime.
 *
 * @param calls how its handler is called
 * @param handlers makes a handler, for one thread, of a read model that has to be written so
 */
public record Kind<E>(
    Calls calls,
    Function<Writing, ? extends JdbcHandler<List<EventEnvelope<E>>, JdbcSession>> handlers) {

  /** How a kind's handler is called. */
  public enum Calls {
    /** For each event. */
    FOR_EACH,
    /** For many events at once. */
    FOR_GROUPS,
    /** As a {@link dev.kintsugi.projections.internal.bulk.BulkHandler}, of groups. */
    TO_GATHER
  }
}
