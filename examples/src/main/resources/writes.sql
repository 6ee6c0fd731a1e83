-- One row for each stream of the benchmarks: how many of its events were applied.
CREATE TABLE IF NOT EXISTS writes (
  persistence_id       TEXT   PRIMARY KEY,
  events               BIGINT NOT NULL,
  last_sequence_number BIGINT NOT NULL
);
