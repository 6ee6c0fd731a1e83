-- Kintsugi's own tables. PostgreSQL 13 or newer.

-- What writers consult in every append: one row for each generation that is not retired. Tiny and
-- narrow; counters and progress live in kintsugi_rebuild.
CREATE TABLE IF NOT EXISTS kintsugi_projection (
  projection TEXT    NOT NULL CHECK (projection ~ '^[a-z][a-z0-9_]{0,47}$'),
  generation INTEGER NOT NULL CHECK (generation > 0),
  status     TEXT    NOT NULL CHECK (status IN ('rebuilding', 'active')),
  paused     BOOLEAN NOT NULL DEFAULT FALSE,
  version    INTEGER NOT NULL CHECK (version > 0),
  PRIMARY KEY (projection, generation)
) WITH (fillfactor = 50);

-- One row for each rebuild: the checkpoint that a new owner goes on from, and the history that
-- people look at. "fence" is the transaction id that the phases fence and settle wait for.
CREATE TABLE IF NOT EXISTS kintsugi_rebuild (
  projection       TEXT        NOT NULL,
  generation       INTEGER     NOT NULL CHECK (generation > 0),
  requested_by     TEXT        NOT NULL,
  reason           TEXT        NOT NULL,
  phase            TEXT        NOT NULL CHECK (phase IN ('fence', 'replay', 'drain', 'settle', 'done')),
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
  ended_at         TIMESTAMPTZ,
  PRIMARY KEY (projection, generation),
  CHECK (phase IN ('fence', 'done') OR (replay_to IS NOT NULL AND checkpoint IS NOT NULL))
) WITH (fillfactor = 50);

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

CREATE UNIQUE INDEX IF NOT EXISTS kintsugi_skip_ordering_idx
  ON kintsugi_skip ((projection || '/' || generation::text), ordering);

-- The few records that hold their streams up: a drain asks for them with every batch.
CREATE INDEX IF NOT EXISTS kintsugi_skip_failed_idx
  ON kintsugi_skip (persistence_id, projection, generation, sequence_number) WHERE attempts > 0;

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
    CHECK (outcome IN ('applied', 'unsubscribed', 'discarded', 'superseded')),
  archived_at     TIMESTAMPTZ  NOT NULL DEFAULT clock_timestamp()
) PARTITION BY RANGE (archived_at);

CREATE TABLE IF NOT EXISTS kintsugi_skip_archive_default
  PARTITION OF kintsugi_skip_archive DEFAULT;

CREATE INDEX IF NOT EXISTS kintsugi_skip_archive_event_idx
  ON kintsugi_skip_archive (projection, generation, persistence_id, sequence_number);

-- Sequence numbers that no event has: a persistent actor used them for events that were rejected, and
-- went on. Written with the event behind the gap. A gap of any other numbers is a loss, and a replay
-- that comes to it fails.
CREATE TABLE IF NOT EXISTS kintsugi_rejected (
  persistence_id  VARCHAR(255) NOT NULL,
  sequence_number BIGINT       NOT NULL,
  PRIMARY KEY (persistence_id, sequence_number)
);

-- Whose table is it: which projection makes which table of a read model, and by which version's script it
-- was made. A rebuild by another version makes these tables anew; one by the same version empties them.
-- A new version's tables are noted before there are any, under the version that is to be replaced.
CREATE TABLE IF NOT EXISTS kintsugi_table (
  table_name TEXT    NOT NULL PRIMARY KEY,
  projection TEXT    NOT NULL,
  version    INTEGER NOT NULL CHECK (version > 0)
);
