-- What a read model has of the journal, for readers without the JVM; the runtime asks them, too. They run with their
-- caller's rights: grant SELECT on event_journal, kintsugi_projection, kintsugi_cursor, kintsugi_skip and
-- kintsugi_skip_archive to who is to call them. For a journal of other names the runtime makes them with those.

-- What a projection's read model has of an event, by stream and sequence number: 'applied' (that, and all before it
-- of its stream), 'failed' (it, or one before it, which is the one named), 'discarded', 'deleted' (from the journal),
-- 'unwritten', 'rebuilding', 'paused', 'behind'. No row if there is no such projection.
CREATE OR REPLACE FUNCTION kintsugi_event_state(TEXT, TEXT, BIGINT)
RETURNS TABLE (state TEXT, generation INTEGER, persistence_id TEXT, sequence_number BIGINT, ordering BIGINT,
  parked BOOLEAN, error TEXT)
LANGUAGE sql STABLE AS $$
  SELECT CASE
      WHEN r.attempts > 0 THEN 'failed'
      WHEN a.outcome IS NOT NULL THEN a.outcome
      WHEN e.ordering IS NULL AND COALESCE(l.last, 0) < $3 THEN 'unwritten'
      WHEN e.ordering IS NULL THEN 'deleted'
      WHEN p.status = 'rebuilding' OR p.status = 'following' AND c.position IS NULL THEN 'rebuilding'
      WHEN r.ordering IS NULL AND (p.status = 'active' OR c.position >= e.ordering) THEN 'applied'
      WHEN p.paused THEN 'paused'
      ELSE 'behind' END,
    p.generation, r.persistence_id::text, r.sequence_number, r.ordering, r.parked_at IS NOT NULL,
    split_part(r.last_error, E'\n', 1)
  FROM (
    SELECT n.* FROM kintsugi_projection n WHERE n.projection = $1 AND n.serving) p
  LEFT JOIN kintsugi_cursor c ON c.projection = p.projection AND c.generation = p.generation
  LEFT JOIN LATERAL (
    SELECT j.ordering AS ordering FROM event_journal j
    WHERE j.persistence_id = $2 AND j.sequence_number = $3) e ON TRUE
  LEFT JOIN LATERAL (
    SELECT max(j.sequence_number) AS last FROM event_journal j WHERE j.persistence_id = $2) l ON TRUE
  LEFT JOIN LATERAL (
    SELECT s.* FROM kintsugi_skip s
    WHERE s.persistence_id = $2 AND s.projection = p.projection AND s.generation = p.generation
      AND s.sequence_number <= $3
    ORDER BY s.sequence_number LIMIT 1) r ON TRUE
  LEFT JOIN LATERAL (
    SELECT t.outcome FROM kintsugi_skip_archive t
    WHERE t.projection = p.projection AND t.generation = p.generation
      AND t.persistence_id = $2 AND t.sequence_number = $3 AND t.outcome IN ('discarded', 'deleted')
    LIMIT 1) a ON TRUE
$$;

-- The same of all events up to an ordering, which is what the offsets of live queries are.
CREATE OR REPLACE FUNCTION kintsugi_offset_state(TEXT, BIGINT)
RETURNS TABLE (state TEXT, generation INTEGER, persistence_id TEXT, sequence_number BIGINT, ordering BIGINT,
  parked BOOLEAN, error TEXT)
