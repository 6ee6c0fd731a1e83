package dev.kintsugi.runtime.internal.housekeeping;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.internal.housekeeping.ArchivePartitions.Dropping;
import dev.kintsugi.runtime.testing.Hooks;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each day has its partition in time, and none is kept for longer than it is to be. */
@Tag("slow")
class ArchivePartitionsTest {

  private final World world = new World();
  private final Keeper keeper = new Keeper(world);
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void close() {
    threads.shutdownNow();
    world.close();
  }

  private void complete(HousekeepingReport report) {
    assertThat(report.postponed()).isEmpty();
    assertThat(report.failures()).isEmpty();
  }

  /** The archive as it is some time after an installation: partitions of days only. */
  private void haveDays() throws Exception {
    complete(keeper.keep("2026-01-01"));
    complete(keeper.keep("2026-03-01"));
    assertThat(keeper.partitions())
        .containsExactly("p20260301", "p20260302", "p20260303", "p20260304");
  }

  @Test
  void days_are_made_ahead_of_time() throws Exception {
    complete(keeper.keep("2026-01-01"));
    assertThat(keeper.partitions()).as("the first one has all days so far").hasSize(1);

    complete(keeper.keep("2026-01-05"));

    assertThat(keeper.partitions()).containsExactly("p20260108", "until_20260108");
  }

  @Test
  void a_record_is_in_the_partition_of_its_day_in_utc() throws Exception {
    haveDays();

    keeper.archive("2026-03-02 00:00:00+00", "2026-03-02 23:59:59.999999+00");
    keeper.archive("2026-03-01 23:59:59.999999+00", "2026-03-01 23:00:00-02");

    assertThat(
            world.column(
                "SELECT right(tableoid::regclass::text, 9) FROM kintsugi_skip_archive ORDER BY 1"))
        .containsExactly("p20260301", "p20260302", "p20260302", "p20260302");
  }

  @Test
  void a_day_on_only_what_is_missing_is_made() throws Exception {
    haveDays();
    List<String> before = world.column("SELECT oid FROM pg_class ORDER BY oid");

    complete(keeper.keep("2026-03-01"));
    assertThat(world.column("SELECT oid FROM pg_class ORDER BY oid")).isEqualTo(before);

    complete(keeper.keep("2026-03-02"));
    assertThat(keeper.partitions())
        .containsExactly("p20260301", "p20260302", "p20260303", "p20260304", "p20260305");
  }

  @Test
  void a_partition_is_as_the_parent_is() throws Exception {
    world.execute("ALTER TABLE kintsugi_skip_archive ADD COLUMN note TEXT DEFAULT 'none'");
    haveDays();

    keeper.archive("2026-03-02 12:00:00+00");

    assertThat(world.column("SELECT note FROM kintsugi_skip_archive")).containsExactly("none");
    assertThat(
            world.column(
                """
                SELECT i.relname FROM pg_class i JOIN pg_index x ON x.indexrelid = i.oid
                JOIN pg_inherits h ON h.inhrelid = i.oid
                WHERE h.inhparent = 'kintsugi_skip_archive_event_idx'::regclass
                  AND x.indrelid = 'kintsugi_skip_archive_p20260302'::regclass AND x.indisvalid
                """))
        .as("its index is a part of the parent's")
        .hasSize(1);
  }

  @ParameterizedTest
  @EnumSource
  void days_past_their_retention_are_dropped_and_no_others(Dropping dropping) throws Exception {
    haveDays();
    keeper.archive("2026-03-01 12:00:00+00", "2026-03-02 12:00:00+00");

    complete(keeper.dropping(dropping).keep("2026-03-31"));
    assertThat(keeper.tables())
        .as("its last moment is 29 and a half days ago")
        .contains("p20260301");

    complete(keeper.keep("2026-04-01"));
    assertThat(keeper.tables())
        .containsExactly(
            "p20260302",
            "p20260303",
            "p20260304",
            "p20260331",
            "p20260401",
            "p20260402",
            "p20260403",
            "p20260404");
    assertThat(world.column("SELECT archived_at::date FROM kintsugi_skip_archive")).hasSize(1);
  }

