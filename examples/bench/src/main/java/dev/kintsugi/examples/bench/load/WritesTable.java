package dev.kintsugi.examples.bench.load;

/**
 * The read model of the benchmarks' projections: how many events of each stream were applied, and
 * which was the last, in a table of any name.
 */
public final class WritesTable {

  private WritesTable() {}

  public static String ddl(String name) {
    return """
        CREATE TABLE IF NOT EXISTS %s (
          persistence_id       TEXT   PRIMARY KEY,
          events               BIGINT NOT NULL,
          last_sequence_number BIGINT NOT NULL
        );
        """
        .formatted(name);
  }

  /** Enters an event: takes its stream and its sequence number. */
  public static String upsert(String name) {
    return """
        INSERT INTO %s AS w (persistence_id, events, last_sequence_number) VALUES (?, 1, ?)
        ON CONFLICT (persistence_id) DO UPDATE SET
          events = w.events + 1, last_sequence_number = excluded.last_sequence_number
        """
        .formatted(name);
  }

  /** Enters the events of many streams: takes an array each of streams, counts and last numbers. */
  public static String upsertMany(String name) {
    return """
        INSERT INTO %s AS w (persistence_id, events, last_sequence_number)
        SELECT * FROM unnest(?::text[], ?::bigint[], ?::bigint[])
        ON CONFLICT (persistence_id) DO UPDATE SET
          events = w.events + excluded.events, last_sequence_number = excluded.last_sequence_number
        """
        .formatted(name);
  }
}