LANGUAGE sql STABLE AS $$
  SELECT CASE
      WHEN r.attempts > 0 THEN 'failed'
      WHEN a.outcome IS NOT NULL THEN a.outcome
      WHEN COALESCE(l.last, 0) < $2 THEN 'unwritten'
      WHEN p.status = 'rebuilding' OR p.status = 'following' AND c.position IS NULL THEN 'rebuilding'
      WHEN r.ordering IS NULL AND (p.status = 'active' OR c.position >= $2) THEN 'applied'
      WHEN p.paused THEN 'paused'
      ELSE 'behind' END,
    p.generation, r.persistence_id::text, r.sequence_number, r.ordering, r.parked_at IS NOT NULL,
    split_part(r.last_error, E'\n', 1)
  FROM (
    SELECT n.* FROM kintsugi_projection n WHERE n.projection = $1 AND n.serving) p
  LEFT JOIN kintsugi_cursor c ON c.projection = p.projection AND c.generation = p.generation
  CROSS JOIN LATERAL (SELECT max(j.ordering) AS last FROM event_journal j) l
  LEFT JOIN LATERAL (
    SELECT s.* FROM kintsugi_skip s
    WHERE s.projection || '/' || s.generation::text = p.projection || '/' || p.generation::text
      AND s.ordering <= $2
    ORDER BY (s.attempts > 0) DESC, s.ordering LIMIT 1) r ON TRUE
  LEFT JOIN LATERAL (
    SELECT t.outcome FROM event_journal j
    JOIN kintsugi_skip_archive t ON t.projection = p.projection AND t.generation = p.generation
      AND t.persistence_id = j.persistence_id AND t.sequence_number = j.sequence_number
    WHERE j.ordering = $2 AND t.outcome IN ('discarded', 'deleted')
    LIMIT 1) a ON TRUE
$$;

-- Whether a read model has every event of a stream that this statement can see, but for those that somebody has
-- discarded. NULL if there is no such projection.
CREATE OR REPLACE FUNCTION kintsugi_is_whole(TEXT, TEXT)
RETURNS BOOLEAN
LANGUAGE sql STABLE AS $$
  SELECT (
    SELECT (p.status = 'active' OR p.status = 'following' AND c.position >= COALESCE((
        SELECT j.ordering FROM event_journal j
        WHERE j.persistence_id = $2 ORDER BY j.sequence_number DESC LIMIT 1), 0)) IS TRUE
      AND NOT EXISTS (
        SELECT FROM kintsugi_skip s
        WHERE s.persistence_id = $2 AND s.projection = p.projection AND s.generation = p.generation)
    FROM kintsugi_projection p
    LEFT JOIN kintsugi_cursor c ON c.projection = p.projection AND c.generation = p.generation
    WHERE p.projection = $1 AND p.serving)
$$;

-- Waits until a read model has an event, or never will by itself, or the time is up; returns its state then, as
-- kintsugi_event_state does. On READ COMMITTED only: on another isolation it would wait in vain.
CREATE OR REPLACE FUNCTION kintsugi_await(TEXT, TEXT, BIGINT, INTERVAL)
RETURNS TEXT
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  ends TIMESTAMPTZ := clock_timestamp() + $4;
  pause DOUBLE PRECISION := 0.005;
  found_state TEXT;
BEGIN
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RAISE EXCEPTION 'kintsugi_await waits in vain on %: it sees what there was when the transaction began',
      current_setting('transaction_isolation')
      USING ERRCODE = 'invalid_transaction_state', HINT = 'Call it on READ COMMITTED.';
  END IF;
  LOOP
    SELECT s.state INTO found_state FROM kintsugi_event_state($1, $2, $3) s;
    IF found_state IS NULL THEN
      RAISE EXCEPTION 'there is no projection ''%''', $1 USING ERRCODE = 'undefined_object';
    END IF;
    IF found_state IN ('applied', 'failed', 'discarded', 'deleted') OR clock_timestamp() >= ends THEN
      RETURN found_state;
    END IF;
    PERFORM pg_sleep(GREATEST(0, LEAST(pause, EXTRACT(EPOCH FROM ends - clock_timestamp()))));
    pause := LEAST(pause * 1.5, 0.1);
  END LOOP;
END
$$;

-- Keeps everybody from writing to a read model by the name that its readers use, where that is a view: it is the
-- serving generation's, and what is applied there may be meant for another one.
CREATE OR REPLACE FUNCTION kintsugi_refuse_write()
RETURNS TRIGGER
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%.% is what readers see of a read model, and nobody writes to it by this name',
    TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'object_not_in_prerequisite_state',
      HINT = 'Let the handler name its tables without a schema: it finds those of the generation that it is called for.';
END
$$;
