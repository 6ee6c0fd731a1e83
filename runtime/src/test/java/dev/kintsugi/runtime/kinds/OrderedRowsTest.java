package dev.kintsugi.runtime.kinds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Tables;
import dev.kintsugi.projections.internal.access.SharedSecrets;
import dev.kintsugi.projections.internal.definition.Writing;
import dev.kintsugi.projections.rows.RowChanges;
import dev.kintsugi.projections.rows.RowTable;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rows of tables whose scripts can refuse or change more than the row at hand. */
class OrderedRowsTest {

  private static final RowTable STOCK =
      RowTable.named("stock")
          .key("k", "text")
          .column("place", "text")
          .counter("n")
          .least("low", "bigint")
          .greatest("high", "bigint");
  private static final RowTable ORD =
      RowTable.named("ord").key("id", "integer").column("name", "text");
  private static final RowTable LINE =
      RowTable.named("line").key("id", "integer").column("ord", "integer");

  /**
   * Of changes with a semicolon between: "add k 5", "place k x", "unplace k", "see k 5", "touch k",
   * "gone k" in stock; "ord 1 x", "-ord 1", "line 1 1", "-line 1".
   */
  private static void map(EventEnvelope<String> envelope, RowChanges rows) {
    for (String change : envelope.event().split(";", -1)) {
      String[] words = change.strip().split(" ", -1);
      switch (words[0]) {
        case "add" -> rows.upsert(STOCK, words[1]).increment("n", Long.parseLong(words[2]));
        case "place" -> rows.upsert(STOCK, words[1]).set("place", words[2]);
        case "unplace" -> rows.upsert(STOCK, words[1]).set("place", null);
        case "see" ->
            rows.upsert(STOCK, words[1])
                .least("low", Long.parseLong(words[2]))
                .greatest("high", Long.parseLong(words[2]));
        case "touch" -> rows.upsert(STOCK, words[1]);
        case "gone" -> rows.delete(STOCK, words[1]);
        case "ord" -> rows.upsert(ORD, Integer.valueOf(words[1])).set("name", words[2]);
        case "-ord" -> rows.delete(ORD, Integer.valueOf(words[1]));
        case "line" ->
            rows.upsert(LINE, Integer.valueOf(words[1])).set("ord", Integer.valueOf(words[2]));
        case "-line" -> rows.delete(LINE, Integer.valueOf(words[1]));
        default -> throw new IllegalArgumentException(change);
      }
    }
  }

  private @Nullable Handlers<String> handlers;

  private Handlers<String> handlers() {
    return Objects.requireNonNull(handlers);
  }

  private void open(List<RowTable> tables, String script) throws SQLException {
    handlers =
        new Handlers<>(
            SharedSecrets.written(
                Projection.named("ordered")
                    .of(String.class)
                    .tables(Tables.sql(script))
                    .rows(tables, OrderedRowsTest::map)
                    .build(),
                new Writing(true, List.of())));
  }

  private void stock(String columns) throws SQLException {
    open(
        List.of(STOCK),
        """
        CREATE TABLE stock (k text PRIMARY KEY, %s);
        """
            .formatted(columns));
  }

  private void orders(String reference) throws SQLException {
    open(
        List.of(ORD, LINE),
        """
        CREATE TABLE ord (id integer PRIMARY KEY, name text UNIQUE);
        CREATE TABLE line (id integer PRIMARY KEY, ord integer REFERENCES ord %s);
        """
            .formatted(reference));
  }

  @AfterEach
  void close() {
    handlers().close();
  }

  private static final String CHECKED =
      "place text, n bigint NOT NULL DEFAULT 0 CHECK (n >= 0), low bigint, high bigint";

  @Test
  void a_counter_that_is_checked_can_be_lowered_in_a_later_append() throws Exception {
    stock(CHECKED);
    handlers().apply("add a 10");
    handlers().apply("add a -1");

    assertThat(handlers().column("SELECT n FROM stock")).containsExactly("9");
  }

  @Test
  void a_counter_that_is_checked_can_be_lowered_in_the_same_append() throws Exception {
    stock(CHECKED);
    handlers().apply("add a 10", "add a -1", "add b 1;add b -1");

    assertThat(handlers().column("SELECT k || n FROM stock ORDER BY k"))
        .containsExactly("a9", "b0");
  }

  @Test
  void an_event_that_breaks_a_check_is_refused_in_every_group() throws Exception {
    stock(CHECKED);
    handlers().apply("add a 10");

    refused("23514", "stock_n_check", "add a -11");
    refused("23514", "stock_n_check", "add a -11", "add a 5");
    refused("23514", "stock_n_check", "add a 1", "add a -12", "add b 1", "add a 5");
    refused("23514", "stock_n_check", "add b -1;gone b");
    assertThat(handlers().column("SELECT n FROM stock")).containsExactly("10");
  }

  @Test
  void a_row_can_be_changed_in_some_columns_where_another_is_not_null() throws Exception {
    stock("place text NOT NULL, n bigint NOT NULL DEFAULT 0, low bigint, high bigint");
    handlers().apply("place a x", "add a 1");
    handlers().apply("add a 1;see a 5");
    handlers().apply("touch a");

    assertThat(handlers().column("SELECT concat_ws(' ', place, n, low, high) FROM stock"))
        .containsExactly("x 2 5 5");
    refused("23502", "\"place\"", "add b 1");
    refused("23502", "\"place\"", "add b 1", "place b x");
    refused("23502", "\"place\"", "touch b", "gone b");
    refused("23502", "\"place\"", "unplace a", "place a y");
  }

