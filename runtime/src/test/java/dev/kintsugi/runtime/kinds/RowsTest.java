package dev.kintsugi.runtime.kinds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.internal.bulk.BulkHandler;
import dev.kintsugi.projections.rows.RowChanges;
import dev.kintsugi.projections.rows.RowTable;
import java.sql.Connection;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Rows on a real table: what is written is what the events, one by one, would have come to. */
@Tag("slow")
class RowsTest {

  private static final RowTable TABLE =
      RowTable.named("order") // a word of SQL's
          .key("k", "text")
          .key("n", "integer")
          .column("v", "text")
          .column("json", "jsonb")
          .counter("sum", "numeric")
          .least("low", "bigint")
          .greatest("high", "bigint")
          .index("v", "sum");

  private static final String ALL =
      "SELECT concat_ws(' ', k, n, COALESCE(v, '-'), sum, low, high) FROM \"order\" ORDER BY k, n";

  /**
   * "put a 1 x 5": key (a, 1), v = x, sum and low and high by 5; "add a 1 5"; "clear a 1"; "del a
   * 1".
   */
  private static void map(EventEnvelope<String> envelope, RowChanges rows) {
    for (String change : envelope.event().split(";", -1)) {
      String[] words = change.strip().split(" ", -1);
      int n = Integer.parseInt(words[2]);
      switch (words[0]) {
        case "put" ->
            rows.upsert(TABLE, words[1], n)
                .set("v", words[3])
                .increment("sum", Long.parseLong(words[4]))
                .least("low", Long.parseLong(words[4]))
                .greatest("high", Long.parseLong(words[4]));
        case "add" -> rows.upsert(TABLE, words[1], n).increment("sum", Long.parseLong(words[3]));
        case "clear" -> rows.upsert(TABLE, words[1], n).set("v", null);
        case "json" -> rows.upsert(TABLE, words[1], n).set("json", words[3]);
        case "touch" -> rows.upsert(TABLE, words[1], n);
        case "del" -> rows.delete(TABLE, words[1], n);
        default -> throw new IllegalArgumentException(change);
      }
    }
  }

  private Handlers<String> handlers;

  @BeforeEach
  void open() throws Exception {
    handlers =
        new Handlers<>(
            Projection.named("orders")
                .of(String.class)
                .rows(List.of(TABLE), RowsTest::map)
                .build());
  }

  @AfterEach
  void close() {
    handlers.close();
  }

  @Test
  void a_transactions_events_are_combined_by_key() throws Exception {
    handlers.apply("put a 1 x 5", "add a 1 2", "put b 1 y 1", "put a 1 z 3", "touch c 1");

    assertThat(handlers.column(ALL)).containsExactly("a 1 z 10 3 5", "b 1 y 1 1 1", "c 1 - 0");
  }

  @Test
  void what_an_event_does_not_name_stays_and_what_it_sets_to_null_is_null() throws Exception {
    handlers.apply("put a 1 x 5", "put b 1 y 7");
    handlers.apply("add a 1 1", "clear b 1");

    assertThat(handlers.column(ALL)).containsExactly("a 1 x 6 5 5", "b 1 - 7 7 7");
  }

  @Test
  void a_row_that_is_deleted_and_made_again_knows_nothing_of_the_one_before() throws Exception {
    handlers.apply("put a 1 x 5", "put b 1 y 1");
    handlers.apply("del a 1", "add a 1 1", "put b 1 q 9", "del b 1", "del c 1");

    assertThat(handlers.column(ALL)).containsExactly("a 1 - 1");
  }

  @Test
  void one_event_can_change_several_rows() throws Exception {
    handlers.apply("put a 1 x 1; put a 2 x 2; del a 1");

    assertThat(handlers.column(ALL)).containsExactly("a 2 x 2 2 2");
  }

  @Test
  void an_event_whose_mapping_throws_leaves_nothing_behind_in_a_replay() throws Exception {
    BulkHandler<String> handler = handlers.inReplay(true);
    assertThatThrownBy(() -> handler.gather(handlers.events("put a 1 x 1; bad a 1")))
        .isInstanceOf(IllegalArgumentException.class);
    handlers.replay(handler, "put b 1 x 1");

    assertThat(handlers.column(ALL)).containsExactly("b 1 x 1 1 1");
  }

