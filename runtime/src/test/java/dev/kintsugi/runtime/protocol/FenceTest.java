package dev.kintsugi.runtime.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.internal.state.Fence;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.status.FenceHolder;
import dev.kintsugi.runtime.testing.OldTransactions;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The fence, and what is none (DESIGN 4). */
class FenceTest {

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void a_fence_passes_at_once_where_nobody_holds_it_up() throws Exception {
    assertThat(hasPassed(takeFence())).isTrue();
  }

  @Test
  void a_fence_waits_for_a_transaction_that_read_a_status_before_it() throws Exception {
    try (Connection older = world.database().connection()) {
      readToActOn(older);
      Fence fence = takeFence();
      assertThat(hasPassed(fence)).isFalse();
      older.rollback();
      assertThat(hasPassed(fence)).isTrue();
    }
  }

  @Test
  void a_fence_does_not_wait_for_transactions_that_get_their_ids_after_it() throws Exception {
    Fence fence = takeFence();
    try (Connection younger = world.database().connection()) {
      readToActOn(younger);
      assertThat(hasPassed(fence)).isTrue();
    }
  }

  /** An id is no reason to wait: whoever has yet to read the status will read the newer one. */
  @Test
  void a_fence_does_not_wait_for_whoever_has_an_id_and_has_read_no_status() throws Exception {
    try (Connection older = world.database().connection()) {
      takeId(older);
      assertThat(hasPassed(takeFence())).isTrue();
    }
  }

  @Test
  void a_fence_does_not_wait_for_whoever_reads_statuses_and_changes_nothing() throws Exception {
    try (Connection report = world.database().connection()) {
      report.createStatement().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
      number(report, "SELECT count(*) FROM kintsugi_projection");
      try (Connection forgotten = world.database().connection()) {
        takeId(forgotten);
        assertThat(hasPassed(takeFence())).isTrue();
      }
    }
  }

  /** Their ids are below the fence, all the same. */
  @Test
  void old_transactions_that_have_nothing_to_do_with_statuses_hold_up_neither_fence_nor_rebuild()
      throws Exception {
    world.start(log);
    world.append(world.event("a", 1), world.event("b", 1));
    try (OldTransactions old = OldTransactions.begin(world.url())) {
      assertThat(old.idsBelow(takeFence().xid())).as("open transactions").isEqualTo(3);
      assertThat(hasPassed(takeFence())).isTrue();
      assertThat(holders(takeFence())).isEmpty();
      world.requestRebuild(log);
      world.runToTheEnd(log);
    }
    world.auditWhole(log);
  }

  /**
   * xmax is one past the last completed id, and a writer with a higher id may run by then: it is
   * not among those that must end before all below xmax have. Other tests use the same server, so
   * it takes tries until none of them ended a transaction in between.
   */
  @Test
  void a_snapshots_xmax_passes_while_a_writer_runs_that_read_the_older_status_and_a_fence_does_not()
      throws Exception {
    int tries = 0;
    boolean xmaxPasses;
    do {
      try (Connection change = world.database().connection();
          Connection writer = world.database().connection()) {
        long changeId = takeId(change);
        long writerId = takeId(writer);
        assertThat(writerId).isGreaterThan(changeId);
        readToActOn(writer); // the status that the change has not committed yet
        change.commit();

        xmaxPasses = snapshotMax() <= writerId;

        Fence fence = takeFence();
        assertThat(hasPassed(fence)).as("the fence has passed").isFalse();
        writer.commit();
        assertThat(hasPassed(fence)).isTrue();
      }
    } while (!xmaxPasses && ++tries < 1000);
    assertThat(xmaxPasses).as("xmax is no fence: a writer was left out").isTrue();
  }

  @Test
  void whoever_holds_a_fence_up_is_named_and_nobody_else() throws Exception {
    try (OldTransactions old = OldTransactions.begin(world.url());
        Connection older = world.database().connection();
        Connection younger = world.database().connection()) {
      readToActOn(older);
      long pid = number(older, "SELECT pg_backend_pid()");
      Fence fence = takeFence();
      readToActOn(younger);

      assertThat(holders(fence))
          .singleElement()
          .satisfies(
              holder -> {
                assertThat(holder.who()).isEqualTo("pid " + pid);
                assertThat(holder.application()).isEqualTo("kintsugi");
                assertThat(holder.state()).isEqualTo("idle in transaction");
                assertThat(holder.since()).isNotNull();
              });
      older.rollback();
      assertThat(holders(fence)).isEmpty();
    }
  }

  @Test
  void a_prepared_transaction_that_read_a_status_holds_a_fence_up_and_is_named() throws Exception {
    try (Connection connection = world.database().connection();
        Statement statement = connection.createStatement()) {
      readToActOn(connection);
      statement.execute("PREPARE TRANSACTION 'forgotten'");
      connection.commit();
      Fence fence = takeFence();

      assertThat(hasPassed(fence)).isFalse();
      assertThat(holders(fence))
          .singleElement()
          .satisfies(
              holder -> assertThat(holder.who()).isEqualTo("prepared transaction forgotten"));

      connection.setAutoCommit(true);
      statement.execute("ROLLBACK PREPARED 'forgotten'");
      connection.setAutoCommit(false);
      assertThat(hasPassed(fence)).isTrue();
    }
  }

