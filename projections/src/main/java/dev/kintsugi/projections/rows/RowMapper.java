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
 */
@FunctionalInterface
public interface RowMapper<E> {
  void map(EventEnvelope<E> envelope, RowChanges rows) throws Exception;
}
