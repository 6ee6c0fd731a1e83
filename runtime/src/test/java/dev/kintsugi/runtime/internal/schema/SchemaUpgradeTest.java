package dev.kintsugi.runtime.internal.schema;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import dev.kintsugi.runtime.internal.event.JournalTables;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.jdbc.JdbcSettings;
import dev.kintsugi.runtime.persistence.SchemaException;
import dev.kintsugi.runtime.testing.TestServer;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A start looks first, locks only what it changes, and lets nobody wait for it. */
class SchemaUpgradeTest {

  private final String url = TestServer.createDatabase();
  private final Database database =
      Database.open(new JdbcSettings(url, "", "", 4, Duration.ofSeconds(10)));
  private final JournalTables names =
      JournalTables.of(ConfigFactory.load().getConfig("jdbc-journal"));
  private final Schema schema = new Schema(database, names);
  private final Connection other;

  SchemaUpgradeTest() throws SQLException {
    other = DriverManager.getConnection(url);
  }

  @BeforeEach
  void begin() throws SQLException {
    other.setAutoCommit(false);
    execute("SET application_name = 'a dump'");
    other.commit();
  }

  @AfterEach
  void close() throws SQLException {
    other.close();
    database.close();
    TestServer.dropDatabase(url);
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = other.createStatement()) {
      statement.execute(sql);
    }
  }

  private String value(String sql) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }

  private static String resource(String name) throws Exception {
    try (InputStream in = SchemaUpgradeTest.class.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** What an older build has made; and then a session that reads all of it for long. */
  private void dumpAnOlderInstallation() throws Exception {
    execute(resource("/dev/kintsugi/ddl/postgresql/journal.sql"));
    execute(resource("kintsugi-without-operations.sql"));
    other.commit();
    execute(
        "LOCK TABLE kintsugi_projection, kintsugi_rebuild, kintsugi_skip, kintsugi_skip_archive,"
            + " event_journal IN ACCESS SHARE MODE");
  }

  @Test
  void an_upgrade_beside_a_long_reader_stalls_no_writer_and_completes_after_it() throws Exception {
    dumpAnOlderInstallation();
    CompletableFuture<Object> upgrade =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return schema.ensure(true);
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    try (Connection writer = DriverManager.getConnection(url);
        Statement statement = writer.createStatement()) {
      statement.execute("SET lock_timeout = '5s'");
      eventually(
          () -> {
            statement.execute(
                "INSERT INTO kintsugi_rebuild (projection, generation, requested_by, reason, phase)"
                    + " SELECT 'p', count(*) + 1, '', '', 'fence' FROM kintsugi_rebuild");
            assertThat(
                    value(
                        "SELECT count(*) FROM pg_locks"
                            + " WHERE mode = 'AccessExclusiveLock' AND NOT granted"))
                .as("upgrades that wait for the reader")
                .isEqualTo("1");
          });
      for (int i = 0; i < 10; i++) {
        statement.execute(
            "UPDATE kintsugi_rebuild SET reason = reason || '.' WHERE generation = 1");
      }
      assertThat(upgrade).as("it waits, alone").isNotDone();
      other.rollback();
      upgrade.get(60, TimeUnit.SECONDS);
    }

    schema.ensure(false);
    assertThat(value("SELECT count(stopped_by) FROM kintsugi_rebuild")).isEqualTo("0");
  }

  @Test
  void a_start_that_waits_for_too_long_says_for_whom() throws Exception {
    dumpAnOlderInstallation();

    assertThatThrownBy(() -> new Schema(database, names, Duration.ofMillis(1)).ensure(true))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("kintsugi_projection.returns_to could not be made in ")
        .hasMessageContaining("(a dump, idle in transaction, for 00:00:");
  }

  @Test
  void where_nothing_is_missing_no_lock_is_in_the_way() throws Exception {
    schema.ensure(true);
    execute(
        "LOCK TABLE kintsugi_projection, kintsugi_rebuild, kintsugi_skip, kintsugi_skip_archive,"
            + " kintsugi_operation, kintsugi_table, event_journal, event_tag IN EXCLUSIVE MODE");

    schema.ensure(true);
    schema.ensure(false);
  }

  @Test
  void a_missing_column_and_a_missing_constraint_are_named_and_made() throws Exception {
    schema.ensure(true);
    execute("ALTER TABLE kintsugi_rebuild DROP COLUMN stopped_by");
    execute("ALTER TABLE kintsugi_operation DROP CONSTRAINT kintsugi_operation_operation_check");
    other.commit();

    assertThatThrownBy(() -> schema.ensure(false))
        .hasMessageContaining(
            "lacks kintsugi_rebuild.stopped_by, kintsugi_operation_operation_check.");
    schema.ensure(true);
    schema.ensure(false);
  }

  @Test
  void storage_parameters_that_somebody_has_set_stay() throws Exception {
    schema.ensure(true);
    execute("ALTER TABLE kintsugi_skip SET (autovacuum_vacuum_threshold = 77)");
    other.commit();

    schema.ensure(true);

    assertThat(value("SELECT reloptions FROM pg_class WHERE relname = 'kintsugi_skip'"))
        .contains("autovacuum_vacuum_threshold=77", "fillfactor=85");
  }

  @Test
  void a_statement_that_can_not_be_looked_for_is_no_part_of_a_script() {
    assertThatThrownBy(() -> SchemaScript.parse("-- why;\nUPDATE kintsugi_skip SET attempts = 0;"))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("has been done: UPDATE kintsugi_skip");
  }
}
