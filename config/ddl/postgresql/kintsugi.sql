-- Kintsugi's own tables. PostgreSQL 13 or newer.
--
-- The runtime runs it statement by statement, each only where the catalog shows that it has not been done. By hand:
-- beside a long reader (a dump) its ALTER TABLE wait, and writers behind them; SET lock_timeout = '1s' before it,
-- and run it again until it succeeds.

-- What writers consult in every append: one row for each generation that is not retired. Tiny and
-- narrow; counters and progress live in kintsugi_rebuild.
CREATE TABLE IF NOT EXISTS kintsugi_projection (
  projection TEXT    NOT NULL CHECK (projection ~ '^[a-z][a-z0-9_]{0,47}$'),
  generation INTEGER NOT NULL CHECK (generation > 0),
  status     TEXT    NOT NULL CHECK (status IN ('rebuilding', 'active', 'following')),
  paused     BOOLEAN NOT NULL DEFAULT FALSE,
  version    INTEGER NOT NULL CHECK (version > 0),
  returns_to INTEGER,
  serving    BOOLEAN NOT NULL DEFAULT TRUE,
  place      TEXT,
  PRIMARY KEY (projection, generation)
) WITH (fillfactor = 50);

-- While a rebuild by another version can still be stopped with nothing lost: the version that would be active
-- again. Writers record what either may subscribe to.
ALTER TABLE kintsugi_projection ADD COLUMN IF NOT EXISTS returns_to INTEGER;

-- Of several generations of a projection readers see the one that serves. "place" is the schema that has its tables,
-- and the names that readers use are views then; NULL where the tables themselves have these names.
ALTER TABLE kintsugi_projection ADD COLUMN IF NOT EXISTS serving BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE kintsugi_projection ADD COLUMN IF NOT EXISTS place TEXT;
CREATE UNIQUE INDEX IF NOT EXISTS kintsugi_projection_serving_idx ON kintsugi_projection (projection) WHERE serving;

-- One that was made before projections could follow the journal.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass('kintsugi_projection')
      AND conname = 'kintsugi_projection_status_check'
      AND pg_get_constraintdef(oid) LIKE '%following%') THEN
    ALTER TABLE kintsugi_projection DROP CONSTRAINT IF EXISTS kintsugi_projection_status_check;
    ALTER TABLE kintsugi_projection ADD CONSTRAINT kintsugi_projection_status_check
      CHECK (status IN ('rebuilding', 'active', 'following'));
  END IF;
END $$;

-- What an append reads: those that follow the journal are nothing to it, however many there are.
CREATE INDEX IF NOT EXISTS kintsugi_projection_consulted_idx
  ON kintsugi_projection (projection, generation) WHERE status <> 'following';

-- How far those that follow have come: all events up to the position are applied or have a record. Apart from
-- kintsugi_projection, as it changes all the time, and writers read that one.
CREATE TABLE IF NOT EXISTS kintsugi_cursor (
  projection TEXT        NOT NULL,
  generation INTEGER     NOT NULL CHECK (generation > 0),
  position   BIGINT      NOT NULL CHECK (position >= 0),
  moved_at   TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (projection, generation)
) WITH (fillfactor = 50);

