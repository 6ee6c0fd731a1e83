package dev.kintsugi.runtime.kinds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Tables;
import dev.kintsugi.projections.internal.access.SharedSecrets;
import dev.kintsugi.projections.internal.bulk.BulkHandler;
import dev.kintsugi.projections.internal.definition.Writing;
import dev.kintsugi.projections.rows.RowChanges;
import dev.kintsugi.projections.rows.RowMapper;
import dev.kintsugi.projections.rows.RowTable;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The rule of rows, by random events at the limits of their columns: the same events are accepted,
 * and give the same rows, one by one, in any groups, and in a replay with any windows. What fails
 * as a group is applied one by one, as the runtime does.
 */
@Tag("slow")
class GroupingTest {

  private static final int EVENTS = 60;
  private static final int ROUNDS = 8;

  private static final RowTable SETS =
      RowTable.named("items")
          .key("k", "text")
          .column("v", "text")
          .column("day", "date")
          .column("json", "jsonb")
          .column("ratio", "real")
          .counter("small", "smallint")
          .counter("big")
          .counter("amount", "numeric")
          .least("low", "smallint")
          .greatest("high", "integer")
          .greatest("last", "timestamptz");

  private static final String SETS_ROWS =
      "SELECT concat_ws(' ', k, v, day, json, ratio, small, big, amount, low, high, last)"
          + " FROM items ORDER BY k";

  private static final RowTable PARENT =
      RowTable.named("parent").key("k", "text").column("name", "text").counter("n");
  private static final RowTable CHILD =
      RowTable.named("child").key("k", "text").column("parent", "text").column("v", "text");

  private static final String[] CONSTRAINTS = {
    "CHECK (n >= 0)", "CHECK (n <= 3)", "UNIQUE (name)", "CHECK (name IS NOT NULL)",
  };
  private static final String[] REFERENCES = {
    "REFERENCES parent", "REFERENCES parent ON DELETE CASCADE", "", "UNIQUE", "NOT NULL",
  };

  private static final String ORDERED_ROWS =
      "SELECT concat_ws(' ', 'parent', k, name, n) FROM parent UNION ALL"
          + " SELECT concat_ws(' ', 'child', k, parent, v) FROM child ORDER BY 1";

  /** What one event says to its rows. */
  @FunctionalInterface
  private interface Event {
    void tell(RowChanges rows);
  }

  private static final RowMapper<Event> MAPPER = (envelope, rows) -> envelope.event().tell(rows);

  /** The events that were refused, by number, and the rows. */
  private record Outcome(List<Integer> refused, List<String> rows) {}

  @Test
  void sets_come_to_the_same_in_every_grouping() throws Exception {
    Projection<Event> projection =
        Projection.named("sets").of(Event.class).rows(List.of(SETS), MAPPER).build();
    long seed = System.nanoTime();
    RandomGenerator random = new java.util.Random(seed);
    int refused = 0;
    try (Handlers<Event> handlers = new Handlers<>(projection)) {
      for (int round = 0; round < ROUNDS; round++) {
        List<Event> events = IntStream.range(0, EVENTS).mapToObj(i -> ofSets(random)).toList();
        Outcome alone = inGroups(handlers, events, SETS_ROWS, random, 1);
        String what = "seed %d, round %d".formatted(seed, round);
        assertThat(inGroups(handlers, events, SETS_ROWS, random, 8)).as(what).isEqualTo(alone);
        assertThat(inGroups(handlers, events, SETS_ROWS, random, EVENTS)).as(what).isEqualTo(alone);
        assertThat(replayed(handlers, events, random, 1)).as(what).isEqualTo(alone);
        assertThat(replayed(handlers, events, random, 6)).as(what).isEqualTo(alone);
        assertThat(replayed(handlers, events, random, EVENTS)).as(what).isEqualTo(alone);
        refused += alone.refused().size();
      }
    }
    assertThat(refused).as("seed %d", seed).isPositive();
  }

