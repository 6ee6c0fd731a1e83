package dev.kintsugi.runtime.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.internal.state.Fence;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The fence, and what is none (DESIGN 4). */
class FenceTest {

  private final World world = new World();

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void a_fence_passes_at_once_where_nobody_holds_it_up() throws Exception {
    assertThat(hasPassed(takeFence())).isTrue();
  }

  @Test
  void a_fence_waits_for_a_transaction_that_had_an_id_before_it() throws Exception {
    try (Connection older = world.database().connection()) {
      takeId(older);
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
      takeId(younger);
      assertThat(hasPassed(fence)).isTrue();
    }
  }

  /** xmax is one past the last completed id, and a writer with a higher id may run by then. */
  @Test
  void a_snapshots_xmax_passes_while_a_writer_runs_that_read_the_older_status_and_a_fence_does_not()
      throws Exception {
    try (Connection change = world.database().connection();
        Connection writer = world.database().connection()) {
      long changeId = takeId(change);
      long writerId = takeId(writer); // and reads the status that the change has not committed yet
      assertThat(writerId).isGreaterThan(changeId);
      change.commit();

      long xmax = snapshotMax();
      assertThat(xmax).as("xmax, no fence").isLessThanOrEqualTo(writerId);
      assertThat(snapshotMin()).as("all below xmax have ended").isGreaterThanOrEqualTo(xmax);

      Fence fence = takeFence();
      assertThat(hasPassed(fence)).as("the fence has passed").isFalse();
      writer.commit();
      assertThat(hasPassed(fence)).isTrue();
    }
  }

  @Test
  void whoever_holds_a_fence_up_is_named() throws Exception {
    try (Connection older = world.database().connection();
        Connection younger = world.database().connection()) {
      takeId(older);
      long pid = number(older, "SELECT pg_backend_pid()");
      Fence fence = takeFence();
      takeId(younger);

      assertThat(world.database().inTransaction(fence::holders))
          .singleElement()
          .satisfies(
              holder -> {
                assertThat(holder.who()).isEqualTo("pid " + pid);
                assertThat(holder.application()).isEqualTo("kintsugi");
                assertThat(holder.state()).isEqualTo("idle in transaction");
              });
      older.rollback();
      assertThat(world.database().inTransaction(fence::holders)).isEmpty();
    }
  }

  @Test
  void a_prepared_transaction_holds_a_fence_up_and_is_named() throws Exception {
    try (Connection connection = world.database().connection();
        Statement statement = connection.createStatement()) {
      takeId(connection);
      statement.execute("PREPARE TRANSACTION 'forgotten'");
      connection.commit();
      Fence fence = takeFence();

      assertThat(hasPassed(fence)).isFalse();
      assertThat(world.database().inTransaction(fence::holders))
          .singleElement()
          .satisfies(
              holder -> assertThat(holder.who()).isEqualTo("prepared transaction forgotten"));

      connection.setAutoCommit(true);
      statement.execute("ROLLBACK PREPARED 'forgotten'");
      connection.setAutoCommit(false);
      assertThat(hasPassed(fence)).isTrue();
    }
  }

  private Fence takeFence() throws SQLException {
    try (Connection connection = world.database().connection()) {
      return Fence.take(connection);
    }
  }

  private boolean hasPassed(Fence fence) throws Exception {
    return world.database().inTransaction(fence::hasPassed);
  }

  private long snapshotMax() throws Exception {
    return world
        .database()
        .inTransaction(
            connection ->
                number(connection, "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"));
  }

  private long snapshotMin() throws Exception {
    return world
        .database()
        .inTransaction(
            connection ->
                number(connection, "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"));
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