-- One row for each rebuild: the checkpoint that a new owner goes on from, and the history that
-- people look at. "fence" is the transaction id that the phases fence, takeover and settle wait for. One that
-- "takes_over" empties nothing: the read model of the generation that it is from (from_projection, from_generation,
-- from_version) becomes this one's, as it is. Where that one was not active, or there was none, these are null.
-- "blocked_at" says since when its next step fails, for the reason that last_error gives; it is tried again.
CREATE TABLE IF NOT EXISTS kintsugi_rebuild (
  projection       TEXT        NOT NULL,
  generation       INTEGER     NOT NULL CHECK (generation > 0),
  requested_by     TEXT        NOT NULL,
  reason           TEXT        NOT NULL,
  phase            TEXT        NOT NULL CHECK (phase IN
    ('fence', 'takeover', 'replay', 'follow', 'catch_up', 'drain', 'settle', 'compare', 'swap', 'done')),
  fence            XID8,
  fence_at         TIMESTAMPTZ,
  replay_to        BIGINT,
  checkpoint       BIGINT,
  events_to_replay BIGINT,
  events_deleted   BIGINT,
  replayed         BIGINT      NOT NULL DEFAULT 0,
  drained          BIGINT      NOT NULL DEFAULT 0,
  max_rate         INTEGER     CHECK (max_rate >= 0),
  last_error       TEXT,
  requested_at     TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  replay_at        TIMESTAMPTZ,
  drain_at         TIMESTAMPTZ,
  settle_at        TIMESTAMPTZ,
  stopped_at       TIMESTAMPTZ,
  stopped_by       TEXT,
  ended_at         TIMESTAMPTZ,
  blocked_at       TIMESTAMPTZ,
  from_projection  TEXT,
  from_generation  INTEGER,
  from_version     INTEGER,
  takes_over       BOOLEAN     NOT NULL DEFAULT FALSE,
  follows          BOOLEAN     NOT NULL DEFAULT FALSE,
  beside           BOOLEAN     NOT NULL DEFAULT FALSE,
  version          INTEGER,
  comparison       JSONB,
  compared_at      TIMESTAMPTZ,
  held_for         TEXT,
  approved_at      TIMESTAMPTZ,
  approved_by      TEXT,
  swapped_at       TIMESTAMPTZ,
  undone_at        TIMESTAMPTZ,
  kept_until       TIMESTAMPTZ,
  PRIMARY KEY (projection, generation),
  CHECK (phase IN ('fence', 'done') OR (replay_to IS NOT NULL AND checkpoint IS NOT NULL))
) WITH (fillfactor = 50);

-- Who stopped it, if somebody did: then no owner goes on with it. (A rebuild that its failure policy has
-- stopped names nobody, and the next owner tries again.)
ALTER TABLE kintsugi_rebuild ADD COLUMN IF NOT EXISTS stopped_by TEXT;

-- One that was made before rebuilds could return to what was active before, and say why they are blocked.
ALTER TABLE kintsugi_rebuild ADD COLUMN IF NOT EXISTS blocked_at TIMESTAMPTZ;
ALTER TABLE kintsugi_rebuild ADD COLUMN IF NOT EXISTS from_projection TEXT;
ALTER TABLE kintsugi_rebuild ADD COLUMN IF NOT EXISTS from_generation INTEGER;
ALTER TABLE kintsugi_rebuild ADD COLUMN IF NOT EXISTS from_version INTEGER;
ALTER TABLE kintsugi_rebuild ADD COLUMN IF NOT EXISTS takes_over BOOLEAN NOT NULL DEFAULT FALSE;

-- Whether the generation follows the journal once it is built; if not, writers apply to it.
ALTER TABLE kintsugi_rebuild ADD COLUMN IF NOT EXISTS follows BOOLEAN NOT NULL DEFAULT FALSE;
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass('kintsugi_rebuild')
      AND conname = 'kintsugi_rebuild_phase_check'
      AND pg_get_constraintdef(oid) LIKE '%catch_up%') THEN
    ALTER TABLE kintsugi_rebuild DROP CONSTRAINT IF EXISTS kintsugi_rebuild_phase_check;
    ALTER TABLE kintsugi_rebuild ADD CONSTRAINT kintsugi_rebuild_phase_check
      CHECK (phase IN
        ('fence', 'takeover', 'replay', 'follow', 'catch_up', 'drain', 'settle', 'compare', 'swap', 'done'));
  END IF;
END $$;

