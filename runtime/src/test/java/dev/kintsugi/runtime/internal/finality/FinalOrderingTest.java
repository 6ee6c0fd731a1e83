package dev.kintsugi.runtime.internal.finality;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.runtime.internal.event.NumberedTable;
import dev.kintsugi.runtime.persistence.OrderingsWentBackException;
import dev.kintsugi.runtime.status.FenceHolder;
import dev.kintsugi.runtime.testing.HeldStates;
import dev.kintsugi.runtime.testing.Hooks;
import dev.kintsugi.runtime.testing.OldTransactions;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  /** What they hold is no lock of a writer's; an id they have all the same. */
  @Test
  void old_transactions_that_do_not_write_there_are_not_waited_for() throws Exception {
    try (OldTransactions old = OldTransactions.begin(world.url());
        Connection reader = world.database().connection();
        Statement statement = reader.createStatement()) {
      statement.execute("SELECT pg_current_xact_id(); SELECT count(*) FROM event_journal");
      world.append(world.event("a", 1));
      assertThat(look()).isEqualTo(1);
    }
  }

  /** As the stock plugin, which asks for no id before it inserts; nor do its rows lock any. */
  @Test
  void a_writer_is_waited_for_that_has_drawn_an_ordering_and_has_no_id_yet() throws Exception {
    world.execute(
        """
        CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN PERFORM pg_advisory_xact_lock_shared(7); RETURN NEW; END $$
        """);
    world.append(world.event("a", 1)); // the first number that a sequence gives takes an id
    world.execute(
        """
        CREATE TRIGGER wait_here BEFORE INSERT ON event_journal FOR EACH ROW
          WHEN (NEW.persistence_id = 'stock') EXECUTE FUNCTION wait_here()
        """);
    ExecutorService threads = Executors.newSingleThreadExecutor();
    try (Connection gate = world.database().connection();
        Connection stock = world.database().connection()) {
      gate.createStatement().execute("SELECT pg_advisory_xact_lock(7)");
      long pid = number(stock, "SELECT pg_backend_pid()");
      stock.rollback();
      Future<?> writing = threads.submit(() -> insert(stock, "stock", 1));
      eventually(() -> assertThat(world.someoneWaitsForALock()).isTrue());
      world.append(world.event("a", 2));
      assertThat(world.column("SELECT backend_xid FROM pg_stat_activity WHERE pid = " + pid))
          .containsOnlyNulls();
      assertThat(look()).isZero();
      assertThat(waitedFor()).containsExactly("pid " + pid);
      gate.rollback();
      writing.get();
      assertThat(look()).isZero();
      stock.commit();
      assertThat(look()).isEqualTo(3);
    } finally {
      threads.shutdownNow();
    }
  }

  /** Whoever begins after the look has not been looked for, so his ordering is not to be proven. */
  @Test
  void what_is_drawn_after_the_look_at_who_writes_is_not_taken_for_final() throws Exception {
    world.append(world.event("a", 1));
    AtomicBoolean looked = new AtomicBoolean();
    try (World.HeldWriter late = world.holdWriter();
        Connection connection = world.database().connection()) {
      Hooks.Hook afterTheLook =
          new Hooks.Hook() {
            @Override
            public void after(Connection on, String sql) throws SQLException {
              if (sql.contains("pg_locks") && looked.compareAndSet(false, true)) {
                writeTwo(late);
              }
            }
          };
      now = now.look(Hooks.on(connection, afterTheLook), orderings(), 0, 0);
      assertThat(looked).isTrue();
      assertThat(now.ordering()).isEqualTo(1);
      assertThat(look()).isEqualTo(1);
      late.commit();
      assertThat(look()).isEqualTo(3);
    }
  }

  private void writeTwo(World.HeldWriter late) throws SQLException {
    try {
      late.write(world.event("late", 1));
      world.append(world.event("a", 2));
    } catch (SQLException e) {
      throw e;
    } catch (Exception e) {
      throw new SQLException(e);
    }
  }

  @Test
  void a_prepared_writer_is_waited_for_and_named() throws Exception {
    try (Connection writer = world.database().connection();
        Statement statement = writer.createStatement()) {
      insert(writer, "late", 1);
      world.append(world.event("a", 1));
      assertThat(look()).isZero();
      statement.execute("PREPARE TRANSACTION 'writer'");
      writer.commit();
      assertThat(look()).isZero();
      assertThat(waitedFor()).containsExactly("prepared transaction writer");
      writer.setAutoCommit(true);
      statement.execute("COMMIT PREPARED 'writer'");
      writer.setAutoCommit(false);
      assertThat(look()).isEqualTo(2);
    }
  }

  /** He may use it, later in his transaction. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whoever_has_drawn_an_ordering_without_inserting_is_waited_for(boolean inSavepoint)
      throws Exception {
    try (Connection writer = world.database().connection()) {
      Savepoint before = writer.setSavepoint();
      long drawn = number(writer, "SELECT nextval('event_journal_ordering_seq')");
      if (inSavepoint) {
        writer.rollback(before);
      }
      world.append(world.event("a", 1));
      assertThat(look()).isZero();
      insert(writer, "late", 1);
      writer
          .createStatement()
          .execute(
              "UPDATE event_journal SET ordering = " + drawn + " WHERE persistence_id = 'late'");
      writer.commit();
      assertThat(look()).isEqualTo(2);
    }
  }

  /** In a crash the server may forget that it has handed it out. */
  @Test
  void an_ordering_that_nobody_has_committed_is_not_taken_for_final() throws Exception {
    world.append(world.event("a", 1));
    try (World.HeldWriter never = world.holdWriter()) {
      never.write(world.event("never", 1));
      never.rollback();
    }
    assertThat(look()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"parted", "parted_0"})
  void a_writer_to_a_partitioned_table_or_to_one_of_its_partitions_is_waited_for(String table)
      throws Exception {
    world.execute(
        "CREATE TABLE parted (n BIGSERIAL, stream INT, PRIMARY KEY (n, stream)) PARTITION BY HASH (stream)");
    world.execute(
        "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1)");
    world.execute(
        "CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0) PARTITION BY HASH (stream)");
    world.execute(
        "CREATE TABLE parted_00 PARTITION OF parted_0 FOR VALUES WITH (MODULUS 1, REMAINDER 0)");
    world.execute("ALTER TABLE parted_0 ALTER n SET DEFAULT nextval('parted_n_seq'::regclass)");
    String stream =
        world
            .column(
                "SELECT s FROM generate_series(1, 99) s WHERE satisfies_hash_partition('parted'::regclass, 2, 0, s) LIMIT 1")
            .get(0);
    String insert = "INSERT INTO %s (stream) VALUES (" + stream + ")";
    NumberedTable parted = new NumberedTable("parted", "\"n\"", "the table", "number", "row");
    try (Connection late = world.database().connection();
        Connection connection = world.database().connection()) {
      late.createStatement().execute(insert.formatted(table));
      world.execute(insert.formatted("parted"));
      now = now.look(connection, parted, 0, 0);
      assertThat(now.ordering()).isZero();
      late.rollback();
      now = now.look(connection, parted, 0, 0);
      assertThat(now.ordering()).isEqualTo(2);
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
  void no_look_takes_a_transaction_id() throws Exception {
    world.append(world.event("a", 1));
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

  /** As after a restart. */
  @Test
  void writers_that_are_no_more_are_not_waited_for() throws Exception {
    world.append(world.event("a", 1));
    now =
        new FinalOrdering(
            0, Optional.of(new FinalOrdering.Unproven(1, Set.of("7777/7777"), Instant.now())));
    assertThat(look()).isEqualTo(1);
  }

  private long look() throws SQLException {
    try (Connection connection = world.database().connection()) {
      now = now.look(connection, orderings(), 0, 0);
      return now.ordering();
    }
  }

  private List<String> waitedFor() throws Exception {
    FinalOrdering.Unproven unproven = now.unproven().orElseThrow();
    return world
        .database()
        .inTransaction(connection -> unproven.holders(connection, orderings()))
        .stream()
        .map(FenceHolder::who)
        .toList();
  }

  /** As somebody who knows nothing of Kintsugi. */
  private static int insert(Connection connection, String persistenceId, long sequenceNumber)
      throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            INSERT INTO event_journal (persistence_id, sequence_number, writer, write_timestamp,
              adapter_manifest, event_payload, event_ser_id, event_ser_manifest)
            VALUES (?, ?, 'stock', 0, '', '', 20, '')
            """)) {
      insert.setString(1, persistenceId);
      insert.setLong(2, sequenceNumber);
      return insert.executeUpdate();
    }
  }

  private static long number(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
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
