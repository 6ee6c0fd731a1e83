-- One row for each file that ever was.
CREATE TABLE IF NOT EXISTS files (
  path           TEXT        PRIMARY KEY,
  present        BOOLEAN     NOT NULL,
  changes        BIGINT      NOT NULL,
  last_author    TEXT        NOT NULL,
  last_change_at TIMESTAMPTZ NOT NULL
);