-- Whether the generation is built beside the one that serves, by which version; how the two differ; why a person has
-- to approve before the new one serves, and who has; since when it serves, and when that was taken back. One that
-- another has replaced is kept until then, whole, so that the swap can be undone.
ALTER TABLE kintsugi_rebuild ADD COLUMN IF NOT EXISTS beside BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE kintsugi_rebuild ADD COLUMN IF NOT EXISTS version INTEGER;
ALTER TABLE kintsugi_rebuild ADD COLUMN IF NOT EXISTS comparison JSONB;
ALTER TABLE kintsugi_rebuild ADD COLUMN IF NOT EXISTS compared_at TIMESTAMPTZ;
ALTER TABLE kintsugi_rebuild ADD COLUMN IF NOT EXISTS held_for TEXT;
ALTER TABLE kintsugi_rebuild ADD COLUMN IF NOT EXISTS approved_at TIMESTAMPTZ;
ALTER TABLE kintsugi_rebuild ADD COLUMN IF NOT EXISTS approved_by TEXT;
ALTER TABLE kintsugi_rebuild ADD COLUMN IF NOT EXISTS swapped_at TIMESTAMPTZ;
ALTER TABLE kintsugi_rebuild ADD COLUMN IF NOT EXISTS undone_at TIMESTAMPTZ;
ALTER TABLE kintsugi_rebuild ADD COLUMN IF NOT EXISTS kept_until TIMESTAMPTZ;

-- Open skip records only: references to events, never payloads. What became of a record is in
-- kintsugi_skip_archive. (One table partitioned by an is_archived flag does not work: whoever waits
-- for a row that then moves to another partition gets an error.)
--
-- There are two ways to look at it, by stream and by generation in ordering, and an index for each that
-- the other can't be answered with. The table is empty one minute and holds a million rows the next, so
-- PostgreSQL plans without statistics, and where two indexes would do it may take the wrong one.
CREATE TABLE IF NOT EXISTS kintsugi_skip (
  projection      TEXT         NOT NULL,
  generation      INTEGER      NOT NULL,
  persistence_id  VARCHAR(255) NOT NULL,
  sequence_number BIGINT       NOT NULL,
  ordering        BIGINT       NOT NULL,
  reason          TEXT         NOT NULL
    CHECK (reason IN ('REBUILDING', 'PAUSED', 'FAILED', 'BEHIND', 'NO_HANDLER')),
  recorded_at     TIMESTAMPTZ  NOT NULL DEFAULT clock_timestamp(),
  attempts        INTEGER      NOT NULL DEFAULT 0,
  first_failed_at TIMESTAMPTZ,
  next_attempt_at TIMESTAMPTZ  NOT NULL DEFAULT '-infinity',
  parked_at       TIMESTAMPTZ,
  last_error      TEXT,
  PRIMARY KEY (persistence_id, projection, generation, sequence_number),
  CHECK ((attempts = 0) = (first_failed_at IS NULL)),
  CHECK (parked_at IS NULL OR attempts > 0)
);

-- After a storm of records the space that they took is to be free for the next ones, and not to grow on:
-- PostgreSQL would wait until a fifth of the table is dead. What stays too large, the runtime compacts. Pages
-- have room for a record's next version, so that noting a failed attempt can leave all indexes as they are.
ALTER TABLE kintsugi_skip SET (
  fillfactor = 85,
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_cost_delay = 0
);

CREATE UNIQUE INDEX IF NOT EXISTS kintsugi_skip_ordering_idx
  ON kintsugi_skip ((projection || '/' || generation::text), ordering);

-- The few records that hold their streams up: a drain asks for them with every batch. Its condition does
-- not change from one attempt to the next, so that noting one can leave all indexes as they are.
CREATE INDEX IF NOT EXISTS kintsugi_skip_held_idx
  ON kintsugi_skip (persistence_id, projection, generation, sequence_number)
  WHERE first_failed_at IS NOT NULL;
DROP INDEX IF EXISTS kintsugi_skip_failed_idx;

