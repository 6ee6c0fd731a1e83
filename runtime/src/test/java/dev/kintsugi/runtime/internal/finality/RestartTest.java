package dev.kintsugi.runtime.internal.finality;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.internal.event.NumberedTable;
import dev.kintsugi.runtime.internal.state.Fence;
import dev.kintsugi.runtime.status.FenceHolder;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server of its own is restarted between two looks: prepared transactions are there again. */
@Tag("slow")
class RestartTest {

  private static final NumberedTable JOURNAL =
      new NumberedTable("journal", "\"ordering\"", "the journal", "ordering", "event");

  @TempDir Path data;

  @Test
  void prepared_transactions_are_waited_for_also_after_a_restart() throws Exception {
    Fence fence;
    FinalOrdering now = FinalOrdering.NONE;
    try (EmbeddedPostgres server = start();
        Connection writer = server.getPostgresDatabase().getConnection();
        Connection connection = server.getPostgresDatabase().getConnection()) {
      execute(
          connection,
          "CREATE TABLE kintsugi_projection (status TEXT); CREATE TABLE journal (ordering BIGSERIAL, event TEXT)");
      execute(
          writer,
          """
          BEGIN;
          SELECT pg_current_xact_id();
          INSERT INTO journal (event) VALUES ('late');
          SELECT status FROM kintsugi_projection;
          PREPARE TRANSACTION 'writer';
          BEGIN;
          CREATE TABLE of_others (n INT);
          PREPARE TRANSACTION 'other';
          """);
      execute(connection, "INSERT INTO journal (event) VALUES ('early')");
      connection.setAutoCommit(false);
      fence = Fence.take(connection);
      assertThat(fence.look(connection)).isEqualTo(Fence.Look.AWAITED);
      connection.rollback();
      now = now.look(connection, JOURNAL, 0, 0);
      assertThat(now.ordering()).isZero();
      assertThat(now.unproven().orElseThrow().writers()).noneMatch(name -> name.startsWith("-1/"));
    }

    try (EmbeddedPostgres server = start();
        Connection connection = server.getPostgresDatabase().getConnection()) {
      connection.setAutoCommit(false);
      assertThat(fence.look(connection)).isEqualTo(Fence.Look.AWAITED);
      assertThat(fence.holders(connection))
          .extracting(FenceHolder::who)
          .containsExactly("prepared transaction writer");
      assertThat(now.unproven().orElseThrow().holders(connection, JOURNAL))
          .extracting(FenceHolder::who)
          .containsExactly("prepared transaction writer");
      connection.rollback();
      FinalOrdering waiting = now;
      now = now.look(connection, JOURNAL, 0, 0);
      assertThat(now).isEqualTo(waiting);

      connection.setAutoCommit(true);
      execute(connection, "COMMIT PREPARED 'writer'");
      connection.setAutoCommit(false);
      assertThat(fence.look(connection)).isEqualTo(Fence.Look.PASSED);
      connection.rollback();
      now = now.look(connection, JOURNAL, 0, 0);
      assertThat(now.ordering()).isEqualTo(2);
      assertThat(number(connection, "SELECT count(*) FROM pg_prepared_xacts")).isOne();
    }
  }

  private EmbeddedPostgres start() throws IOException {
    return EmbeddedPostgres.builder()
        .setDataDirectory(data)
        .setCleanDataDirectory(false)
        .setServerConfig("max_prepared_transactions", "10")
        .start();
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static long number(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }
}
