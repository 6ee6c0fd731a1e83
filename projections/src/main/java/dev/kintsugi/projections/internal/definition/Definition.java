package dev.kintsugi.projections.internal.definition;

import java.util.List;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;
import org.jspecify.annotations.Nullable;

/**
 * What the runtime needs of a projection, and an application does not.
 *
 * @param kind how its handler is called, and how one is made
 * @param script makes its tables
 * @param declaresSharedRows whether its author says that streams share rows
 * @param writing how its read model has to be written; the runtime finds that out
 */
public record Definition<E>(
    Kind<E> kind, TableScript script, boolean declaresSharedRows, Writing writing) {

  /** A definition whose tables nobody has looked at. */
  public Definition(Kind<E> kind, TableScript script, boolean declaresSharedRows) {
    this(kind, script, declaresSharedRows, Writing.AS_SETS);
  }

  /**
   * The same for a read model that has to be written so. A handler's own SQL is not the runtime's
   * to order: of these only the constraints matter.
   */
  public Definition<E> written(Writing writing) {
    boolean ordersWrites = kind.calls() == Kind.Calls.TO_GATHER;
    return new Definition<>(
        kind,
        script,
        declaresSharedRows,
        new Writing(
            ordersWrites && writing.inEventsOrder(),
            writing.deferredConstraints(),
            writing.bounds(),
            writing.place()));
  }

  /** The schema that has the tables; null where the session finds them. */
  public @Nullable String place() {
    return writing.place();
  }

  /**
   * Whether what its handler writes has to be found by the session's {@code search_path}: a
   * handler's own SQL names tables without a schema, and so may triggers of a script. What the
   * runtime writes as sets names its tables in full.
   */
  public boolean isFoundByPath() {
    return writing.place() != null && !gathers();
  }

  /**
   * Whether transactions apply to it one after the other: as its rows are shared between streams,
   * or are {@linkplain Writing#inEventsOrder written in the events' order}, in which no two
   * transactions could lock them without deadlocks.
   */
  public boolean sharesRows() {
    return declaresSharedRows || writing.inEventsOrder();
  }

  /** Whether its handler takes many events in one call. */
  public boolean handlesGroups() {
    return kind.calls() != Kind.Calls.FOR_EACH && !writing.isOneByOne();
  }

  /**
   * Whether its handler is a {@link dev.kintsugi.projections.internal.bulk.BulkHandler}, which can
   * gather in memory what many events come to: that of rows and folds.
   */
  public boolean gathers() {
    return kind.calls() == Kind.Calls.TO_GATHER && writing.isAsSets();
  }

  /** A new handler, for one thread; one that takes no groups is called for each event by itself. */
  public JdbcHandler<List<EventEnvelope<E>>, JdbcSession> newHandler() {
    return kind.handlers().apply(writing);
  }
}
