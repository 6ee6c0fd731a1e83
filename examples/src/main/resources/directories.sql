-- One row for each directory; the root's path is ''. The rows are few and hot: room on each page lets
-- PostgreSQL update them in place.
CREATE TABLE IF NOT EXISTS directories (
  path    TEXT   PRIMARY KEY,
  changes BIGINT NOT NULL,
  files   BIGINT NOT NULL
) WITH (fillfactor = 50);
