package dev.kintsugi.runtime.internal.verify;

import dev.kintsugi.runtime.internal.event.JournalEvent;
import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.handler.Applier.OnThrow;
import dev.kintsugi.runtime.internal.handler.HandlerException;
import dev.kintsugi.runtime.internal.handler.HandlerTarget;
import dev.kintsugi.runtime.internal.jdbc.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/**
 * A session with temporary tables of the names of a read model's. A handler that works on its
 * connection fills these, as it names its tables without a schema. The session ends with it: who
 * knows what the handler has set in it.
 */
final class ScratchTables implements AutoCloseable {

  private final Connection connection;

  /** A session of its own, with no limits on how long a statement may take. */
  ScratchTables(Database database) throws SQLException {
    this.connection = database.connection();
  }

  Connection connection() {
    return connection;
  }

  /**
   * Makes the tables, and has the server refuse this connection all others: in a transaction that
   * is read only, temporary ones can be written to. The search path is changed and not only hidden
   * behind: statements that this connection has prepared before are looked up anew then, and find
   * these tables.
   *
   * @param copies the statements that make them
   */
  void create(List<String> copies) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET statement_timeout = 0");
      statement.execute(
          "SELECT set_config('search_path', 'pg_temp, ' || current_setting('search_path'), FALSE)");
      for (String copy : copies) {
        statement.execute(copy);
      }
    }
    connection.commit();
    connection.setReadOnly(true);
  }

  /**
   * Applies events, in a transaction; returns how many the projection subscribes to. As in a
   * rebuild, those that can't be applied together are applied one by one.
   *
   * @throws HandlerException if one of them can't be applied by itself
   */
  int apply(Applier applier, HandlerTarget target, List<JournalEvent> events) throws Exception {
    try {
      return apply(applier, target, events, OnThrow.ROLL_BACK);
    } catch (HandlerException e) {
      return apply(applier, target, events, OnThrow.SAVEPOINT);
    }
  }

  private int apply(
      Applier applier, HandlerTarget target, List<JournalEvent> events, OnThrow onThrow)
      throws Exception {
    int applied = 0;
    try {
      for (JournalEvent event : events) {
        if (applier.apply(connection, target, event, onThrow)) {
          applied++;
        }
      }
      applier.finish(connection, target);
      connection.commit();
      return applied;
    } catch (Throwable e) {
      applier.forget();
      rollback(e);
      throw e;
    }
  }

  private void rollback(Throwable reason) {
    try {
      connection.rollback();
    } catch (SQLException notEvenThat) {
      reason.addSuppressed(notEvenThat);
    }
  }

  @Override
  public void close() {
    Database.discard(connection);
  }
}
