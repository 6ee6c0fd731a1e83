package dev.kintsugi.runtime.internal.jdbc;

import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.SQLException;

/**
 * What a server can do, by its version: all that differs between those that are promised. (Columns
 * of the catalog that a version lacks are read by name, as JSON, where they are needed.)
 *
 * @param major 13, say
 * @param minor 5, of 13.5
 */
public record ServerVersion(int major, int minor) {

  /** As the server told it when the connection was made; no statement is sent. */
  public static ServerVersion of(Connection connection) throws SQLException {
    DatabaseMetaData server = connection.getMetaData();
    return new ServerVersion(server.getDatabaseMajorVersion(), server.getDatabaseMinorVersion());
  }

  /** Whether it has what the writer's protocol needs: {@code pg_current_xact_id}. */
  public boolean isSupported() {
    return major >= 13;
  }

  /**
   * Whether a transaction has the same name among the locks when it has been prepared ({@code
   * pg_locks.virtualtransaction}); before November 2021 its locks got another one, one by one.
   */
  public boolean keepsNamesOfPrepared() {
    return major > 14 || (major == 14 && minor >= 1) || (major == 13 && minor >= 5);
  }

  /** Whether a partition can be detached while others use its table. */
  public boolean detachesConcurrently() {
    return major >= 14;
  }

  /** Whether sessions can be limited that do nothing. */
  public boolean hasIdleSessionTimeout() {
    return major >= 14;
  }

  /** Whether whole transactions can be limited. */
  public boolean hasTransactionTimeout() {
    return major >= 17;
  }
}
