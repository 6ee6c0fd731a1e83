package dev.kintsugi.projections.rows;

import org.apache.pekko.projection.eventsourced.EventEnvelope;

/**
 * Says what an event changes.
 *
 * <pre>{@code
 * (envelope, rows) ->
 *     rows.upsert(FILES, envelope.event().path())
 *         .set("last_author", envelope.event().author())
 *         .increment("changes", 1)
 * }</pre>
 *
 * <p>Called once an event, on the writer's thread or the rebuild's; from several threads at a time,
 * so it keeps no state. What it throws fails the event, none of whose changes are made then.
 *
 * <p>The order in which an event says its changes means something for changes of the same row. In
 * tables whose script has constraints it means something for all of them: the database looks at
 * each change when it is made. So make a parent before its children, delete children before their
 * parent, and free a unique value before another row takes it.
 */
@FunctionalInterface
public interface RowMapper<E> {
  void map(EventEnvelope<E> envelope, RowChanges rows) throws Exception;
}
