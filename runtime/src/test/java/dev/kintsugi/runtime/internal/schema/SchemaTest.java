package dev.kintsugi.runtime.internal.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import dev.kintsugi.runtime.internal.event.JournalTables;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.jdbc.JdbcSettings;
import dev.kintsugi.runtime.persistence.SchemaException;
import dev.kintsugi.runtime.testing.TestServer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The tables are made once, whoever asks; or they are only looked for. */
@Tag("slow")
class SchemaTest {

  private static final List<String> JOURNAL =
      List.of("durable_state", "event_journal", "event_tag", "snapshot");

  private static final List<String> KINTSUGI =
      List.of(
          "kintsugi_cursor",
          "kintsugi_deletion",
          "kintsugi_projection",
          "kintsugi_rebuild",
          "kintsugi_rejected",
          "kintsugi_retirement",
          "kintsugi_skip",
          "kintsugi_skip_archive",
          "kintsugi_skip_archive_default",
          "kintsugi_subscription",
          "kintsugi_table",
          "kintsugi_verification");

  private final String url = TestServer.createDatabase();
  private final Database database =
      Database.open(new JdbcSettings(url, "", "", 4, Duration.ofSeconds(10)));
  private final Schema schema =
      new Schema(database, JournalTables.of(ConfigFactory.load().getConfig("jdbc-journal")));

  @AfterEach
  void close() {
    database.close();
    TestServer.dropDatabase(url);
  }

  private List<String> tables() throws Exception {
    return column(
        url,
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
            + " ORDER BY table_name");
  }

