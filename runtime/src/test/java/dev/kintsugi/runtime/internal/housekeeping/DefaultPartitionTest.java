package dev.kintsugi.runtime.internal.housekeeping;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.kintsugi.runtime.internal.event.JournalTables;
import dev.kintsugi.runtime.internal.schema.Schema;
import dev.kintsugi.runtime.testing.Hooks;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The first partition, full of rows, becomes one among others, and writers go on. */
@Tag("slow")
class DefaultPartitionTest {

  private static final String PROOF =
      """
      SELECT replace(conname, 'kintsugi_skip_archive_', '') FROM pg_constraint
      WHERE conname ~ '^kintsugi_skip_archive_until' ORDER BY 1
      """;

  private final World world = new World();
  private final Keeper keeper = new Keeper(world);

  @AfterEach
  void close() {
    world.close();
  }

  private static void complete(HousekeepingReport report) {
    assertThat(report.postponed()).isEmpty();
    assertThat(report.failures()).isEmpty();
  }

  /** As an installation is that has run for some months without housekeeping. */
  private List<String> fill() throws Exception {
    world.execute(
        """
        INSERT INTO kintsugi_skip_archive (projection, generation, persistence_id, sequence_number,
          ordering, reason, recorded_at, attempts, outcome, archived_at)
        SELECT 'log', 1, 'a', n, n, 'PAUSED', '2026-01-01', 0, 'applied',
          '2026-01-01 00:00:00+00'::timestamptz + n * INTERVAL '1 hour'
        FROM generate_series(1, 2000) AS n
        """);
    assertThat(keeper.partitions()).containsExactly("default");
    return keeper.records();
  }

  @Test
  void it_is_the_partition_of_all_days_before_one_to_come_and_no_row_is_moved() throws Exception {
    List<String> before = fill();

    complete(keeper.keep("2026-03-26"));

    assertThat(keeper.tables()).containsExactly("until_20260402");
    assertThat(keeper.records()).isEqualTo(before).hasSize(2000);
    assertThat(world.column(PROOF)).as("the partition's bounds say it now").isEmpty();
    keeper.tryToArchive("1999-12-31 12:00:00+00");
    keeper.tryToArchive("2026-04-01 23:59:59+00");
  }

  @Test
  void its_index_stays_part_of_the_parents() throws Exception {
    fill();
    String index =
        "SELECT inhrelid || ' ' || pg_relation_filenode(inhrelid) FROM pg_inherits"
            + " WHERE inhparent = 'kintsugi_skip_archive_event_idx'::regclass";
    List<String> before = world.column(index);

    complete(keeper.keep("2026-03-26"));

    assertThat(world.column(index)).isEqualTo(before).hasSize(1);
  }

  @Test
  void days_follow_on_it_and_it_is_dropped_after_its_retention() throws Exception {
    fill();
    complete(keeper.keep("2026-03-26"));

    complete(keeper.keep("2026-03-31"));
    assertThat(keeper.partitions()).containsExactly("p20260402", "p20260403", "until_20260402");

    complete(keeper.keep("2026-05-01"));
    assertThat(keeper.partitions()).contains("until_20260402");
    complete(keeper.keep("2026-05-02"));
    assertThat(keeper.tables()).doesNotContain("until_20260402").contains("p20260402");
    assertThat(keeper.records()).isEmpty();
  }

  @Test
  void its_bound_is_above_every_row() throws Exception {
    fill();
    keeper.archive("2026-04-20 12:00:00+00");

    complete(keeper.keep("2026-03-26"));

    assertThat(keeper.partitions()).containsExactly("until_20260421");
  }

  @Test
  void rows_of_a_far_future_are_reported_and_keep_it_as_it_is() throws Exception {
    fill();
    keeper.archive("infinity");

    HousekeepingReport report = keeper.keep("2026-03-26");

    assertThat(report.failures()).hasSize(1);
    assertThat(report.failures().get(0).message())
        .contains("kintsugi_skip_archive_default")
        .contains("corrected");
    assertThat(keeper.partitions()).containsExactly("default");
    assertThat(world.column(PROOF)).isEmpty();
    keeper.tryToArchive("2030-01-01 12:00:00+00");
  }