  @Test
  void each_kind_of_column_changes_in_turn_as_in_one_event() throws Exception {
    stock("place text, n bigint, low bigint, high bigint"); // a counter that can be NULL, too
    handlers().apply("touch a", "add a 2;add a 3", "see a 5;see a 7", "see a 4", "place a x");
    handlers().apply("add a -1", "see a 6", "unplace a", "add b 1", "gone b", "see b 1");

    assertThat(
            handlers()
                .column(
                    "SELECT concat_ws(' ', k, COALESCE(place, '-'), n, low, high) FROM stock ORDER BY k"))
        .containsExactly("a - 4 4 7", "b - 1 1");
  }

  @Test
  void a_sum_beyond_its_column_is_refused_though_a_later_event_would_lower_it() throws Exception {
    stock("place text, n smallint NOT NULL DEFAULT 0, low bigint, high bigint");
    refused("22003", "smallint", "add a 32767", "add a 1", "add a -1");
    refused("22003", "smallint", "add a 32767", "add a 1", "gone a");
  }

  @Test
  void what_one_event_came_back_as_is_judged_in_turn_whatever_its_group() throws Exception {
    stock("place text, n numeric(5, 2) NOT NULL DEFAULT 0, low bigint, high bigint");
    handlers().apply("add a -500");
    List<EventEnvelope<String>> group =
        new ArrayList<>(handlers().adapted("add a 900", "add a 500"));
    group.addAll(handlers().events("add a -10"));
    for (List<EventEnvelope<String>> each : List.of(group.subList(0, 2), group)) {
      try (Connection connection = handlers().connection()) {
        handlers().process(connection, each);
        assertThat(handlers().column(connection, "SELECT trunc(n / 100) FROM stock")).hasSize(1);
        assertThatThrownBy(
                () -> handlers().process(connection, handlers().adapted("add a 60", "add a 60")))
            .hasMessageContaining("numeric field overflow");
      }
    }
  }

  @Test
  void children_go_before_their_parents_and_come_after_them() throws Exception {
    orders("");
    handlers().apply("ord 1 x;line 1 1", "ord 2 y", "line 2 2", "line 3 1");
    handlers().apply("-line 1;-line 3;-ord 1", "line 2 2");
    handlers().apply("ord 3 z", "line 2 3", "-ord 2");

    assertThat(handlers().column("SELECT id FROM ord")).containsExactly("3");
    assertThat(handlers().column("SELECT id || ' of ' || ord FROM line")).containsExactly("2 of 3");
    refused("23503", "line_ord_fkey", "-ord 3");
    refused("23503", "line_ord_fkey", "-ord 3", "-line 2");
    refused("23503", "line_ord_fkey", "line 9 9", "ord 9 z9");
  }

  @Test
  void a_cascade_takes_what_was_there_and_not_what_comes_later() throws Exception {
    orders("ON DELETE CASCADE");
    handlers().apply("ord 1 x", "line 1 1", "line 2 1", "-ord 1", "ord 1 y", "line 2 1");

    assertThat(handlers().column("SELECT id FROM line")).containsExactly("2");
  }

  @Test
  void a_unique_value_moves_from_row_to_row() throws Exception {
    orders("");
    handlers().apply("ord 1 x", "ord 2 y");
    handlers().apply("ord 1 z", "ord 2 x", "ord 1 y");
    handlers().apply("-ord 1;ord 2 y;ord 1 x");
    handlers().apply("-ord 1", "ord 3 x");

    assertThat(handlers().column("SELECT id || name FROM ord ORDER BY id"))
        .containsExactly("2y", "3x");
    refused("23505", "ord_name_key", "ord 2 x", "ord 3 y");
    refused("23505", "ord_name_key", "ord 4 x", "-ord 4");
  }

  @Test
  void a_trigger_on_inserts_is_not_fired_by_a_change_of_a_row() throws Exception {
    open(
        List.of(STOCK),
        """
        CREATE TABLE stock (k text PRIMARY KEY, place text, n bigint NOT NULL DEFAULT 0,
          low bigint, high bigint, inserts integer NOT NULL DEFAULT 0, updates integer NOT NULL DEFAULT 0);
        CREATE FUNCTION counted() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF TG_OP = 'INSERT' THEN NEW.inserts = NEW.inserts + 1; ELSE NEW.updates = NEW.updates + 1; END IF;
          RETURN NEW;
        END $$;
        CREATE TRIGGER counted BEFORE INSERT OR UPDATE ON stock FOR EACH ROW EXECUTE FUNCTION counted();
        """);
    handlers().apply("add a 1", "add a 1", "touch a", "place a x");

    assertThat(handlers().column("SELECT n || ' ' || inserts || ' ' || updates FROM stock"))
        .containsExactly("2 1 2");
  }

  /** Applies events in one transaction, which has to fail so. */
  private void refused(String sqlState, String message, String... events) {
    assertThatThrownBy(() -> handlers().apply(events))
        .as(String.join(", ", events))
        .hasMessageContaining(message)
        .isInstanceOfSatisfying(
            SQLException.class, error -> assertThat(error.getSQLState()).isEqualTo(sqlState));
  }
}