  @Test
  void rows_in_the_events_order_come_to_the_same_in_every_grouping() throws Exception {
    long seed = System.nanoTime();
    RandomGenerator random = new java.util.Random(seed);
    int refused = 0;
    for (int round = 0; round < ROUNDS; round++) {
      String script =
          """
          CREATE TABLE parent (k text PRIMARY KEY, name text, n bigint NOT NULL DEFAULT 0, %s);
          CREATE TABLE child (k text PRIMARY KEY, parent text %s, v text);
          """
              .formatted(oneOf(random, CONSTRAINTS), oneOf(random, REFERENCES));
      Projection<Event> projection =
          SharedSecrets.written(
              Projection.named("ordered")
                  .of(Event.class)
                  .tables(Tables.sql(script))
                  .rows(List.of(PARENT, CHILD), MAPPER)
                  .build(),
              new Writing(true, List.of()));
      try (Handlers<Event> handlers = new Handlers<>(projection)) {
        List<Event> events = IntStream.range(0, EVENTS).mapToObj(i -> ofOrdered(random)).toList();
        Outcome alone = inGroups(handlers, events, ORDERED_ROWS, random, 1);
        String what = "seed %d, round %d, %s".formatted(seed, round, script);
        assertThat(inGroups(handlers, events, ORDERED_ROWS, random, 4)).as(what).isEqualTo(alone);
        assertThat(inGroups(handlers, events, ORDERED_ROWS, random, EVENTS))
            .as(what)
            .isEqualTo(alone);
        refused += alone.refused().size();
      }
    }
    assertThat(refused).as("seed %d", seed).isPositive();
  }

  private static Event ofSets(RandomGenerator random) {
    List<Event> changes = new ArrayList<>();
    for (int i = random.nextInt(1, 4); i > 0; i--) {
      String key = oneOf(random, "a", "b", "c");
      changes.add(
          switch (random.nextInt(12)) {
            case 0, 1 -> rows -> rows.delete(SETS, key);
            case 2 -> upsert(key, "v", oneOf(random, "x", "y", "NUL\0", "\uD83D", "\uD83D\uDE00"));
            case 3 -> upsert(key, "json", oneOf(random, "{}", "[1e9]", "{", "\"\\u0000\""));
            case 4 -> upsert(key, "ratio", oneOf(random, 1.5, 1e300, 1e-300, -2.25));
            case 5 ->
                upsert(
                    key,
                    "day",
                    oneOf(
                        random,
                        LocalDate.of(-43, 3, 15),
                        LocalDate.of(20_000, 1, 1),
                        LocalDate.MAX));
            case 6, 7 ->
                add(key, "small", oneOf(random, 1L, -1L, 20_000L, -20_000L, 32_767L, 40_000L));
            case 8 ->
                add(key, "big", oneOf(random, 1L, -3L, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 62));
            case 9 -> add(key, "amount", random.nextLong(-9, 9));
            case 10 -> {
              long low = oneOf(random, 1L, -7L, 32_768L, -32_768L);
              yield rows -> rows.upsert(SETS, key).least("low", low);
            }
            default -> {
              long high = oneOf(random, 1L, -7L, 2_147_483_647L, 2_147_483_648L);
              yield rows -> rows.upsert(SETS, key).greatest("high", high);
            }
          });
    }
    return rows -> changes.forEach(change -> change.tell(rows));
  }

  private static Event upsert(String key, String column, Object value) {
    return rows -> rows.upsert(SETS, key).set(column, value);
  }

  private static Event add(String key, String column, long by) {
    return rows -> rows.upsert(SETS, key).increment(column, by);
  }