  @Test
  void beside_others_it_is_somebody_elses_and_left_alone() throws Exception {
    world.execute(
        "CREATE TABLE mine PARTITION OF kintsugi_skip_archive"
            + " FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')");

    HousekeepingReport report = keeper.keep("2026-03-26");

    assertThat(report.failures()).hasSize(1);
    assertThat(report.failures().get(0).message()).contains("kintsugi_skip_archive_default");
    assertThat(keeper.partitions()).containsExactly("default", "mine");
  }

  @Test
  void a_proof_that_was_overtaken_by_time_is_taken_back_and_begun_again() throws Exception {
    fill();
    keepUpTo("VALIDATE", "2026-03-26");
    assertThat(world.column(PROOF)).containsExactly("until_20260402");

    complete(keeper.keep("2026-04-01"));

    assertThat(keeper.partitions()).containsExactly("until_20260408");
    keeper.tryToArchive("2026-04-05 12:00:00+00");
  }

  /** Ends the session before the first statement that contains a text. */
  private void keepUpTo(String text, String day) {
    Hooks.Hook crash =
        new Hooks.Hook() {
          @Override
          public void before(Connection connection, String sql) throws SQLException {
            if (sql.contains(text)) {
              connection.abort(Runnable::run);
              throw new SQLException("connection lost", "08006");
            }
          }
        };
    assertThat(keepAndCrash(day, crash)).isTrue();
  }

  @Test
  void a_row_beyond_the_bound_that_came_before_the_check_makes_the_next_run_begin_again()
      throws Exception {
    fill();
    Hooks.Hook rowComes =
        new Hooks.Hook() {
          @Override
          public void before(Connection connection, String sql) throws SQLException {
            if (sql.contains("ADD CONSTRAINT")) {
              keeper.archive("2026-04-20 12:00:00+00");
            }
          }
        };
    try {
      keeper.keep("2026-03-26", rowComes);
      assertThat(true).as("the row violates the CHECK").isFalse();
    } catch (SQLException e) {
      assertThat(e.getSQLState()).isEqualTo("23514");
    }
    assertThat(world.column(PROOF)).isEmpty();

    complete(keeper.keep("2026-03-26"));

    assertThat(keeper.partitions()).containsExactly("until_20260421");
  }

  @Test
  void a_writer_that_has_archived_and_not_committed_puts_it_off_and_others_get_through()
      throws Exception {
    List<String> before = fill();
    try (Connection writer = keeper.connect()) {
      writer.setAutoCommit(false);
      Keeper.archive(writer, "2026-03-25 12:00:00+00");

      assertThat(keeper.keep("2026-03-26").postponed()).hasSize(1);
      keeper.tryToArchive("2026-03-26 12:00:00+00");
      Keeper.archive(writer, "2026-03-26 12:00:00+00");
      writer.commit();
    }
    assertThat(keeper.partitions()).containsExactly("default");

    keepUpTo("VALIDATE", "2026-03-26");
    try (Connection writer = keeper.connect()) {
      writer.setAutoCommit(false);
      Keeper.archive(writer, "2026-03-25 12:00:00+00");

      assertThat(keeper.keep("2026-03-26").postponed())
          .containsExactly("to change the bounds of public.kintsugi_skip_archive_default");
      assertThat(world.column("SELECT convalidated FROM pg_constraint WHERE conname ~ '_until_'"))
          .as("to validate the CHECK did not have to wait")
          .containsExactly("t");
      Keeper.archive(writer, "2026-03-26 12:00:00+00");
      writer.commit();
    }

    complete(keeper.keep("2026-03-26"));
    assertThat(keeper.partitions()).containsExactly("until_20260402");
    assertThat(keeper.records()).containsAll(before).hasSize(2004);
  }