  @Test
  void open_records_are_not_touched_however_old_and_parked_they_are() throws Exception {
    haveDays();
    world.execute(
        """
        INSERT INTO kintsugi_skip (projection, generation, persistence_id, sequence_number, ordering,
          reason, recorded_at, attempts, first_failed_at, parked_at, last_error)
        VALUES ('log', 1, 'a', 1, 1, 'FAILED', '2020-01-01', 3, '2020-01-01', '2020-01-02', 'boom')
        """);
    world.execute(
        """
        INSERT INTO kintsugi_skip (projection, generation, persistence_id, sequence_number, ordering,
          reason, recorded_at)
        VALUES ('log', 1, 'a', 2, 2, 'BEHIND', '2020-01-01')
        """);
    keeper.archive("2026-03-01 12:00:00+00");
    List<String> open = world.column("SELECT s.ctid || s::text FROM kintsugi_skip s ORDER BY 1");

    complete(keeper.keep("2026-12-01"));
    keeper.compact();

    assertThat(world.column("SELECT * FROM kintsugi_skip_archive")).isEmpty();
    assertThat(world.column("SELECT s.ctid || s::text FROM kintsugi_skip s ORDER BY 1"))
        .hasSize(2)
        .isEqualTo(open);
  }

  @Test
  void partitions_of_other_names_are_left_alone() throws Exception {
    haveDays();
    world.execute(
        "CREATE TABLE kept PARTITION OF kintsugi_skip_archive"
            + " FOR VALUES FROM ('2025-01-01 00:00:00+00') TO ('2026-01-01 00:00:00+00')");
    world.execute("CREATE SCHEMA other");
    world.execute(
        "CREATE TABLE other.kintsugi_skip_archive_p20240101 PARTITION OF kintsugi_skip_archive"
            + " FOR VALUES FROM ('2024-01-01 00:00:00+00') TO ('2024-01-02 00:00:00+00')");

    complete(keeper.keep("2026-12-01"));

    assertThat(keeper.partitions())
        .containsExactly("kept", "p20240101", "p20261201", "p20261202", "p20261203", "p20261204");
  }

  @Test
  void what_an_operator_detached_to_keep_it_is_kept() throws Exception {
    haveDays();
    world.execute(
        "ALTER TABLE kintsugi_skip_archive DETACH PARTITION kintsugi_skip_archive_p20260301");

    complete(keeper.keep("2026-12-01"));

    assertThat(keeper.tables())
        .containsExactly("p20260301", "p20261201", "p20261202", "p20261203", "p20261204");
  }

  @Test
  void a_day_that_cant_be_made_is_reported_and_the_others_are_made() throws Exception {
    haveDays();
    world.execute("CREATE TABLE kintsugi_skip_archive_p20260306 (n INT)");

    HousekeepingReport report = keeper.keep("2026-03-04");

    assertThat(report.failures()).hasSize(2);
    assertThat(report.failures().get(0).message()).contains("kintsugi_skip_archive_p20260306");
    assertThat(report.failures().get(1).message())
        .contains("no partition for 2026-03-06")
        .contains("can't be archived");
    assertThat(keeper.partitions()).contains("p20260305", "p20260307").doesNotContain("p20260306");
  }

  @Test
  void names_with_capitals_and_quotes_are_quoted() throws Exception {
    try (World other = new World()) {
      other.execute("CREATE SCHEMA \"It's \"\"Mine\"\"\"");
      other.execute("ALTER TABLE kintsugi_skip_archive SET SCHEMA \"It's \"\"Mine\"\"\"");
      other.execute("ALTER TABLE kintsugi_skip_archive_default SET SCHEMA \"It's \"\"Mine\"\"\"");
      other.execute(
          "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = \"It''s \"\"Mine\"\"\", public', current_database()); END $$");
      Keeper there = new Keeper(other);

      complete(there.keep("2026-01-01"));
      complete(there.keep("2026-03-01"));

      assertThat(there.tables())
          .containsExactly("p20260301", "p20260302", "p20260303", "p20260304");
    }
  }

  // Writers beside it

  /** Archives beside each statement, while what the statement locked is locked. */
  private Hooks.Hook archiveBesideEachStatement(String at, List<String> beside) {
    return new Hooks.Hook() {
      @Override
      public void after(Connection connection, String sql) throws SQLException {
        keeper.tryToArchive(at);
        beside.add(sql);
      }
    };
  }

  @Test
  void a_writer_that_comes_while_days_are_made_and_dropped_does_not_wait() throws Exception {
    haveDays();
    List<String> beside = new ArrayList<>();

    complete(
        keeper.keep("2026-04-02", archiveBesideEachStatement("2026-03-04 12:00:00+00", beside)));

    assertThat(beside)
        .anyMatch(sql -> sql.contains("ATTACH"))
        .anyMatch(sql -> sql.contains("DROP"));
    assertThat(keeper.tables()).doesNotContain("p20260301", "p20260302").contains("p20260402");
  }

  @Test
  void days_are_made_beside_a_writer_that_has_archived_and_not_committed() throws Exception {
    haveDays();
    try (Connection writer = keeper.connect()) {
      writer.setAutoCommit(false);
      Keeper.archive(writer, "2026-03-02 12:00:00+00");

      complete(keeper.patience(Keeper.AT_ONCE).keep("2026-03-02"));

      assertThat(keeper.partitions()).contains("p20260305");
      writer.commit();
    }
    assertThat(keeper.records()).hasSize(1);
  }

