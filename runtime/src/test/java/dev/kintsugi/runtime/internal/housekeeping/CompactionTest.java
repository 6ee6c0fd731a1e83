package dev.kintsugi.runtime.internal.housekeeping;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** After a storm of records their table is as small as before. */
@Tag("slow")
class CompactionTest {

  private static final String INDEXES =
      """
      SELECT i.indexrelid::regclass || ' ' || i.indisvalid FROM pg_index i
      WHERE i.indrelid = 'kintsugi_skip'::regclass ORDER BY 1
      """;

  private static final List<String> ALL_VALID =
      List.of(
          "kintsugi_skip_held_idx true",
          "kintsugi_skip_ordering_idx true",
          "kintsugi_skip_pkey true");

  private final World world = new World();
  private final Keeper keeper = new Keeper(world);
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void close() {
    threads.shutdownNow();
    world.close();
  }

  private static void complete(HousekeepingReport report) {
    assertThat(report.postponed()).isEmpty();
    assertThat(report.failures()).isEmpty();
  }

  private void record(int from, int to) throws Exception {
    world.execute(
        """
        INSERT INTO kintsugi_skip (projection, generation, persistence_id, sequence_number, ordering,
          reason)
        SELECT 'log', 1, 'Stream|' || n %% 1000, n, n, 'PAUSED' FROM generate_series(%d, %d) AS n
        """
            .formatted(from, to));
  }

  private void drain(int after) throws Exception {
    world.execute("DELETE FROM kintsugi_skip WHERE ordering > " + after);
  }

  /** Table and indexes. */
  private long bytes() throws Exception {
    return Long.parseLong(
        world
            .column(
                """
                SELECT pg_relation_size('kintsugi_skip') + sum(pg_relation_size(indexrelid))
                FROM pg_index WHERE indrelid = 'kintsugi_skip'::regclass
                """)
            .get(0));
  }

  private long indexBytes() throws Exception {
    return bytes()
        - Long.parseLong(world.column("SELECT pg_relation_size('kintsugi_skip')").get(0));
  }

  private List<String> files() throws Exception {
    return world.column(
        "SELECT relfilenode FROM pg_class WHERE relname ~ '^kintsugi_skip_(pk|ord|fail)' ORDER BY 1");
  }

  @Test
  void after_a_storm_of_200_000_records_table_and_indexes_are_small_and_indexes_valid()
      throws Exception {
    record(1, 20);
    long before = bytes();
    record(21, 200_020);
    long storm = bytes();
    drain(20);
    assertThat(bytes()).as("nothing shrinks by itself").isEqualTo(storm).isGreaterThan(20_000_000);

    complete(keeper.compact());

    assertThat(bytes()).isLessThanOrEqualTo(before + 8192 * 4);
    assertThat(world.column(INDEXES)).isEqualTo(ALL_VALID);
    assertThat(world.column("SELECT ordering FROM kintsugi_skip")).hasSize(20);
  }

  @Test
  void a_table_that_is_full_is_left_as_it_is() throws Exception {
    record(1, 50_000);
    drain(40_000);
    List<String> files = files();
    long before = bytes();

    complete(keeper.compact());

    assertThat(bytes()).as("not even a VACUUM").isEqualTo(before).isGreaterThan(9_000_000);
    assertThat(files()).isEqualTo(files);
  }

  @Test
  void a_small_table_is_left_as_it_is() throws Exception {
    record(1, 2_000);
    drain(0);
    List<String> files = files();

    complete(keeper.compact());

    assertThat(bytes()).isGreaterThan(300_000);
    assertThat(files()).isEqualTo(files);
  }

  @Test
  void an_old_transaction_puts_it_off_and_after_its_end_it_is_done() throws Exception {
    record(1, 50_000);
    try (Connection reader = keeper.connect();
        Statement statement = reader.createStatement()) {
      reader.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      reader.setAutoCommit(false);
      statement.executeQuery("SELECT count(*) FROM kintsugi_skip").close();
      drain(0);
      List<String> files = files();

      HousekeepingReport report = keeper.compact();

      assertThat(report.postponed()).hasSize(1);
      assertThat(report.postponed().get(0)).contains("an older transaction");
      assertThat(report.failures()).isEmpty();
      assertThat(files()).as("no index was built for nothing").isEqualTo(files);
    }

    complete(keeper.compact());

    assertThat(bytes()).isLessThan(100_000);
  }

  @Test
  void a_writer_keeps_an_index_waiting_and_no_other_writer_waits() throws Exception {
    record(1, 50_000);
    drain(0);
    try (Connection writer = keeper.connect();
        Connection second = keeper.connect()) {
      writer.setAutoCommit(false);
      recordOne(writer, 1);
      Future<HousekeepingReport> run = threads.submit(() -> keeper.compact());
      eventually(() -> assertThat(keeper.someoneWaits()).isTrue());

      second.createStatement().execute("SET lock_timeout = '1ms'");
      recordOne(second, 2);
      recordOne(writer, 3);

      assertThat(run.isDone()).isFalse();
      writer.commit();
      complete(run.get(60, TimeUnit.SECONDS));
    }
    assertThat(world.column(INDEXES)).isEqualTo(ALL_VALID);
    assertThat(world.column("SELECT ordering FROM kintsugi_skip ORDER BY 1"))
        .containsExactly("1", "2", "3");
  }

  private static void recordOne(Connection connection, int ordering) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          """
          INSERT INTO kintsugi_skip (projection, generation, persistence_id, sequence_number, ordering,
            reason)
          VALUES ('log', 1, 'a', %1$d, %1$d, 'PAUSED')
          """
              .formatted(ordering));
    }
  }

  @Test
  void what_an_interrupted_run_left_of_an_index_is_dropped() throws Exception {
    record(1, 100_000);
    drain(0);
    try (Connection writer = keeper.connect()) {
      writer.setAutoCommit(false);
      recordOne(writer, 1);

      HousekeepingReport report = keeper.patience(Duration.ofMillis(20)).compact();

      assertThat(report.postponed())
          .contains("to rebuild the index public.kintsugi_skip_ordering_idx");
      writer.commit();
    }
    interruptAReindex();
    assertThat(world.column(INDEXES)).anyMatch(index -> index.contains("_ccnew"));

    complete(keeper.patience(Duration.ofSeconds(30)).compact());

    assertThat(world.column(INDEXES)).isEqualTo(ALL_VALID);
    assertThat(indexBytes()).isLessThan(100_000);
  }

  @Test
  void it_is_dropped_though_the_table_is_small() throws Exception {
    interruptAReindex();

    complete(keeper.compact());

    assertThat(world.column(INDEXES)).isEqualTo(ALL_VALID);
  }

  private void interruptAReindex() throws SQLException {
    try (Connection writer = keeper.connect();
        Connection session = keeper.connect();
        Statement statement = session.createStatement()) {
      writer.setAutoCommit(false);
      recordOne(writer, 10);
      statement.execute("SET lock_timeout = '20ms'");
      try {
        statement.execute("REINDEX INDEX CONCURRENTLY kintsugi_skip_pkey");
      } catch (SQLException e) {
        assertThat(e.getSQLState()).isEqualTo("55P03");
      }
      writer.rollback();
    }
  }

  @Test
  void autovacuum_is_told_to_be_eager() throws Exception {
    assertThat(
            world.column("SELECT unnest(reloptions) FROM pg_class WHERE relname = 'kintsugi_skip'"))
        .contains("autovacuum_vacuum_scale_factor=0", "autovacuum_vacuum_threshold=5000");
  }
}
