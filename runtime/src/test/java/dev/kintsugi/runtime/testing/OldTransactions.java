package dev.kintsugi.runtime.testing;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Transactions that have an id, never end, and have nothing to do with Kintsugi: a forgotten one,
 * one in another database, and a prepared one. Beside them somebody reads all of Kintsugi's
 * statuses in one long snapshot, as a dump does.
 */
public final class OldTransactions implements AutoCloseable {

  private static final String TAKE_ID =
      "CREATE TABLE IF NOT EXISTS of_others (n INT); INSERT INTO of_others VALUES (1)";

  private final String elsewhere;
  private final String gid;
  private final Connection forgotten;
  private final Connection inAnotherDatabase;
  private final Connection dump;
  private final Connection control;

  private OldTransactions(String url) throws SQLException {
    this.control = DriverManager.getConnection(url);
    this.elsewhere = TestServer.createDatabase();
    this.gid = "old-" + elsewhere.hashCode() + "-" + System.nanoTime();
    execute(control, TAKE_ID);
    this.forgotten = withId(url);
    this.inAnotherDatabase = withId(elsewhere);
    execute(control, "BEGIN; " + TAKE_ID + "; PREPARE TRANSACTION '" + gid + "'");
    this.dump = DriverManager.getConnection(url);
    execute(
        dump,
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT count(*) FROM kintsugi_projection");
  }

  /** Begins them. */
  public static OldTransactions begin(String url) throws SQLException {
    return new OldTransactions(url);
  }

  private static Connection withId(String url) throws SQLException {
    Connection connection = DriverManager.getConnection(url);
    connection.setAutoCommit(false);
    execute(connection, TAKE_ID);
    return connection;
  }

  /** How many of them have an id below one. */
  public int idsBelow(long xid) throws SQLException {
    try (Statement statement = control.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                SELECT (SELECT count(*) FROM pg_stat_activity
                    WHERE pid IN (%d, %d) AND backend_xid::text::bigint < %d)
                  + (SELECT count(*) FROM pg_prepared_xacts
                    WHERE gid = '%s' AND transaction::text::bigint < %3$d)
                """
                    .formatted(pid(forgotten), pid(inAnotherDatabase), xid, gid))) {
      row.next();
      return row.getInt(1);
    }
  }

  private static int pid(Connection connection) throws SQLException {
    return connection.unwrap(org.postgresql.PGConnection.class).getBackendPID();
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Override
  public void close() throws SQLException {
    forgotten.close();
    inAnotherDatabase.close();
    dump.close();
    execute(control, "ROLLBACK PREPARED '" + gid + "'");
    control.close();
    TestServer.dropDatabase(elsewhere);
  }
}
