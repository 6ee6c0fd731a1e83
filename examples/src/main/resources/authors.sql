-- One row for each author.
CREATE TABLE IF NOT EXISTS authors (
  author          TEXT        PRIMARY KEY,
  changes         BIGINT      NOT NULL,
  first_change_at TIMESTAMPTZ NOT NULL,
  last_change_at  TIMESTAMPTZ NOT NULL
) WITH (fillfactor = 50);