  @Test
  void a_writer_that_comes_waits_for_the_two_short_transactions_and_for_nothing_else()
      throws Exception {
    fill();
    Set<String> waited = new HashSet<>();
    List<String> beside = new ArrayList<>();
    complete(
        keeper.keep(
            "2026-03-26",
            new Hooks.Hook() {
              @Override
              public void after(Connection connection, String sql) throws SQLException {
                beside.add(sql);
                try {
                  keeper.tryToArchive("2026-03-26 12:00:00+00");
                } catch (SQLException e) {
                  assertThat(e.getSQLState()).isEqualTo("55P03");
                  waited.add(sql.replaceAll("(\\w+ TABLE) \\S+ (\\w+ \\w+).*", "$1 $2"));
                }
              }
            }));

    assertThat(beside).anyMatch(sql -> sql.contains("VALIDATE"));
    assertThat(waited)
        .as("each is held by a transaction that does nothing but change the catalog")
        .containsExactlyInAnyOrder(
            "ALTER TABLE DETACH PARTITION",
            "ALTER TABLE ATTACH PARTITION",
            "ALTER TABLE DROP CONSTRAINT",
            "ALTER TABLE RENAME TO");
  }

  @Test
  void no_row_is_looked_at_while_writers_wait() throws Exception {
    fill();
    List<String> scans = new ArrayList<>();
    String scanned =
        "SELECT seq_scan || ' ' || seq_tup_read FROM pg_stat_xact_user_tables"
            + " WHERE relname ~ '^kintsugi_skip_archive_(default|until)'";
    complete(
        keeper.keep(
            "2026-03-26",
            new Hooks.Hook() {
              @Override
              public void before(Connection connection, String sql) throws SQLException {
                if (sql.contains("DETACH") || sql.equals("COMMIT")) {
                  try (Statement statement = connection.createStatement();
                      ResultSet row = statement.executeQuery(scanned)) {
                    row.next();
                    scans.add(row.getString(1));
                  }
                }
              }
            }));

    assertThat(scans).as("scans and rows, before the change of bounds and after it").hasSize(2);
    assertThat(scans.get(1)).isEqualTo(scans.get(0));
  }

  @Test
  void the_schema_is_complete_without_it_and_its_script_makes_no_second_one() throws Exception {
    complete(keeper.keep("2026-03-26"));
    schema().ensure(false);

    world.execute("DROP INDEX kintsugi_skip_held_idx");
    schema().ensure(true);

    assertThat(keeper.partitions()).containsExactly("until_20260402");
  }

  private Schema schema() {
    return new Schema(
        world.database(), JournalTables.of(ConfigFactory.load().getConfig("jdbc-journal")));
  }

  @Test
  void after_a_crash_at_any_point_the_next_run_goes_on() throws Exception {
    boolean crashed = true;
    for (int n = 1; crashed; n++) {
      crashed = convertAndCrash(Hooks.crashBefore(n));
      crashed |= convertAndCrash(Hooks.crashAfter(n));
    }
  }

  private boolean convertAndCrash(Hooks.Hook hook) throws Exception {
    world.execute("DROP TABLE kintsugi_skip_archive");
    schema().ensure(true);
    List<String> before = fill();
    boolean crashed = keepAndCrash("2026-03-26", hook);
    keeper.tryToArchive("2026-03-26 12:00:00+00");

    eventually(() -> complete(keeper.keep("2026-03-31")));

    assertThat(keeper.records()).isEqualTo(before);
    assertThat(world.column(PROOF)).isEmpty();
    assertThat(keeper.tables().toString())
        .as("the second run went on with the first one's bound, or had none yet")
        .isIn("[p20260402, p20260403, until_20260402]", "[until_20260407]");
    return crashed;
  }

  private boolean keepAndCrash(String day, Hooks.Hook hook) {
    try {
      keeper.keep(day, hook);
      return false;
    } catch (SQLException e) {
      assertThat(e.getSQLState()).as(e.toString()).startsWith("08");
      return true;
    }
  }
}
