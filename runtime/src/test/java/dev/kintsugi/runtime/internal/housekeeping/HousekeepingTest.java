package dev.kintsugi.runtime.internal.housekeeping;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.jdbc.JdbcSettings;
import dev.kintsugi.runtime.testing.Hooks;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** One node at a time, with the rights that it has, on a connection that goes back as it came. */
class HousekeepingTest {

  private static final HousekeepingSettings SETTINGS =
      new HousekeepingSettings(
          Duration.ofHours(1),
          Duration.ofSeconds(10),
          Duration.ofSeconds(30),
          Duration.ofDays(14),
          Duration.ofDays(30));

  private static final String ADVISORY_LOCKS =
      "SELECT pid FROM pg_locks l WHERE locktype = 'advisory'"
          + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

  private final World world = new World();
  private final Keeper keeper = new Keeper(world);
  private final Housekeeping node = new Housekeeping(world.database(), SETTINGS);

  @AfterEach
  void close() {
    world.close();
  }

  private static void complete(Optional<HousekeepingReport> report) {
    assertThat(report).isPresent();
    assertThat(report.get().postponed()).isEmpty();
    assertThat(report.get().failures()).isEmpty();
  }

  @Test
  void days_are_the_databases() throws Exception {
    complete(node.run());

    assertThat(keeper.partitions())
        .hasSize(1 + 8)
        .containsAll(
            world.column(
                """
                SELECT 'until_' || to_char((now() AT TIME ZONE 'UTC') + INTERVAL '7 days', 'YYYYMMDD')
                UNION ALL
                SELECT 'p' || to_char((now() AT TIME ZONE 'UTC') + INTERVAL '14 days', 'YYYYMMDD')
                """));
  }

  @Test
  void while_one_node_is_at_it_another_does_nothing() throws Exception {
    List<Optional<HousekeepingReport>> others = new ArrayList<>();
    Database hooked =
        new Database(
            Hooks.on(
                () -> world.database().connection(),
                new Hooks.Hook() {
                  @Override
                  public void after(Connection connection, String sql) throws SQLException {
                    if (sql.contains("ALTER TABLE") || sql.contains("FROM kintsugi_skip")) {
                      others.add(node.run());
                    }
                  }
                }));

    complete(new Housekeeping(hooked, SETTINGS).run());

    assertThat(others).hasSizeGreaterThan(5).allMatch(Optional::isEmpty);
    complete(node.run());
  }

  @Test
  void its_connection_goes_back_as_it_came() throws Exception {
    Database one = Database.open(new JdbcSettings(world.url(), "", "", 2, Duration.ofSeconds(10)));
    try (Connection held = one.connection()) {
      assertThat(held.getAutoCommit()).isFalse();
      complete(new Housekeeping(one, SETTINGS).run());
      try (Connection again = one.connection();
          ResultSet settings =
              again
                  .createStatement()
                  .executeQuery(
                      "SELECT current_setting('lock_timeout') || current_setting('statement_timeout')")) {
        settings.next();
        assertThat(settings.getString(1)).isEqualTo("00");
        assertThat(again.getAutoCommit()).isFalse();
      }
    } finally {
      one.close();
    }
    assertThat(world.column(ADVISORY_LOCKS)).isEmpty();
  }

  @Test
  void a_run_that_fails_leaves_no_lock_behind() throws Exception {
    Database failing =
        new Database(
            Hooks.on(
                () -> world.database().connection(),
                new Hooks.Hook() {
                  @Override
                  public void before(Connection connection, String sql) throws SQLException {
                    if (sql.contains("VALIDATE")) {
                      throw new SQLException("no answer", "08006");
                    }
                  }
                }));

    assertThatThrownBy(() -> new Housekeeping(failing, SETTINGS).run()).hasMessage("no answer");

    eventually(() -> assertThat(world.column(ADVISORY_LOCKS)).isEmpty());
    complete(node.run());
  }

