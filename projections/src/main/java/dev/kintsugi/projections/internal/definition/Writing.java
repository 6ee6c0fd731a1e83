package dev.kintsugi.projections.internal.definition;

import dev.kintsugi.projections.internal.bulk.IndexBound;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a read model has to be written, as its tables really are. The runtime finds that out when a
 * projection starts: the script says it, not the definition.
 *
 * @param inEventsOrder whether the database can refuse, or change, more than the row at hand: by a
 *     CHECK, a unique index beside the key, a foreign key, a trigger. Then each event's changes are
 *     written in its turn, and transactions apply to the projection one after the other. Otherwise
 *     the changes of many events are combined by key, and written as sets.
 * @param deferredConstraints the names, quoted, of constraints that would be looked at when the
 *     transaction commits. They are looked at after each event instead, so that a violation is that
 *     event's failure.
 * @param bounds how long the values of indexed columns may be; each event is held against them
 * @param place the schema that has the tables; null where the session finds them
 */
public record Writing(
    boolean inEventsOrder,
    List<String> deferredConstraints,
    List<IndexBound> bounds,
    @Nullable String place) {

  /** Nothing the database looks at depends on how events are grouped. */
  public static final Writing AS_SETS = new Writing(false, List.of());

  public Writing {
    deferredConstraints = List.copyOf(deferredConstraints);
    bounds = List.copyOf(bounds);
  }

  /** Of tables with no index on a value that may be too long for it. */
  public Writing(boolean inEventsOrder, List<String> deferredConstraints) {
    this(inEventsOrder, deferredConstraints, List.of(), null);
  }

  /** Of tables that the session finds. */
  public Writing(boolean inEventsOrder, List<String> deferredConstraints, List<IndexBound> bounds) {
    this(inEventsOrder, deferredConstraints, bounds, null);
  }

  /** The same, with other bounds. */
  public Writing within(List<IndexBound> otherBounds) {
    return new Writing(inEventsOrder, deferredConstraints, otherBounds, place);
  }

  /** The same, in tables of a schema. */
  public Writing in(@Nullable String otherPlace) {
    return new Writing(inEventsOrder, deferredConstraints, bounds, otherPlace);
  }

  /** Whether events are handed to the handler one at a time. */
  boolean isOneByOne() {
    return !deferredConstraints.isEmpty();
  }

  /** Whether what many events come to can be written at once. */
  boolean isAsSets() {
    return !inEventsOrder && !isOneByOne();
  }
}
