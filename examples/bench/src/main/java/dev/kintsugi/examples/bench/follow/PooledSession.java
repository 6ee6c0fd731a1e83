package dev.kintsugi.examples.bench.follow;

import dev.kintsugi.runtime.internal.jdbc.Database;
import java.sql.Connection;
import java.sql.SQLException;
import org.apache.pekko.japi.function.Function;
import org.apache.pekko.projection.jdbc.JdbcSession;

/** A session of Pekko Projection's, on a connection of our pool. */
record PooledSession(Connection connection) implements JdbcSession {

  static PooledSession of(Database database) {
    try {
      return new PooledSession(database.connection());
    } catch (SQLException e) {
      throw new IllegalStateException("no connection for a session", e);
    }
  }

  @Override
  public <T> T withConnection(Function<Connection, T> work) throws Exception {
    return work.apply(connection);
  }

  @Override
  public void commit() throws SQLException {
    connection.commit();
  }

  @Override
  public void rollback() throws SQLException {
    connection.rollback();
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
