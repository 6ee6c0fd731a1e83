package dev.kintsugi.runtime.internal.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.runtime.internal.event.NumberedTable;
import dev.kintsugi.runtime.internal.state.Fence;
import dev.kintsugi.runtime.persistence.OrderingsWentBackException;
import dev.kintsugi.runtime.testing.HeldStates;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FinalOrderingTest {

  private final World world = new World();
  private FinalOrdering now = FinalOrdering.NONE;

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void what_is_committed_is_final_where_nobody_writes() throws Exception {
    assertThat(look()).isZero();
    world.append(world.event("a", 1), world.event("a", 2));
    assertThat(look()).isEqualTo(2);
  }

  @Test
  void an_event_is_not_final_while_one_with_a_lower_ordering_may_come() throws Exception {
    try (World.HeldWriter late = world.holdWriter()) {
      late.write(world.event("late", 1));
      world.append(world.event("a", 1));
      assertThat(look()).isZero();
      late.commit();
    }
    assertThat(look()).isEqualTo(2);
  }

  @Test
  void an_ordering_that_was_rolled_back_is_waited_for_by_nobody() throws Exception {
    try (World.HeldWriter never = world.holdWriter()) {
      never.write(world.event("never", 1));
      world.append(world.event("a", 1));
      assertThat(look()).isZero();
      never.rollback();
    }
    assertThat(look()).isEqualTo(2);
  }

  @Test
  void a_writer_that_begins_later_is_not_waited_for() throws Exception {
    try (World.HeldWriter late = world.holdWriter();
        World.HeldWriter later = world.holdWriter()) {
      late.write(world.event("late", 1));
      world.append(world.event("a", 1));
      assertThat(look()).isZero();
      later.write(world.event("later", 1));
      late.commit();
      assertThat(look()).isEqualTo(2);
    }
  }

  /** Its id is above those of all that have ended, so a snapshot's xmax is no fence for it. */
  @Test
  void a_writer_is_waited_for_whose_id_is_above_all_that_have_ended() throws Exception {
    try (World.HeldWriter older = world.holdWriter();
        World.HeldWriter late = world.holdWriter()) {
      takeId(older.connection());
      late.write(world.event("late", 1));
      older.write(world.event("a", 1));
      older.commit();
      assertThat(look()).isZero();
      late.commit();
    }
    assertThat(look()).isEqualTo(2);
  }

  @Test
  void one_that_is_not_final_yet_is_kept_while_more_is_written() throws Exception {
    try (World.HeldWriter late = world.holdWriter()) {
      late.write(world.event("late", 1));
      world.append(world.event("a", 1));
      look();
      FinalOrdering waiting = now;
      world.append(world.event("a", 2));
      look();
      assertThat(now).isEqualTo(waiting);
      late.commit();
    }
    assertThat(look()).isEqualTo(3);
  }

  @Test
  void an_idle_journal_takes_no_transaction_ids() throws Exception {
    world.append(world.event("a", 1));
    look();
    String before = nextId();
    look();
    look();
    assertThat(nextId()).isEqualTo(before);
  }

  @Test
  void orderings_that_sessions_keep_in_stock_are_refused() throws Exception {
    world.execute("ALTER SEQUENCE event_journal_ordering_seq CACHE 20");
    assertThatThrownBy(this::look)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("ALTER SEQUENCE event_journal_ordering_seq CACHE 1");
  }

  @Test
  void orderings_that_go_back_are_refused_with_what_was_seen() throws Exception {
    world.append(world.event("a", 1), world.event("a", 2), world.event("a", 3));
    assertThat(look()).isEqualTo(3);
    world.execute("DELETE FROM event_journal WHERE sequence_number = 3");
    assertThat(look()).as("an event that is gone is none that was never").isEqualTo(3);

    // As a fail-over to a copy that lacks the latest event, and its number.
    assertThat(world.column("SELECT setval('event_journal_ordering_seq', 2)")).containsExactly("2");
    assertThatThrownBy(this::look)
        .isInstanceOf(OrderingsWentBackException.class)
        .hasMessageContaining("has read up to ordering 3")
        .hasMessageContaining("none above 2")
        .hasMessageContaining("its highest event has 2");
    now = FinalOrdering.NONE;
    assertThat(look()).isEqualTo(2);
  }

  @Test
  void a_query_that_is_to_begin_behind_what_there_is_is_refused() throws Exception {
    world.append(world.event("a", 1));
    try (Connection connection = world.database().connection()) {
      assertThatThrownBy(() -> now.look(connection, orderings(), 7, 0))
          .isInstanceOf(OrderingsWentBackException.class)
          .hasMessageContaining("begin behind it, but the journal has handed out none above 1");
      assertThat(now.look(connection, orderings(), 1, 0).ordering()).isEqualTo(1);
    }
  }

  @Test
  void what_was_seen_is_proven_final_though_it_is_gone() throws Exception {
    world.append(world.event("a", 1), world.event("a", 2), world.event("a", 3));
    world.execute("DELETE FROM event_journal WHERE sequence_number = 3");
    assertThat(look()).isEqualTo(2);
    try (World.HeldWriter late = world.holdWriter();
        Connection connection = world.database().connection()) {
      late.write(world.event("late", 1));
      now = now.look(connection, orderings(), 2, 3);
      assertThat(now.ordering()).as("a lower one may come").isEqualTo(2);
      late.rollback();
      now = now.look(connection, orderings(), 2, 3);
    }
    assertThat(now.ordering()).isEqualTo(3);
  }

  /** Also where the update's row has been seen at the place that it had before. */
  @Test
  void a_durable_state_is_not_final_while_a_change_with_a_lower_offset_may_come() throws Exception {
    HeldStates states = new HeldStates();
    try (Connection late = world.database().connection();
        Connection other = world.database().connection()) {
      states.upsert(other, "late", 1, "tag");
      other.commit();
      now = now.look(other, states.offsets(), 0, 0);
      assertThat(now.ordering()).isEqualTo(1);

      states.upsert(late, "late", 2, "tag");
      states.upsert(other, "early", 1, "tag");
      other.commit();
      now = now.look(other, states.offsets(), 0, 0);
      assertThat(now.ordering()).isEqualTo(1);
      states.delete(other, "early");
      other.commit();
      now = now.look(other, states.offsets(), 0, 0);
      assertThat(now.ordering()).isEqualTo(1);
      late.commit();
      now = now.look(other, states.offsets(), 0, 0);
      assertThat(now.ordering()).isEqualTo(3);
    }
  }

  @Test
  void a_fence_of_another_cluster_is_not_waited_for() throws Exception {
    world.append(world.event("a", 1));
    now =
        new FinalOrdering(
            0,
            Optional.of(
                new FinalOrdering.Unproven(1, new Fence(4_000_000_000_000L), Instant.now())));
    assertThat(look()).isEqualTo(1);
  }

  private long look() throws SQLException {
    try (Connection connection = world.database().connection()) {
      now = now.look(connection, orderings(), 0, 0);
      return now.ordering();
    }
  }

  private NumberedTable orderings() {
    return world.journal().orderings();
  }

  private String nextId() throws Exception {
    return world.column("SELECT pg_snapshot_xmax(pg_current_snapshot())").get(0);
  }

  private static void takeId(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT pg_current_xact_id()")) {
      row.next();
    }
  }
}