  /** Whom another user's session belongs to everybody may know, since when it is open nobody. */
  @Test
  void a_holder_is_named_also_to_a_user_who_may_not_see_what_it_does() throws Exception {
    String role = "watcher_" + ProcessHandle.current().pid();
    world.execute("CREATE ROLE " + role);
    try (Connection older = world.database().connection();
        Connection watcher = world.database().connection();
        Statement statement = watcher.createStatement()) {
      readToActOn(older);
      long pid = number(older, "SELECT pg_backend_pid()");
      Fence fence = takeFence();
      statement.execute("SET LOCAL ROLE " + role);
      assertThat(fence.look(watcher)).isEqualTo(Fence.Look.AWAITED);
      assertThat(fence.holders(watcher))
          .singleElement()
          .satisfies(
              holder -> {
                assertThat(holder.who()).isEqualTo("pid " + pid);
                assertThat(holder.application()).isEqualTo("kintsugi");
                assertThat(holder.state()).isEmpty();
                assertThat(holder.since()).isNull();
                assertThat(holder.queryStart()).isNull();
              });
    } finally {
      world.execute("DROP ROLE " + role);
    }
  }

  // Savepoints

  @Test
  void a_status_that_was_read_before_a_savepoint_is_still_read_after_going_back_to_it()
      throws Exception {
    world.start(log);
    try (World.HeldWriter writer = world.holdWriter()) {
      writer.write(world.event("a", 1));
      Savepoint later = writer.connection().setSavepoint();
      writer.write(world.event("a", 2));
      writer.connection().rollback(later);

      Fence fence = takeFence();
      assertThat(hasPassed(fence)).isFalse();
      writer.commit();
      assertThat(hasPassed(fence)).isTrue();
    }
    world.auditWhole(log);
  }

  @Test
  void a_status_that_was_read_behind_a_savepoint_that_was_released_is_read() throws Exception {
    try (Connection writer = world.database().connection()) {
      Savepoint savepoint = writer.setSavepoint();
      readToActOn(writer);
      writer.releaseSavepoint(savepoint);
      assertThat(hasPassed(takeFence())).isFalse();
    }
  }

  /** Its lock is gone, and so is all that it did: it is waited for no more, and reads anew. */
  @Test
  void a_writer_that_took_back_its_append_reads_the_newer_status_when_it_appends_again()
      throws Exception {
    world.start(log);
    world.append(world.event("b", 1));
    try (World.HeldWriter writer = world.holdWriter()) {
      takeId(writer.connection());
      Savepoint before = writer.connection().setSavepoint();
      writer.write(world.event("a", 1));
      writer.connection().rollback(before);

      world.requestRebuild(log);
      assertThat(hasPassed(takeFence())).isTrue();
      writer.write(world.event("a", 1));
      assertThat(hasPassed(takeFence())).isFalse();
      writer.commit();
    }
    assertThat(world.open(log)).containsExactly("a/1 REBUILDING");
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  /** A handler has failed, so the whole append is done again behind the same savepoint. */
  @Test
  void an_append_that_is_done_again_after_a_failure_acts_on_the_status_that_it_reads_then()
      throws Exception {
    world.start(log);
    world.append(world.event("b", 1));
    AtomicBoolean failed = new AtomicBoolean();
    log.beforeEach(
        event -> {
          if (failed.compareAndSet(false, true)) {
            requestRebuild();
            throw new IllegalStateException("not now");
          }
        });
    try (World.HeldWriter writer = world.holdWriter()) {
      writer.write(world.event("a", 1));
      Fence fence = takeFence();
      assertThat(hasPassed(fence)).as("it reads again, with the id that it had").isFalse();
      writer.commit();
      assertThat(hasPassed(fence)).isTrue();
    }
    assertThat(world.open(log)).containsExactly("a/1 REBUILDING");
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  private void requestRebuild() {
    try {
      world.requestRebuild(log);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  // How it reads

  private Fence takeFence() throws SQLException {
    try (Connection connection = world.database().connection()) {
      return Fence.take(connection);
    }
  }

  private boolean hasPassed(Fence fence) throws Exception {
    return world.database().inTransaction(fence::hasPassed);
  }

  private List<FenceHolder> holders(Fence fence) throws Exception {
    return world.database().inTransaction(fence::holders);
  }

  private long snapshotMax() throws Exception {
    return world
        .database()
        .inTransaction(
            connection ->
                number(connection, "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"));
  }

  /** As whoever is going to touch a read model. */
  private static void readToActOn(Connection connection) throws SQLException {
    Generations.findToActOn(connection, "log");
  }

  private static long takeId(Connection connection) throws SQLException {
    return number(connection, "SELECT pg_current_xact_id()::text::bigint");
  }

  private static long number(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }
}
