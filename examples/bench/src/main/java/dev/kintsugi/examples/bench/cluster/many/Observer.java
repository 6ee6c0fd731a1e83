package dev.kintsugi.examples.bench.cluster.many;

import dev.kintsugi.examples.bench.server.BenchDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;

/**
 * Looks at the nodes' database, on one connection. Each look is a transaction, which is counted.
 */
final class Observer implements AutoCloseable {

  private static final String TRANSACTIONS =
      """
      SELECT xact_commit + xact_rollback FROM pg_stat_database
      WHERE datname = current_database()
      """;

  private static final String WRITTEN = "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn";

  private static final String CONNECTIONS =
      """
      SELECT count(*) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'kintsugi'
      """;

  private static final String PROVEN =
      """
      SELECT count(*) FROM kintsugi_projection p
      JOIN kintsugi_rebuild r ON r.projection = p.projection AND r.generation = p.generation
      WHERE p.status IN ('active', 'following') AND r.phase = 'done'
      """;

  private final Connection connection;
  private final Optional<ProcessHandle> server;

  private Observer(Connection connection, Optional<ProcessHandle> server) {
    this.connection = connection;
    this.server = server;
  }

  static Observer of(BenchDatabase database) throws SQLException {
    Connection connection = database.login().connect();
    return new Observer(connection, server(number(connection, "SELECT pg_backend_pid()")));
  }

  /** The server's main process, if it runs on this machine. */
  private static Optional<ProcessHandle> server(long backend) {
    return ProcessHandle.of(backend)
        .flatMap(ProcessHandle::parent)
        .filter(parent -> parent.info().command().orElse("").endsWith("postgres"));
  }

  private static long number(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getLong(1);
    }
  }

  /** Transactions on this database, ever: those that wrote, those that only read, and this. */
  long transactions() throws SQLException {
    return number(connection, TRANSACTIONS);
  }

  /** Bytes that the server wrote ahead, ever. */
  long written() throws SQLException {
    return number(connection, WRITTEN);
  }

  /** The nodes' connections. */
  long connections() throws SQLException {
    return number(connection, CONNECTIONS);
  }

  /** How many projections are active, or follow, their builds proven. */
  long proven() throws SQLException {
    return number(connection, PROVEN);
  }

  /** How many of the projections' tables have a row. */
  int applied(int projections) throws SQLException {
    int applied = 0;
    for (int number = 1; number <= projections; number++) {
      applied += (int) number(connection, "SELECT count(*) FROM " + SmallProjections.name(number));
    }
    return applied;
  }

  ServerTime serverTime() {
    return ServerTime.of(server);
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
