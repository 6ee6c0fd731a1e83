package dev.kintsugi.runtime.kinds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.internal.bulk.BulkHandler;
import dev.kintsugi.projections.rows.RowChanges;
import dev.kintsugi.projections.rows.RowTable;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A counter that leaves its type's range in the middle of a group, where the end is within it. */
@Tag("slow")
class RowSumsTest {

  private static final RowTable SUMS =
      RowTable.named("sums")
          .key("k", "text")
          .counter("small", "smallint")
          .counter("big")
          .counter("amount", "numeric");

  /** "a small 5; a big -1": adds; "-a": deletes. */
  private static void map(EventEnvelope<String> envelope, RowChanges rows) {
    for (String change : envelope.event().split("; ", -1)) {
      String[] words = change.split(" ", -1);
      if (change.startsWith("-")) {
        rows.delete(SUMS, change.substring(1));
      } else {
        rows.upsert(SUMS, words[0]).increment(words[1], Long.parseLong(words[2]));
      }
    }
  }

  private final Handlers<String> handlers = emptied();

  private static Handlers<String> emptied() {
    try {
      return new Handlers<>(
          Projection.named("sums").of(String.class).rows(List.of(SUMS), RowSumsTest::map).build());
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @AfterEach
  void close() {
    handlers.close();
  }

  private static final String MOST = "9223372036854775807";

  @Test
  void a_group_is_refused_that_leaves_the_range_on_its_way() {
    for (String column : List.of("small 32767", "big " + MOST)) {
      String name = column.substring(0, column.indexOf(' '));
      refused("a " + column, "a " + name + " 1", "a " + name + " -1");
      refused("a " + name + " -5", "a " + column, "a " + name + " 6", "a " + name + " -6");
      refused("a " + column, "a " + name + " 1", "-a");
      refused("-a", "a " + column, "a " + name + " 1", "-a");
      refused("b " + name + " 1", "a " + column, "a " + name + " 1", "-a", "a " + name + " 1");
    }
  }

  @Test
  void a_group_is_refused_for_what_the_row_held_before_it() throws Exception {
    handlers.apply("a small 32000; a big 9223372036854775000");

    refused("a small 768", "a small -1");
    refused("a small -1", "a small 769", "a small -769");
    refused("a big 808", "a big -1", "b big 1");
    refused("a small 768", "-a");
    refused("a big 808", "-a", "a big 1");
    refused("a small -32000", "a small -32768", "a small -1", "a small 2");
    handlers.apply("a small 767", "a small -1", "a big 807", "a big -2");

    assertThat(handlers.column("SELECT concat_ws(' ', k, small, big, amount) FROM sums"))
        .containsExactly("a 32766 9223372036854775805 0");
  }

  @Test
  void what_stays_in_range_is_taken_in_whatever_its_signs() throws Exception {
    handlers.apply("a small 5", "b small 1", "c big 1");
    handlers.apply("a small 3", "a small -6", "b small 2; b small -9", "c small 1", "d amount 7");
    handlers.apply("b small 3", "-b", "b small 2", "b small -1", "d amount 5", "d amount -20");

    assertThat(handlers.column("SELECT concat_ws(' ', k, small, big, amount) FROM sums ORDER BY k"))
        .containsExactly("a 2 0 0", "b 1 0 0", "c 1 1 0", "d 0 0 -8");
  }

  @Test
  void a_counter_near_its_range_s_end_does_not_refuse_what_another_row_does() throws Exception {
    handlers.apply("a small 32767; b small -32768; a big " + MOST);
    handlers.apply("a small -1", "c small 5", "c small -7", "b small 2", "d big 5", "d big -7");
    handlers.apply("b small -1", "c small -20", "c small 27");

    assertThat(handlers.column("SELECT concat_ws(' ', k, small) FROM sums ORDER BY k"))
        .containsExactly("a 32766", "b -32767", "c 5", "d 0");
  }

  @Test
  void a_replays_window_is_refused_that_leaves_the_range_on_its_way() throws Exception {
    refusedInReplay(true, "a small 32767", "a small 1", "a small -1");
    refusedInReplay(true, "a small 32767", "a small 1", "-a");
    handlers.apply("a small 32000");
    refusedInReplay(false, "a small 768", "a small -1");
    refusedInReplay(false, "a small 768", "-a", "a small 1");
    handlers.replay(handlers.inReplay(false), "a small 767", "a small -1", "-b");

    assertThat(handlers.column("SELECT small FROM sums")).containsExactly("32766");
  }

  @Test
  void an_event_that_adds_too_much_in_several_changes_is_refused_by_itself() throws Exception {
    handlers.apply("a small -30000");

    assertThatThrownBy(() -> handlers.apply("a small 30000; a small 30000"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("column 'small' of RowTable(sums): what the event adds, 60000");
    handlers.apply("a small 30000; -a; a small 30000");
    assertThat(handlers.column("SELECT small FROM sums")).containsExactly("30000");
  }

  /** A row that stands at -30000 would bear both; and so would other events of the group. */
  @Test
  void an_event_that_came_back_as_two_is_refused_for_what_both_add() throws Exception {
    for (String column : List.of("small 30000", "big " + MOST)) {
      String name = column.substring(0, column.indexOf(' '));
      handlers.apply("a " + column.replace(" ", " -"));
      List<EventEnvelope<String>> both = handlers.adapted("a " + column, "a " + column);
      List<EventEnvelope<String>> between = new ArrayList<>(handlers.events("b " + name + " 1"));
      between.addAll(both);
      between.addAll(handlers.events("a " + column.replace(" ", " -")));

      for (List<EventEnvelope<String>> group : List.of(both, between)) {
        try (Connection connection = handlers.connection()) {
          assertThatThrownBy(() -> handlers.process(connection, group))
              .isInstanceOf(IllegalArgumentException.class)
              .hasMessageContaining("column '%s' of RowTable(sums): what the event adds", name);
        }
      }
      assertThatThrownBy(() -> handlers.inReplay(false).gather(both))
          .hasMessageContaining("what the event adds");
    }
    handlers.inReplay(false).gather(handlers.adapted("a small 30000", "-a", "a small 30000"));
    handlers.inReplay(false).gather(handlers.events("a small 30000", "a small 30000"));
  }

  @Test
  void many_rows_that_wander_are_written_in_one_statement() throws Exception {
    BulkHandler<String> handler = handlers.inReplay(false);
    String[] events = new String[6000];
    for (int i = 0; i < events.length; i++) {
      events[i] = "k" + i % 2000 + " small " + (i < 2000 ? 2 : i < 4000 ? 3 : -4);
    }
    handlers.replay(handler, events);

    assertThat(handlers.column("SELECT DISTINCT small || ' ' || count(*) OVER () FROM sums"))
        .containsExactly("1 2000");
  }

  private void refused(String... events) {
    assertThatThrownBy(() -> handlers.apply(events))
        .as(String.join(", ", events))
        .hasMessageContaining("out of");
  }

  private void refusedInReplay(boolean isEmpty, String... events) {
    assertThatThrownBy(() -> handlers.replay(handlers.inReplay(isEmpty), events))
        .as(String.join(", ", events))
        .hasMessageContaining("out of");
  }
}
