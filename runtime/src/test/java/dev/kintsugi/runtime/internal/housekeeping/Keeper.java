package dev.kintsugi.runtime.internal.housekeeping;

import dev.kintsugi.runtime.internal.housekeeping.ArchivePartitions.Dropping;
import dev.kintsugi.runtime.internal.jdbc.ServerVersion;
import dev.kintsugi.runtime.testing.Hooks;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/**
 * The archive of a {@link World}, looked after at times that a test says. Everything in it is the
 * production code.
 */
final class Keeper {

  /** As long as a test lets others wait that must not wait at all. */
  static final Duration AT_ONCE = Duration.ofMillis(1);

  private static final Hooks.Hook NONE = new Hooks.Hook() {};

  private final World world;
  private Duration ahead = Duration.ofDays(3);
  private Duration unnoticed = Duration.ofSeconds(30);
  private final Dropping best;
  private Dropping dropping;

  /** One that drops partitions as housekeeping does on the server that there is. */
  Keeper(World world) {
    this.world = world;
    try (Connection connection = connect()) {
      this.best = Dropping.on(ServerVersion.of(connection));
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    this.dropping = best;
  }

  Keeper ahead(Duration changed) {
    this.ahead = changed;
    return this;
  }

  Keeper patience(Duration changed) {
    this.unnoticed = changed;
    return this;
  }

  /**
   * Another way to drop partitions; a test of one that the server does not have yet is left out.
   */
  Keeper dropping(Dropping changed) {
    Assumptions.assumeTrue(
        changed == best || changed == Dropping.UNDER_A_SHORT_LOCK,
        "before PostgreSQL 14 partitions are not detached concurrently");
    this.dropping = changed;
    return this;
  }

  Connection connect() throws SQLException {
    return DriverManager.getConnection(world.url());
  }

  /** Looks after the partitions, as at noon of a day. Whatever is left to do is in the report. */
  HousekeepingReport keep(String day) throws SQLException {
    return keep(day, NONE);
  }

  HousekeepingReport keep(String day, Hooks.Hook hook) throws SQLException {
    HousekeepingReport report = new HousekeepingReport();
    try (Connection connection = connect()) {
      new ArchivePartitions(
              new YieldingSession(Hooks.on(connection, hook), unnoticed),
              dropping,
              ahead,
              Duration.ofDays(30),
              Instant.parse(day + "T12:00:00Z"),
              report)
          .run();
    }
    return report;
  }

  HousekeepingReport compact() throws SQLException {
    return compact(NONE);
  }

  HousekeepingReport compact(Hooks.Hook hook) throws SQLException {
    HousekeepingReport report = new HousekeepingReport();
    try (Connection connection = connect()) {
      new Compaction(new YieldingSession(Hooks.on(connection, hook), unnoticed), report).run();
    }
    return report;
  }

  /** Archives a record, in a transaction that the caller has or in one of its own. */
  static void archive(Connection connection, String at) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          """
          INSERT INTO kintsugi_skip_archive (projection, generation, persistence_id, sequence_number,
            ordering, reason, recorded_at, attempts, outcome, archived_at)
          VALUES ('log', 1, 'a', 1, 1, 'PAUSED', '%1$s', 0, 'applied', '%1$s')
          """
              .formatted(at));
    }
  }

  void archive(String... times) throws SQLException {
    try (Connection connection = connect()) {
      for (String at : times) {
        archive(connection, at);
      }
    }
  }

  /** Archives and rolls back; fails if that has to wait for a lock. */
  void tryToArchive(String at) throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SET lock_timeout = '" + AT_ONCE.toMillis() + "ms'");
      connection.setAutoCommit(false);
      archive(connection, at);
      connection.rollback();
    }
  }

  /** In order of their names, without the prefix that all have: "p20260301". */
  List<String> partitions() throws Exception {
    return world.column(
        """
        SELECT replace(c.relname, 'kintsugi_skip_archive_', '')
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'kintsugi_skip_archive'::regclass ORDER BY 1
        """);
  }

  /** All tables whose names begin as those of partitions do, whether they are ones or not. */
  List<String> tables() throws Exception {
    return world.column(
        """
        SELECT replace(relname, 'kintsugi_skip_archive_', '') FROM pg_class
        WHERE relname ~ '^kintsugi_skip_archive_' AND relkind = 'r' ORDER BY 1
        """);
  }

  /** In which partition each archived record is, and in which file: one that moved has another. */
  List<String> records() throws Exception {
    return world.column(
        """
        SELECT c.relfilenode || ' ' || a.ctid || ' ' || (a.archived_at AT TIME ZONE 'UTC')::date
        FROM kintsugi_skip_archive a JOIN pg_class c ON c.oid = a.tableoid ORDER BY 1
        """);
  }

  /** Whether a statement of another session waits for a lock, or for a transaction's end. */
  boolean someoneWaits() throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
                    + " AND wait_event_type = 'Lock')")) {
      row.next();
      return row.getBoolean(1);
    }
  }
}