  @Test
  void a_partition_is_detached_behind_a_writer_and_no_other_writer_waits() throws Exception {
    keeper.dropping(Dropping.DETACH_CONCURRENTLY);
    haveDays();
    try (Connection writer = keeper.connect()) {
      writer.setAutoCommit(false);
      Keeper.archive(writer, "2026-03-04 12:00:00+00");
      Future<HousekeepingReport> run = threads.submit(() -> keeper.keep("2026-04-01"));
      eventually(() -> assertThat(keeper.someoneWaits()).isTrue());

      keeper.tryToArchive("2026-03-04 12:00:00+00");
      Keeper.archive(writer, "2026-03-04 13:00:00+00");

      assertThat(run.isDone()).as("it waits for the first writer's end").isFalse();
      writer.commit();
      complete(run.get(60, TimeUnit.SECONDS));
    }
    assertThat(keeper.tables()).doesNotContain("p20260301");
    assertThat(keeper.records()).hasSize(2);
  }

  @Test
  void a_detach_that_was_given_up_is_finished_by_the_next_run() throws Exception {
    keeper.dropping(Dropping.DETACH_CONCURRENTLY);
    haveDays();
    try (Connection writer = keeper.connect()) {
      writer.setAutoCommit(false);
      Keeper.archive(writer, "2026-03-04 12:00:00+00");

      HousekeepingReport report = keeper.patience(Duration.ofMillis(20)).keep("2026-04-02");
      assertThat(report.postponed())
          .contains("to drop the partition kintsugi_skip_archive_p20260301");
      assertThat(world.column("SELECT inhrelid::regclass FROM pg_inherits WHERE inhdetachpending"))
          .containsExactly("kintsugi_skip_archive_p20260301");
      assertThat(keeper.partitions()).as("this does not wait for it").contains("p20260402");
      keeper.tryToArchive("2026-03-04 12:00:00+00");
      assertThat(keeper.keep("2026-04-02").postponed()).isNotEmpty();
      writer.commit();
    }

    eventually(() -> complete(keeper.patience(Duration.ofSeconds(30)).keep("2026-04-02")));

    assertThat(keeper.tables()).doesNotContain("p20260301", "p20260302").contains("p20260303");
  }

  @Test
  void under_a_short_lock_a_writer_puts_dropping_off_and_others_get_through() throws Exception {
    haveDays();
    keeper.dropping(Dropping.UNDER_A_SHORT_LOCK);
    try (Connection writer = keeper.connect()) {
      writer.setAutoCommit(false);
      Keeper.archive(writer, "2026-03-04 12:00:00+00");

      assertThat(keeper.keep("2026-04-01").postponed())
          .containsExactly("to drop the partition kintsugi_skip_archive_p20260301");
      writer.commit();
    }

    complete(keeper.keep("2026-04-01"));
    assertThat(keeper.tables()).doesNotContain("p20260301");
  }

  // Crashes

  @ParameterizedTest
  @EnumSource
  void after_a_crash_at_any_point_the_next_run_goes_on(Dropping dropping) throws Exception {
    keeper.dropping(dropping);
    haveDays();
    boolean crashed = true;
    for (int n = 1; crashed; n++) {
      crashed = keepAndCrash("2026-04-02", Hooks.crashBefore(n));
      crashed |= keepAndCrash("2026-04-02", Hooks.crashAfter(n));
      goOnAndStartOver();
    }
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

  private void goOnAndStartOver() throws Exception {
    keeper.tryToArchive("2026-03-04 12:00:00+00");
    eventually(() -> complete(keeper.keep("2026-04-02")));
    assertThat(keeper.tables())
        .containsExactly(
            "p20260303", "p20260304", "p20260402", "p20260403", "p20260404", "p20260405");
    world.execute(
        "DROP TABLE kintsugi_skip_archive_p20260402, kintsugi_skip_archive_p20260403,"
            + " kintsugi_skip_archive_p20260404, kintsugi_skip_archive_p20260405");
    try (Connection connection = keeper.connect();
        Statement statement = connection.createStatement()) {
      for (String day : List.of("20260301", "20260302")) {
        statement.execute(
            "CREATE TABLE kintsugi_skip_archive_p%1$s PARTITION OF kintsugi_skip_archive FOR VALUES FROM ('%1$s 00:00+00') TO ('%2$s 00:00+00')"
                .formatted(day, Integer.parseInt(day) + 1));
      }
    }
  }
}
