package dev.kintsugi.runtime.verify;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.event.JournalEvent;
import dev.kintsugi.runtime.handler.Applier;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/**
 * Temporary tables of the names of a read model's. A handler that works on this connection fills
 * these, as it names its tables without a schema.
 */
final class Scratch implements AutoCloseable {

  private static final String NUMBERS = "pg_temp.kintsugi_numbers";

  private final Connection connection;
  private final List<ComparedTable> tables;

  /**
   * Tables that are to be made.
   *
   * @param connection this one's until it is closed; its transactions are begun and ended here
   */
  Scratch(Connection connection, List<ComparedTable> tables) {
    this.connection = connection;
    this.tables = tables;
  }

  /**
   * Makes them, and has the server refuse this connection all other tables: in a transaction that
   * is read only, temporary ones can be written to. The search path is changed and not only hidden
   * behind: statements that this connection has prepared before are looked up anew then, and find
   * these tables.
   */
  void create() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "SELECT set_config('search_path', 'pg_temp, ' || current_setting('search_path'), FALSE)");
      statement.execute("CREATE TEMP SEQUENCE " + NUMBERS);
      for (ComparedTable table : tables) {
        statement.execute(table.ddlOfCopy(NUMBERS));
      }
    }
    connection.commit();
    connection.setReadOnly(true);
  }

  /** Applies events, in a transaction; returns how many the projection subscribes to. */
  int apply(Applier applier, Projection<?> projection, List<JournalEvent> events) throws Exception {
    int applied = 0;
    try {
      for (JournalEvent event : events) {
        if (applier.apply(connection, projection, event, Applier.OnThrow.ROLL_BACK)) {
          applied++;
        }
      }
      applier.finish(connection, projection);
      connection.commit();
      return applied;
    } catch (Throwable e) {
      applier.forget();
      connection.rollback();
      throw e;
    }
  }

  /** Drops them, and leaves the connection as it was. */
  @Override
  public void close() throws SQLException {
    connection.rollback();
    connection.setReadOnly(false);
    try (Statement statement = connection.createStatement()) {
      for (ComparedTable table : tables) {
        statement.execute("DROP TABLE IF EXISTS " + table.copy());
      }
      statement.execute("DROP SEQUENCE IF EXISTS " + NUMBERS);
      statement.execute("RESET search_path");
    }
    connection.commit();
  }
}