-- A partition holds a day. The runtime makes them ahead of time and drops them after their retention
-- (section kintsugi.housekeeping of the configuration), for which its user has to own this table, or be a
-- member of the role that does.
CREATE TABLE IF NOT EXISTS kintsugi_skip_archive (
  projection      TEXT         NOT NULL,
  generation      INTEGER      NOT NULL,
  persistence_id  VARCHAR(255) NOT NULL,
  sequence_number BIGINT       NOT NULL,
  ordering        BIGINT       NOT NULL,
  reason          TEXT         NOT NULL,
  recorded_at     TIMESTAMPTZ  NOT NULL,
  attempts        INTEGER      NOT NULL,
  last_error      TEXT,
  outcome         TEXT         NOT NULL
    CHECK (outcome IN ('applied', 'unsubscribed', 'discarded', 'deleted', 'superseded')),
  archived_at     TIMESTAMPTZ  NOT NULL DEFAULT clock_timestamp(),
  operation       BIGINT
) PARTITION BY RANGE (archived_at);

-- An archive that was made before people could discard records, and events could be found deleted. Its
-- rows are not looked at: they can't break the wider constraint.
ALTER TABLE kintsugi_skip_archive ADD COLUMN IF NOT EXISTS operation BIGINT;
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass('kintsugi_skip_archive')
      AND conname = 'kintsugi_skip_archive_outcome_check'
      AND pg_get_constraintdef(oid) LIKE '%deleted%') THEN
    ALTER TABLE kintsugi_skip_archive DROP CONSTRAINT IF EXISTS kintsugi_skip_archive_outcome_check;
    ALTER TABLE kintsugi_skip_archive ADD CONSTRAINT kintsugi_skip_archive_outcome_check
      CHECK (outcome IN ('applied', 'unsubscribed', 'discarded', 'deleted', 'superseded')) NOT VALID;
  END IF;
END $$;

-- The first partition takes all, until the runtime makes it the one of all days before some day to come, and
-- gives each day after that a partition of its own.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_inherits WHERE inhparent = to_regclass('kintsugi_skip_archive')) THEN
    CREATE TABLE kintsugi_skip_archive_default PARTITION OF kintsugi_skip_archive DEFAULT;
  END IF;
END
$$;

CREATE INDEX IF NOT EXISTS kintsugi_skip_archive_event_idx
  ON kintsugi_skip_archive (projection, generation, persistence_id, sequence_number);

-- What people did about a projection, besides rebuilding it, and why. The archive's records name the
-- operation that discarded them; a record that is discarded and names none was given up by the
-- projection's failure policy.
CREATE TABLE IF NOT EXISTS kintsugi_operation (
  id           BIGINT      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  projection   TEXT        NOT NULL,
  operation    TEXT        NOT NULL
    CHECK (operation IN ('pause', 'resume', 'retry', 'discard', 'limit', 'stop', 'retire', 'rename', 'approve', 'undo')),
  requested_by TEXT        NOT NULL,
  reason       TEXT        NOT NULL CHECK (operation <> 'discard' OR reason ~ '\S'),
  about        TEXT        NOT NULL DEFAULT '',
  records      BIGINT      NOT NULL DEFAULT 0,
  at           TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX IF NOT EXISTS kintsugi_operation_projection_idx ON kintsugi_operation (projection, id);

-- One that was made before rebuilds could be limited and stopped by name, and projections retired.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass('kintsugi_operation')
      AND conname = 'kintsugi_operation_operation_check'
      AND pg_get_constraintdef(oid) LIKE '%undo%') THEN
    ALTER TABLE kintsugi_operation DROP CONSTRAINT IF EXISTS kintsugi_operation_operation_check;
    ALTER TABLE kintsugi_operation ADD CONSTRAINT kintsugi_operation_operation_check
      CHECK (operation IN ('pause', 'resume', 'retry', 'discard', 'limit', 'stop', 'retire', 'rename', 'approve',
        'undo')) NOT VALID;
  END IF;
