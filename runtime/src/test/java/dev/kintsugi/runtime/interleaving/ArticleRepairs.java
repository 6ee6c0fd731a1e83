package dev.kintsugi.runtime.interleaving;

import dev.kintsugi.runtime.internal.jdbc.Database;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;

/**
 * Three ways to end a rebuild whose writers skip and leave no record. Each is an obvious repair,
 * and each loses events ("On rebuilding read models, Dead-Letter Queues and Why Letting Go is
 * Sometimes the Answer", event-driven.io, 2026-01-19; DESIGN 1).
 */
final class ArticleRepairs {

  private static final String BEGIN =
      "UPDATE kintsugi_projection SET generation = generation + 1, status = 'rebuilding'";
  private static final String NOTE =
      "INSERT INTO kintsugi_rebuild (projection, generation, requested_by, reason, phase)"
          + " SELECT projection, generation, 'test', 'article', 'done' FROM kintsugi_projection";
  private static final String ACTIVATE = "UPDATE kintsugi_projection SET status = 'active'";

  private static final String REPLAY =
      """
      INSERT INTO log_log (persistence_id, sequence_number, payload)
      SELECT j.persistence_id, j.sequence_number, '' FROM event_journal j
      WHERE NOT EXISTS (SELECT 1 FROM log_log l WHERE l.persistence_id = j.persistence_id
        AND l.sequence_number = j.sequence_number)%s ORDER BY j.ordering
      """;

  private static final String ALL = REPLAY.formatted("");

  private final Scene scene;

  ArticleRepairs(Scene scene) {
    this.scene = scene;
  }

  /** Waits for all transactions that run when history has been replayed: but new ones begin. */
  Program waitForThoseThatRun() {
    return (database, session) -> {
      begin(database, session);
      run(database, ALL);
      long fence = idOf(database, "SELECT pg_current_xact_id()::text");
      awaitEndOfOlder(session, fence);
      run(database, ALL, ACTIVATE);
    };
  }

  /** Takes an id for the boundary between those that skip and those that apply. */
  Program boundAtAnId() {
    return (database, session) -> {
      begin(database, session);
      run(database, ALL);
      long bound =
          database.inTransaction(
              connection -> {
                execute(connection, ACTIVATE);
                return id(connection, "SELECT pg_current_xact_id()::text");
              });
      awaitEndOfOlder(session, bound);
      run(database, REPLAY.formatted(" AND j.xmin::text::bigint < " + bound));
    };
  }

  /** Locks writers out for the last events: but some have decided to skip before that. */
  Program lockWritersOut() {
    return (database, session) -> {
      begin(database, session);
      run(database, ALL);
      run(database, "LOCK TABLE event_journal IN SHARE ROW EXCLUSIVE MODE", ALL, ACTIVATE);
    };
  }

  /** Waits for those that have yet to apply to the old read model, as none of the repairs does. */
  private void begin(Database database, Session session) throws Exception {
    run(database, BEGIN, NOTE);
    awaitEndOfOlder(session, idOf(database, "SELECT pg_current_xact_id()::text"));
    run(database, "TRUNCATE log_log RESTART IDENTITY");
  }

  private void awaitEndOfOlder(Session session, long id) {
    session.await(
        "waits for older transactions",
        Access.ofLook(Set.of(), true).byIdsAlone(),
        () -> scene.isSo("SELECT pg_snapshot_xmin(pg_current_snapshot()) >= '" + id + "'::xid8"));
  }

  private static void run(Database database, String... statements) throws Exception {
    database.inTransaction(
        connection -> {
          for (String statement : statements) {
            execute(connection, statement);
          }
          return statements;
        });
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static long idOf(Database database, String sql) throws Exception {
    return database.inTransaction(connection -> id(connection, sql));
  }

  private static long id(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return Long.parseLong(row.getString(1));
    }
  }
}
