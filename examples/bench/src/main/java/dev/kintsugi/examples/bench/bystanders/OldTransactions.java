package dev.kintsugi.examples.bench.bystanders;

import dev.kintsugi.examples.bench.server.BenchDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Three transactions with ids that stay open and touch nothing of Kintsugi's: one that somebody has
 * forgotten, one in another database, and a prepared one.
 */
final class OldTransactions implements AutoCloseable {

  private static final String PREPARED = "kintsugi_bench_bystander";

  private final Connection forgotten;
  private final Connection elsewhere;

  private final boolean isPrepared;

  private OldTransactions(Connection forgotten, Connection elsewhere, boolean isPrepared) {
    this.forgotten = forgotten;
    this.elsewhere = elsewhere;
    this.isPrepared = isPrepared;
  }

  /** Whether the server can prepare transactions; one of the user's own may be set up not to. */
  static boolean canBePrepared(BenchDatabase database) throws SQLException {
    return database.count("SELECT current_setting('max_prepared_transactions')::int") > 0;
  }

  static OldTransactions begin(BenchDatabase database, BenchDatabase other) throws SQLException {
    boolean isPrepared = canBePrepared(database);
    Connection forgotten = database.login().connect();
    try {
      if (isPrepared) {
        execute(
            forgotten,
            "BEGIN; SELECT pg_current_xact_id(); PREPARE TRANSACTION '%s'".formatted(PREPARED));
      }
      execute(forgotten, "BEGIN; SELECT pg_current_xact_id()");
      Connection elsewhere = other.login().connect();
      execute(elsewhere, "BEGIN; SELECT pg_current_xact_id()");
      return new OldTransactions(forgotten, elsewhere, isPrepared);
    } catch (SQLException e) {
      forgotten.close();
      throw e;
    }
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Override
  public void close() throws SQLException {
    try (elsewhere;
        forgotten) {
      execute(elsewhere, "ROLLBACK");
      execute(forgotten, "ROLLBACK");
      if (isPrepared) {
        execute(forgotten, "ROLLBACK PREPARED '%s'".formatted(PREPARED));
      }
    }
  }
}