END $$;

-- Requests over HTTP that came with an idempotency key: a key is claimed before its request is carried out,
-- and has the answer after that. One that was claimed and has no answer may have been carried out or not, and
-- is not carried out again.
CREATE TABLE IF NOT EXISTS kintsugi_request (
  request_key  TEXT        NOT NULL PRIMARY KEY,
  fingerprint  TEXT        NOT NULL,
  status       INTEGER,
  location     TEXT,
  answer       TEXT,
  at           TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  CHECK ((status IS NULL) = (answer IS NULL))
);

-- Sequence numbers that no event has: a persistent actor used them for events that were rejected, and
-- went on. Written with the event behind the gap. A gap of any other numbers is a loss, and a replay
-- that comes to it fails.
CREATE TABLE IF NOT EXISTS kintsugi_rejected (
  persistence_id  VARCHAR(255) NOT NULL,
  sequence_number BIGINT       NOT NULL,
  PRIMARY KEY (persistence_id, sequence_number)
);

-- What an application wants deleted of a stream, and can't be yet: an open skip record or a replay still needs
-- one of these events. Actors don't see them any more. "events" are how many wait.
CREATE TABLE IF NOT EXISTS kintsugi_deletion (
  persistence_id VARCHAR(255) NOT NULL PRIMARY KEY,
  up_to          BIGINT       NOT NULL,
  events         BIGINT       NOT NULL,
  requested_at   TIMESTAMPTZ  NOT NULL DEFAULT clock_timestamp()
);

-- Whose table is it: which projection makes which table of a read model, and by which version's script it
-- was made. A rebuild by another version makes these tables anew; one by the same version empties them.
-- A new version's tables are noted before there are any, under the version that is to be replaced.
CREATE TABLE IF NOT EXISTS kintsugi_table (
  table_name TEXT    NOT NULL PRIMARY KEY,
  projection TEXT    NOT NULL,
  version    INTEGER NOT NULL CHECK (version > 0),
  indexes    TEXT[],
  views      TEXT[]
);

-- What else that version's script made: indexes of the table, and views of the projection. Other indexes are an
-- operator's, and are made again with the table; the views are dropped with it. NULL where nobody noted them.
ALTER TABLE kintsugi_table ADD COLUMN IF NOT EXISTS indexes TEXT[];
ALTER TABLE kintsugi_table ADD COLUMN IF NOT EXISTS views TEXT[];

-- Verifications of read models that somebody asked for: where one stands, and what came of it. Whoever carries
-- out one that is waiting or running has an advisory lock of it; if nobody has, its node has ended, and the next who
-- looks notes that it is abandoned. "tables" says what differs, with some of the rows, and what could not be
-- compared: one that found nothing wrong and did not compare all is incomplete. The runtime deletes old ones, but
-- for the newest of each projection (section kintsugi.housekeeping of the configuration).
CREATE TABLE IF NOT EXISTS kintsugi_verification (
  id           INTEGER     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  projection   TEXT        NOT NULL,
  generation   INTEGER     NOT NULL CHECK (generation > 0),
  requested_by TEXT        NOT NULL,
  reason       TEXT        NOT NULL,
  node         TEXT        NOT NULL,
  state        TEXT        NOT NULL DEFAULT 'waiting'
    CHECK (state IN
      ('waiting', 'running', 'clean', 'different', 'incomplete', 'failed', 'stopped', 'abandoned')),
  up_to        BIGINT,
  checkpoint   BIGINT      NOT NULL DEFAULT 0,
  events       BIGINT      NOT NULL DEFAULT 0,
  open         BIGINT      NOT NULL DEFAULT 0,
  discarded    BIGINT      NOT NULL DEFAULT 0,
  detail       TEXT,
  tables       JSONB,
  requested_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  started_at   TIMESTAMPTZ,
  ended_at     TIMESTAMPTZ,
  CHECK ((ended_at IS NULL) = (state IN ('waiting', 'running'))),
  CONSTRAINT kintsugi_verification_tables_check
    CHECK ((tables IS NOT NULL) = (state IN ('clean', 'different', 'incomplete'))),
  CHECK ((detail IS NOT NULL) = (state IN ('failed', 'stopped', 'abandoned')))
) WITH (fillfactor = 50);