  private static Event ofOrdered(RandomGenerator random) {
    List<Event> changes = new ArrayList<>();
    for (int i = random.nextInt(1, 4); i > 0; i--) {
      String key = oneOf(random, "a", "b", "c");
      String other = oneOf(random, "a", "b", "c");
      long by = oneOf(random, 1L, 2L, -1L, -2L);
      changes.add(
          switch (random.nextInt(9)) {
            case 0 -> rows -> rows.delete(PARENT, key);
            case 1 -> rows -> rows.delete(CHILD, key);
            case 2, 3 -> rows -> rows.upsert(PARENT, key).increment("n", by);
            case 4 -> rows -> rows.upsert(PARENT, key).set("name", other);
            case 5 -> rows -> rows.upsert(PARENT, key).set("name", other).increment("n", by);
            case 6, 7 -> rows -> rows.upsert(CHILD, key).set("parent", other);
            default -> rows -> rows.upsert(CHILD, key).set("v", other);
          });
    }
    return rows -> changes.forEach(change -> change.tell(rows));
  }

  @SafeVarargs
  private static <T> T oneOf(RandomGenerator random, T... values) {
    return values[random.nextInt(values.length)];
  }

  /** Applies groups of up to so many events; what they did is taken back. */
  private static Outcome inGroups(
      Handlers<Event> handlers, List<Event> events, String sql, RandomGenerator random, int most)
      throws Exception {
    try (Connection connection = handlers.connection()) {
      List<Integer> refused = new ArrayList<>();
      for (int from = 0; from < events.size(); ) {
        int to = Math.min(events.size(), from + random.nextInt(1, most + 1));
        apply(handlers, connection, events, from, to, refused);
        from = to;
      }
      Outcome outcome = new Outcome(refused, handlers.column(connection, sql));
      connection.rollback();
      return outcome;
    }
  }

  private static void apply(
      Handlers<Event> handlers,
      Connection connection,
      List<Event> events,
      int from,
      int to,
      List<Integer> refused)
      throws Exception {
    List<EventEnvelope<Event>> envelopes = new ArrayList<>();
    for (Event event : events.subList(from, to)) {
      envelopes.add(handlers.event(event));
    }
    Savepoint before = connection.setSavepoint();
    try {
      handlers.process(connection, envelopes);
      connection.releaseSavepoint(before);
    } catch (SQLException | IllegalArgumentException | IllegalStateException e) {
      connection.rollback(before);
      if (to - from == 1) {
        refused.add(from);
      } else {
        for (int i = from; i < to; i++) {
          apply(handlers, connection, events, i, i + 1, refused);
        }
      }
    }
  }

  /** Replays windows of up to so many events, into an empty table; what they did is taken back. */
  private static Outcome replayed(
      Handlers<Event> handlers, List<Event> events, RandomGenerator random, int most)
      throws Exception {
    try (Connection connection = handlers.connection()) {
      List<Integer> refused = new ArrayList<>();
      boolean isEmpty = true;
      for (int from = 0; from < events.size(); ) {
        int to = Math.min(events.size(), from + random.nextInt(1, most + 1));
        if (!isWindowWritten(handlers, connection, events, from, to, isEmpty, refused)) {
          for (int i = from; i < to; i++) {
            apply(handlers, connection, events, i, i + 1, refused);
          }
        }
        isEmpty = false;
        from = to;
      }
      Outcome outcome = new Outcome(refused, handlers.column(connection, SETS_ROWS));
      connection.rollback();
      return outcome;
    }
  }

  private static boolean isWindowWritten(
      Handlers<Event> handlers,
      Connection connection,
      List<Event> events,
      int from,
      int to,
      boolean isEmpty,
      List<Integer> refused)
      throws Exception {
    BulkHandler<Event> handler = handlers.inReplay(isEmpty);
    List<Integer> refusedHere = new ArrayList<>();
    for (int i = from; i < to; i++) {
      try {
        handler.gather(List.of(handlers.event(events.get(i))));
      } catch (IllegalArgumentException e) {
        refusedHere.add(i);
      }
    }
    Savepoint before = connection.setSavepoint();
    try {
      handler.write(connection);
      connection.releaseSavepoint(before);
      refused.addAll(refusedHere);
      return true;
    } catch (SQLException | IllegalStateException e) {
      connection.rollback(before);
      return false;
    }
  }
}