  private static List<String> column(String url, String sql) throws Exception {
    List<String> values = new ArrayList<>();
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      while (row.next()) {
        values.add(row.getString(1));
      }
    }
    return values;
  }

  private static void execute(String url, String... statements) throws Exception {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = SchemaTest.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException("no " + name + " on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void an_empty_database_gets_all_tables() throws Exception {
    schema.ensure(true);

    assertThat(tables()).containsAll(JOURNAL).containsAll(KINTSUGI).hasSize(18);
  }

  @Test
  void a_second_time_changes_nothing() throws Exception {
    schema.ensure(true);
    List<String> before = column(url, "SELECT oid FROM pg_class ORDER BY oid");

    schema.ensure(true);

    assertThat(column(url, "SELECT oid FROM pg_class ORDER BY oid")).isEqualTo(before);
  }

  @Test
  void verifications_from_before_any_could_be_incomplete_are_kept() throws Exception {
    schema.ensure(true);
    execute(
        url,
        """
        DROP TABLE kintsugi_verification;
        CREATE TABLE kintsugi_verification (
          id           INTEGER     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
          projection   TEXT        NOT NULL,
          generation   INTEGER     NOT NULL CHECK (generation > 0),
          requested_by TEXT        NOT NULL,
          reason       TEXT        NOT NULL,
          node         TEXT        NOT NULL,
          state        TEXT        NOT NULL DEFAULT 'waiting'
            CHECK (state IN ('waiting', 'running', 'clean', 'different', 'failed', 'stopped', 'abandoned')),
          up_to        BIGINT,
          checkpoint   BIGINT      NOT NULL DEFAULT 0,
          events       BIGINT      NOT NULL DEFAULT 0,
          open         BIGINT      NOT NULL DEFAULT 0,
          discarded    BIGINT      NOT NULL DEFAULT 0,
          detail       TEXT,
          tables       JSONB,
          requested_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
          started_at   TIMESTAMPTZ,
          ended_at     TIMESTAMPTZ,
          CHECK ((ended_at IS NULL) = (state IN ('waiting', 'running'))),
          CHECK ((tables IS NOT NULL) = (state IN ('clean', 'different'))),
          CHECK ((detail IS NOT NULL) = (state IN ('failed', 'stopped', 'abandoned')))
        ) WITH (fillfactor = 50);
        INSERT INTO kintsugi_verification
          (projection, generation, requested_by, reason, node, state, tables, ended_at)
        VALUES ('p', 1, 'ann', 'why', 'node', 'clean',
          '[{"table": "t", "rows": 1, "missing": 0, "surplus": 0, "ignored": [], "examples": []}]', now());
        """);
    String constraints =
        "SELECT replace(pg_get_constraintdef(oid), ' NOT VALID', '') FROM pg_constraint"
            + " WHERE conrelid = 'kintsugi_verification'::regclass AND contype = 'c' ORDER BY 1";

    schema.ensure(true);
    schema.ensure(true);

    execute(
        url,
        """
        INSERT INTO kintsugi_verification
          (projection, generation, requested_by, reason, node, state, tables, ended_at)
        VALUES ('p', 1, 'ann', 'why', 'node', 'incomplete', '[]', now())
        """);
    assertThat(column(url, "SELECT state FROM kintsugi_verification ORDER BY id"))
        .containsExactly("clean", "incomplete");
    List<String> upgraded = column(url, constraints);
    execute(url, "DROP TABLE kintsugi_verification");
    schema.ensure(true);
    assertThat(upgraded).isEqualTo(column(url, constraints));
  }

  @Test
  void nodes_that_start_at_once_all_find_it_complete() throws Exception {
    int nodes = 4;
    CountDownLatch ready = new CountDownLatch(nodes);
    ExecutorService threads = Executors.newFixedThreadPool(nodes);
    try {
      List<Future<String>> started = new ArrayList<>();
      for (int i = 0; i < nodes; i++) {
        started.add(
            threads.submit(
                () -> {
                  ready.countDown();
                  ready.await();
                  schema.ensure(true);
                  return "complete";
                }));
      }
      for (Future<String> each : started) {
        assertThat(each.get(60, TimeUnit.SECONDS)).isEqualTo("complete");
      }
    } finally {
      threads.shutdown();
    }
    assertThat(tables()).hasSize(18);
  }

  @Test
  void what_is_missing_is_named_with_what_to_do_where_it_may_not_be_made() throws Exception {
    assertThatThrownBy(() -> schema.ensure(false))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("event_journal")
        .hasMessageContaining(
            "kintsugi_projection, kintsugi_projection_serving_idx,"
                + " kintsugi_projection_consulted_idx, kintsugi_cursor, kintsugi_rebuild")
        .hasMessageContaining("kintsugi_skip_ordering_idx")
        .hasMessageContaining("config/ddl/postgresql/journal.sql, kintsugi.sql and functions.sql")
        .hasMessageContaining("kintsugi.schema.create");

    assertThat(tables()).as("nothing was made").isEmpty();
  }

  @Test
  void a_single_missing_index_is_named() throws Exception {
    schema.ensure(true);
    execute(url, "DROP INDEX kintsugi_skip_held_idx");

    assertThatThrownBy(() -> schema.ensure(false))
        .hasMessageContaining("lacks kintsugi_skip_held_idx.");
    schema.ensure(true);
    schema.ensure(false);
  }

  @Test
  void an_installation_from_before_there_were_operations_is_brought_up_to_date_with_its_rows()
      throws Exception {
    execute(
        url,
        resource("/dev/kintsugi/ddl/postgresql/journal.sql"),
        resource("kintsugi-without-operations.sql"),
        "INSERT INTO kintsugi_skip (projection, generation, persistence_id, sequence_number, ordering,"
            + " reason) VALUES ('files', 1, 'a', 1, 1, 'PAUSED'), ('files', 1, 'a', 2, 2, 'PAUSED')",
        "INSERT INTO kintsugi_skip_archive (projection, generation, persistence_id, sequence_number,"
            + " ordering, reason, recorded_at, attempts, outcome) VALUES ('files', 1, 'b', 1, 3, 'PAUSED',"
            + " now(), 0, 'applied')");

    assertThatThrownBy(() -> schema.ensure(false)).hasMessageContaining("kintsugi_operation");
    schema.ensure(true);
    schema.ensure(false);

    execute(
        url,
        "INSERT INTO kintsugi_skip_archive (projection, generation, persistence_id, sequence_number,"
            + " ordering, reason, recorded_at, attempts, outcome, operation) VALUES ('files', 1, 'a', 1, 1,"
            + " 'PAUSED', now(), 0, 'deleted', NULL), ('files', 1, 'a', 2, 2, 'PAUSED', now(), 0,"
            + " 'discarded', 7)");
    assertThat(
            column(
                url,
                "SELECT outcome || COALESCE(operation, 0) FROM kintsugi_skip_archive ORDER BY ordering"))
        .containsExactly("deleted0", "discarded7", "applied0");
    assertThatThrownBy(
            () -> execute(url, "UPDATE kintsugi_skip_archive SET outcome = 'something else'"))
        .hasMessageContaining("kintsugi_skip_archive_outcome_check");
    assertThat(column(url, "SELECT sequence_number FROM kintsugi_skip ORDER BY 1"))
        .containsExactly("1", "2");
    assertThat(column(url, "SELECT to_regclass('kintsugi_skip_failed_idx')::text"))
        .containsOnlyNulls();
    assertThat(column(url, "SELECT count(stopped_by) FROM kintsugi_rebuild")).containsExactly("0");
  }

  @Test
  void an_installation_from_before_rebuilds_could_be_stopped_takes_such_operations()
      throws Exception {
    schema.ensure(true);
    execute(
        url,
        "DROP TABLE kintsugi_request",
        "ALTER TABLE kintsugi_rebuild DROP COLUMN stopped_by",
        "ALTER TABLE kintsugi_operation DROP CONSTRAINT kintsugi_operation_operation_check",
        "ALTER TABLE kintsugi_operation ADD CONSTRAINT kintsugi_operation_operation_check"
            + " CHECK (operation IN ('pause', 'resume', 'retry', 'discard'))",
        "INSERT INTO kintsugi_operation (projection, operation, requested_by, reason)"
            + " VALUES ('files', 'pause', 'ann', 'why')");

    assertThatThrownBy(() -> schema.ensure(false)).hasMessageContaining("kintsugi_request");
    schema.ensure(true);

    execute(
        url,
        "INSERT INTO kintsugi_operation (projection, operation, requested_by, reason)"
            + " VALUES ('files', 'stop', 'ann', 'why'), ('files', 'limit', 'ann', 'why')");
    assertThatThrownBy(() -> execute(url, "UPDATE kintsugi_operation SET operation = 'sing'"))
        .hasMessageContaining("kintsugi_operation_operation_check");
    assertThat(column(url, "SELECT operation FROM kintsugi_operation ORDER BY id"))
        .containsExactly("pause", "stop", "limit");
    assertThat(column(url, "SELECT count(stopped_by) FROM kintsugi_rebuild")).containsExactly("0");
  }

  @Test
  void an_installation_from_before_projections_could_follow_gets_what_that_needs()
      throws Exception {
    schema.ensure(true);
    execute(
        url,
        "DROP TABLE kintsugi_cursor",
        "DROP INDEX kintsugi_projection_consulted_idx",
        "ALTER TABLE kintsugi_rebuild DROP COLUMN follows",
        "ALTER TABLE kintsugi_projection DROP CONSTRAINT kintsugi_projection_status_check,"
            + " ADD CONSTRAINT kintsugi_projection_status_check"
            + " CHECK (status IN ('rebuilding', 'active'))");

    schema.ensure(true);

    execute(
        url,
        "INSERT INTO kintsugi_projection (projection, generation, status, version)"
            + " VALUES ('files', 1, 'following', 1)",
        "INSERT INTO kintsugi_cursor (projection, generation, position) VALUES ('files', 1, 0)");
    assertThat(column(url, "SELECT count(follows) FROM kintsugi_rebuild")).containsExactly("0");
    assertThat(column(url, "SELECT to_regclass('kintsugi_projection_consulted_idx')::text"))
        .containsExactly("kintsugi_projection_consulted_idx");
    assertThatThrownBy(() -> execute(url, "UPDATE kintsugi_projection SET status = 'resting'"))
        .hasMessageContaining("kintsugi_projection_status_check");
  }

  @Test
  void an_installation_from_before_rebuilds_could_take_over_gets_what_that_needs()
      throws Exception {
    schema.ensure(true);
    execute(
        url,
        "DROP TABLE kintsugi_subscription",
        "ALTER TABLE kintsugi_projection DROP COLUMN returns_to",
        "ALTER TABLE kintsugi_rebuild DROP COLUMN blocked_at, DROP COLUMN from_projection,"
            + " DROP COLUMN from_generation, DROP COLUMN from_version, DROP COLUMN takes_over,"
            + " DROP CONSTRAINT kintsugi_rebuild_phase_check,"
            + " ADD CONSTRAINT kintsugi_rebuild_phase_check"
            + " CHECK (phase IN ('fence', 'replay', 'drain', 'settle', 'done'))",
        "INSERT INTO kintsugi_projection (projection, generation, status, version)"
            + " VALUES ('files', 1, 'active', 1)",
        "INSERT INTO kintsugi_rebuild (projection, generation, requested_by, reason, phase)"
            + " VALUES ('files', 1, 'ann', 'why', 'done')");

    schema.ensure(true);

    execute(
        url,
        "UPDATE kintsugi_projection SET returns_to = 1",
        "UPDATE kintsugi_rebuild SET phase = 'takeover', replay_to = 0, checkpoint = 0"
            + " WHERE NOT takes_over");
    assertThatThrownBy(() -> execute(url, "UPDATE kintsugi_rebuild SET phase = 'rest'"))
        .hasMessageContaining("kintsugi_rebuild_phase_check");
  }

  @Test
  void a_complete_schema_passes_where_nothing_may_be_made() throws Exception {
    schema.ensure(true);

    schema.ensure(false);
  }

  @Test
  void the_scripts_that_operators_run_by_hand_are_complete() throws Exception {
    execute(
        url,
        resource("/dev/kintsugi/ddl/postgresql/journal.sql"),
        resource("/dev/kintsugi/ddl/postgresql/kintsugi.sql"),
        resource("/dev/kintsugi/ddl/postgresql/functions.sql"));

    schema.ensure(false);
  }

  @Test
  void a_journal_that_is_there_stays_as_it_is() throws Exception {
    runStockScript(url);
    execute(
        url,
        """
        INSERT INTO event_journal (persistence_id, sequence_number, writer, event_ser_id,
          event_ser_manifest, event_payload) VALUES ('a', 1, 'w', 20, '', 'one')
        """,
        "DROP TABLE durable_state");

    schema.ensure(true);

    assertThat(column(url, "SELECT persistence_id FROM event_journal")).containsExactly("a");
    assertThat(tables()).containsAll(KINTSUGI).doesNotContain("durable_state");
  }

  private static void runStockScript(String url) throws Exception {
    // One at a time, as CREATE INDEX CONCURRENTLY takes no company.
    execute(url, resource("/schema/postgres/postgres-create-schema.sql").split(";\\s*(\\n|$)"));
  }

  @Test
  void the_journals_tables_are_as_pekko_persistence_jdbcs_own_script_makes_them() throws Exception {
    schema.ensure(true);
    String stock = TestServer.createDatabase();
    try {
      runStockScript(stock);
      for (String sql :
          List.of(
              """
              SELECT concat_ws(' ', table_name, ordinal_position, column_name, data_type,
                character_maximum_length, is_nullable, column_default)
              FROM information_schema.columns WHERE table_name IN (%s)
              ORDER BY table_name, ordinal_position
              """,
              """
              SELECT concat_ws(' ', conrelid::regclass, conname, contype,
                pg_get_constraintdef(oid))
              FROM pg_constraint WHERE conrelid::regclass::text IN (%s) ORDER BY 1
              """,
              "SELECT indexdef FROM pg_indexes WHERE tablename IN (%s) ORDER BY 1")) {
        String query = sql.formatted("'" + String.join("', '", JOURNAL) + "'");

        assertThat(column(url, query)).isNotEmpty().isEqualTo(column(stock, query));
      }
    } finally {
      TestServer.dropDatabase(stock);
    }
  }
}
