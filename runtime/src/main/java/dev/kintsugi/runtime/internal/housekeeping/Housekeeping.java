package dev.kintsugi.runtime.internal.housekeeping;

import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.jdbc.ServerVersion;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;

/**
 * A run of housekeeping on the tables of skip records, and on that of verifications, on a
 * connection of its own. It blocks, for some seconds and more where a table is large or a long
 * transaction is in the way.
 *
 * <p>Of all nodes one does it at a time, the one that has an advisory lock of the connection's
 * session; so a node that crashes has it no more.
 */
final class Housekeeping {

  /** Of this installation: there may be others in other schemas of the database. */
  private static final String KEY =
      "hashtext('kintsugi.housekeeping'), 'kintsugi_skip_archive'::regclass::oid::int";

  private static final String TRY_LOCK = "SELECT pg_try_advisory_lock(" + KEY + ")";
  private static final String UNLOCK = "SELECT pg_advisory_unlock(" + KEY + ")";

  private static final String NOW = "SELECT statement_timestamp()";

  private final Database database;
  private final HousekeepingSettings settings;

  Housekeeping(Database database, HousekeepingSettings settings) {
    this.database = database;
    this.settings = settings;
  }

  /**
   * Does what is to be done.
   *
   * @return what is left to do; empty if another node is at it
   * @throws SQLException if the database is at fault
   */
  Optional<HousekeepingReport> run() throws SQLException {
    try (Connection connection = database.connection()) {
      connection.setAutoCommit(true);
      if (!holds(connection, TRY_LOCK)) {
        connection.setAutoCommit(false);
        return Optional.empty();
      }
      return Optional.of(runAndUnlock(connection));
    }
  }

  private HousekeepingReport runAndUnlock(Connection connection) throws SQLException {
    HousekeepingReport report;
    try {
      YieldingSession session = new YieldingSession(connection);
      report = run(session);
      session.reset();
      holds(connection, UNLOCK);
      connection.setAutoCommit(false);
    } catch (Throwable e) {
      // A session that is in an unknown state does not go back to a pool; its end frees the lock.
      connection.abort(Runnable::run);
      throw e;
    }
    return report;
  }

  /** Each table by itself: what fails for one is no reason to leave the other. */
  private HousekeepingReport run(YieldingSession session) throws SQLException {
    HousekeepingReport report = new HousekeepingReport();
    Instant now = now(session.connection());
    step(
        "archive",
        report,
        () ->
            new ArchivePartitions(
                    session,
                    ArchivePartitions.Dropping.on(ServerVersion.of(session.connection())),
                    settings.archiveAhead(),
                    settings.archiveRetention(),
                    now,
                    report)
                .run());
    step("compaction", report, () -> new Compaction(session, report).run());
    step(
        "verifications",
        report,
        () -> OldVerifications.delete(session.connection(), now, settings.archiveRetention()));
    return report;
  }

  @FunctionalInterface
  private interface Step {
    void run() throws SQLException;
  }

  private static void step(String name, HousekeepingReport report, Step step) throws SQLException {
    try {
      step.run();
    } catch (SQLException e) {
      if (SqlStates.isDatabaseAtFault(e)) {
        throw e;
      }
      report.failed(
          name + "." + SqlStates.of(e).orElse(""), "The database refuses a step of it", e);
    }
  }

  private static Instant now(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(NOW)) {
      row.next();
      return row.getObject(1, OffsetDateTime.class).toInstant();
    }
  }

  private static boolean holds(Connection connection, String question) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(question)) {
      row.next();
      return row.getBoolean(1);
    }
  }
}