-- One that was made before a verification could be incomplete. Its rows keep to the wider constraints.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass('kintsugi_verification')
      AND conname = 'kintsugi_verification_state_check'
      AND pg_get_constraintdef(oid) LIKE '%incomplete%') THEN
    ALTER TABLE kintsugi_verification DROP CONSTRAINT IF EXISTS kintsugi_verification_state_check;
    ALTER TABLE kintsugi_verification ADD CONSTRAINT kintsugi_verification_state_check CHECK (state IN
      ('waiting', 'running', 'clean', 'different', 'incomplete', 'failed', 'stopped', 'abandoned')) NOT VALID;
  END IF;
END $$;

DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass('kintsugi_verification')
      AND conname = 'kintsugi_verification_tables_check') THEN
    ALTER TABLE kintsugi_verification DROP CONSTRAINT IF EXISTS kintsugi_verification_check1;
    ALTER TABLE kintsugi_verification ADD CONSTRAINT kintsugi_verification_tables_check
      CHECK ((tables IS NOT NULL) = (state IN ('clean', 'different', 'incomplete'))) NOT VALID;
  END IF;
END $$;

-- One of a projection at a time.
CREATE UNIQUE INDEX IF NOT EXISTS kintsugi_verification_open_idx
  ON kintsugi_verification (projection) WHERE state IN ('waiting', 'running');

CREATE INDEX IF NOT EXISTS kintsugi_verification_projection_idx ON kintsugi_verification (projection, id);

-- What a version of a projection may subscribe to, as far as others than its own build can tell: the entity types
-- of streams and the tags (none means any). The class of the events only that build can ask.
-- Written by each start. A writer whose build lacks the projection records only what is included here; of a
-- version that is not here it records everything.
CREATE TABLE IF NOT EXISTS kintsugi_subscription (
  projection   TEXT    NOT NULL,
  version      INTEGER NOT NULL CHECK (version > 0),
  entity_types TEXT[]  NOT NULL,
  tags         TEXT[]  NOT NULL,
  PRIMARY KEY (projection, version)
);

-- Projections that somebody retired: their row of kintsugi_projection is gone, so no writer records for them any
-- more. When "fence" has passed, none that began before does either; then the open records are archived as
-- superseded, the tables dropped or left, and it has ended. A projection of that name can be started after that.
CREATE TABLE IF NOT EXISTS kintsugi_retirement (
  projection   TEXT        NOT NULL,
  generation   INTEGER     NOT NULL CHECK (generation > 0),
  requested_by TEXT        NOT NULL,
  reason       TEXT        NOT NULL,
  drop_tables  BOOLEAN     NOT NULL,
  fence        XID8,
  last_error   TEXT,
  requested_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  ended_at     TIMESTAMPTZ,
  whole        BOOLEAN     NOT NULL DEFAULT TRUE,
  place        TEXT,
  PRIMARY KEY (projection, generation)
);

-- Whether the whole projection is retired; if not, a generation of it alone, that does not serve. "place" is the
-- schema that has its tables, if it has one of its own.
ALTER TABLE kintsugi_retirement ADD COLUMN IF NOT EXISTS whole BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE kintsugi_retirement ADD COLUMN IF NOT EXISTS place TEXT;
CREATE UNIQUE INDEX IF NOT EXISTS kintsugi_retirement_whole_idx
  ON kintsugi_retirement (projection) WHERE ended_at IS NULL AND whole;
DROP INDEX IF EXISTS kintsugi_retirement_open_idx;