  @Test
  void values_with_every_awkward_character_come_through_copy_and_upsert_alike() throws Exception {
    String awkward = "t\\ta\\b\\N" + (char) 9 + "n" + (char) 10 + "r" + (char) 13 + "q'\"" + "ü€𝄞";
    RowTable texts = RowTable.named("texts").key("k", "text").column("v", "text");
    Projection<String> projection =
        Projection.named("texts")
            .of(String.class)
            .rows(
                List.of(texts),
                (envelope, rows) -> rows.upsert(texts, envelope.event()).set("v", envelope.event()))
            .build();
    try (Handlers<String> inTexts = new Handlers<>(projection)) {
      inTexts.replay(inTexts.inReplay(true), awkward + "copied");
      inTexts.apply(awkward + "upserted");

      for (String column : List.of("k", "v")) {
        assertThat(inTexts.column("SELECT " + column + " FROM texts"))
            .containsExactlyInAnyOrder(awkward + "copied", awkward + "upserted");
      }
    }
  }

  @Test
  void two_transactions_that_change_the_same_rows_in_several_statements_do_not_deadlock()
      throws Exception {
    handlers.apply("put a 1 x 1", "put b 1 x 1");
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try (Connection holder = handlers.connection()) {
      handlers.process(holder, handlers.events("clear a 1"));
      // Statements are by the columns that they name. By these alone, the one would wait for a, and
      // then for b; the other would hold b, and wait for a behind it.
      Future<?> first = applied(threads, "add a 1 1", "put b 1 y 1");
      await().until(() -> handlers.waitingForLocks() == 1);
      Future<?> second = applied(threads, "put a 1 z 1", "add b 1 1");
      await().until(() -> handlers.waitingForLocks() == 2);
      holder.commit();
      first.get();
      second.get();
    } finally {
      threads.shutdownNow();
    }
    assertThat(handlers.column(ALL)).containsExactly("a 1 z 3 1 1", "b 1 y 3 1 1");
  }

  private Future<?> applied(ExecutorService threads, String... events) {
    return threads.submit(
        () -> {
          handlers.apply(events);
          return events;
        });
  }

  @Test
  void however_events_are_cut_into_transactions_and_windows_the_rows_are_the_same()
      throws Exception {
    long seed = System.nanoTime();
    RandomGenerator random = new java.util.Random(seed);
    String[] events = new String[300];
    for (int i = 0; i < events.length; i++) {
      String key = " " + (char) ('a' + random.nextInt(6)) + " " + random.nextInt(2);
      int number = random.nextInt(100);
      events[i] =
          switch (random.nextInt(6)) {
            case 0, 1 -> "put" + key + " v" + number + " " + number;
            case 2 -> "add" + key + " " + number;
            case 3 -> "clear" + key;
            case 4 -> "touch" + key;
            default -> "del" + key;
          };
    }
    for (String event : events) {
      handlers.apply(event);
    }
    List<String> oneByOne = handlers.column(ALL);
    assertThat(oneByOne).as("seed %d", seed).isNotEmpty();

    handlers.apply("del x 0"); // the table is not empty: no COPY
    BulkHandler<String> handler = handlers.inReplay(false);
    handlers.replay(handler, deletions());
    replayInWindows(handler, events, random);
    assertThat(handlers.column(ALL)).as("windows, seed %d", seed).isEqualTo(oneByOne);

    handlers.replay(handler, deletions());
    BulkHandler<String> fromNothing = handlers.inReplay(true);
    replayInWindows(fromNothing, events, random);
    assertThat(handlers.column(ALL)).as("copied first, seed %d", seed).isEqualTo(oneByOne);
  }

  private static String[] deletions() {
    return new String[] {
      "del a 0;del a 1;del b 0;del b 1;del c 0;del c 1;del d 0;del d 1;del e 0;del e 1;del f 0;del f 1"
    };
  }

  private void replayInWindows(BulkHandler<String> handler, String[] events, RandomGenerator random)
      throws Exception {
    int from = 0;
    while (from < events.length) {
      int to = Math.min(events.length, from + random.nextInt(1, 60));
      handlers.replay(handler, java.util.Arrays.copyOfRange(events, from, to));
      from = to;
    }
  }

  @Test
  void a_write_that_was_rolled_back_is_made_again() throws Exception {
    BulkHandler<String> handler = handlers.inReplay(true);
    handler.gather(handlers.events("put a 1 x 1"));
    try (Connection connection = handlers.connection()) {
      handler.write(connection);
      connection.rollback();
      handler.write(connection);
      connection.commit();
      handler.written();
    }
    assertThat(handlers.column(ALL)).containsExactly("a 1 x 1 1 1");
    assertThat(handler.bytes()).isZero();
  }
}