  @Test
  void old_verifications_are_deleted_but_for_open_ones_and_the_newest_of_each_projection()
      throws Exception {
    for (String row :
        List.of(
            "'log', 'failed', 40",
            "'log', 'failed', 29",
            "'rare', 'failed', 90",
            "'rare', 'failed', 60",
            "'slow', 'waiting', 40",
            "'slow', 'stopped', 31")) {
      world.execute(
          """
          INSERT INTO kintsugi_verification (projection, generation, requested_by, reason, node, state,
            requested_at, ended_at, detail)
          SELECT projection, 1, 'ann', '', 'node', state, now() - days * INTERVAL '1 day',
            CASE state WHEN 'waiting' THEN NULL ELSE now() END,
            CASE state WHEN 'waiting' THEN NULL ELSE 'why' END
          FROM (VALUES (%s)) AS v (projection, state, days)
          """
              .formatted(row));
    }

    complete(node.run());

    assertThat(world.column("SELECT id FROM kintsugi_verification ORDER BY 1"))
        .containsExactly("2", "4", "5", "6");
  }

  @Test
  void what_fails_for_one_table_is_no_reason_to_leave_the_other() throws Exception {
    world.execute(
        """
        INSERT INTO kintsugi_skip (projection, generation, persistence_id, sequence_number, ordering,
          reason)
        SELECT 'log', 1, 'a', n, n, 'PAUSED' FROM generate_series(1, 50000) AS n
        """);
    world.execute("DELETE FROM kintsugi_skip");
    world.execute("CREATE VIEW in_the_way AS SELECT 1 AS n");
    world.execute(
        "ALTER VIEW in_the_way RENAME TO kintsugi_skip_archive_until_"
            + world
                .column(
                    "SELECT to_char((now() AT TIME ZONE 'UTC') + INTERVAL '7 days', 'YYYYMMDD')")
                .get(0));

    HousekeepingReport report = node.run().orElseThrow();

    assertThat(report.failures()).hasSize(1);
    assertThat(report.failures().get(0).kind()).isEqualTo("archive.42P07");
    assertThat(world.column("SELECT pg_relation_size('kintsugi_skip_pkey') < 100000"))
        .containsExactly("t");
  }

  // Rights

  private String role() throws Exception {
    String role = world.column("SELECT 'app_' || current_database()").get(0);
    world.execute("CREATE ROLE " + role);
    world.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO " + role);
    return role;
  }

  private void drop(String role) throws Exception {
    world.execute("DROP OWNED BY " + role);
    world.execute("DROP ROLE " + role);
  }

  private HousekeepingReport runAs(String role) throws SQLException {
    Database database =
        Database.open(
            new JdbcSettings(
                world.url() + "&options=-c%20role=" + role, "", "", 2, Duration.ofSeconds(10)));
    try {
      return new Housekeeping(database, SETTINGS).run().orElseThrow();
    } finally {
      database.close();
    }
  }

  @Test
  void without_the_rights_the_first_partition_takes_all_and_what_to_grant_is_said()
      throws Exception {
    String role = role();
    try {
      world.execute(
          """
          INSERT INTO kintsugi_skip (projection, generation, persistence_id, sequence_number, ordering,
            reason)
          SELECT 'log', 1, 'a', n, n, 'PAUSED' FROM generate_series(1, 50000) AS n
          """);
      world.execute("DELETE FROM kintsugi_skip");

      HousekeepingReport report = runAs(role);

      assertThat(report.failures())
          .extracting(HousekeepingReport.Failure::kind)
          .containsExactly("archive.rights", "compaction.rights");
      assertThat(report.failures().get(0).message())
          .contains("GRANT postgres TO " + role)
          .contains("GRANT CREATE ON SCHEMA public TO " + role + ", postgres");
      assertThat(report.failures().get(1).message()).contains("GRANT postgres TO " + role);
      assertThat(keeper.partitions()).containsExactly("default");
      keeper.tryToArchive("2030-01-01 12:00:00+00");
    } finally {
      drop(role);
    }
  }

  @Test
  void with_what_is_to_be_granted_it_works_and_partitions_are_the_parents_owners()
      throws Exception {
    String role = role();
    try {
      world.execute("GRANT postgres TO " + role);
      world.execute("GRANT CREATE ON SCHEMA public TO " + role + ", postgres");

      complete(Optional.of(runAs(role)));

      assertThat(
              world.column(
                  """
                  SELECT DISTINCT relowner::regrole FROM pg_class
                  WHERE relname ~ '^kintsugi_skip_archive' AND relkind IN ('r', 'p')
                  """))
          .containsExactly("postgres");
      assertThat(keeper.partitions()).hasSize(9);
    } finally {
      drop(role);
    }
  }
}
