package dev.kintsugi.runtime.kinds;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.internal.access.SharedSecrets;
import dev.kintsugi.projections.internal.bulk.BulkHandler;
import dev.kintsugi.projections.internal.definition.Definition;
import dev.kintsugi.projections.internal.definition.TableScript;
import dev.kintsugi.runtime.testing.TestServer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.japi.function.Function;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;

/** The tables of a projection in a database of their own, and its handlers on connections to it. */
final class Handlers<E> implements AutoCloseable {

  private final String url = TestServer.createDatabase();
  private final Definition<E> definition;
  private final AtomicLong ordering = new AtomicLong();

  Handlers(Projection<E> projection) throws SQLException {
    this.definition = SharedSecrets.definitionOf(projection);
    try (Connection connection = connection();
        Statement statement = connection.createStatement()) {
      statement.execute(definition.script().ddl());
      for (TableScript.Index index : definition.script().indexes()) {
        statement.execute(index.ddl());
      }
      connection.commit();
    }
  }

  Connection connection() throws SQLException {
    Connection connection = DriverManager.getConnection(url);
    connection.setAutoCommit(false);
    return connection;
  }

  /** The handler as a replay has it. */
  BulkHandler<E> inReplay(boolean isEmpty) {
    BulkHandler<E> handler = (BulkHandler<E>) definition.newHandler();
    handler.beginReplay(isEmpty);
    return handler;
  }

  /** The next event, of stream "s". */
  EventEnvelope<E> event(E event) {
    long next = ordering.incrementAndGet();
    return EventEnvelope.create(Offset.sequence(next), "s", next, event, 0);
  }

  @SafeVarargs
  final List<EventEnvelope<E>> events(E... events) {
    List<EventEnvelope<E>> envelopes = new ArrayList<>();
    for (E event : events) {
      envelopes.add(event(event));
    }
    return envelopes;
  }

  /** One event, which an event adapter has brought back as these. */
  @SafeVarargs
  final List<EventEnvelope<E>> adapted(E... payloads) {
    long next = ordering.incrementAndGet();
    List<EventEnvelope<E>> envelopes = new ArrayList<>();
    for (E payload : payloads) {
      envelopes.add(EventEnvelope.create(Offset.sequence(next), "s", next, payload, 0));
    }
    return envelopes;
  }

  /** Applies events inline, in one transaction. */
  @SafeVarargs
  final void apply(E... events) throws Exception {
    try (Connection connection = connection()) {
      process(connection, events(events));
      connection.commit();
    }
  }

  /** Applies events in a connection's transaction. */
  void process(Connection connection, List<EventEnvelope<E>> envelopes) throws Exception {
    definition.newHandler().process(new Session(connection), envelopes);
  }

  /** Gathers, writes and commits, as a window of a replay. */
  @SafeVarargs
  final void replay(BulkHandler<E> handler, E... events) throws Exception {
    try (Connection connection = connection()) {
      List<EventEnvelope<E>> envelopes = events(events);
      if (handler.readsStored()) {
        handler.prepare(connection, envelopes);
      }
      for (EventEnvelope<E> envelope : envelopes) {
        handler.gather(List.of(envelope));
      }
      handler.write(connection);
      connection.commit();
      handler.written();
    }
  }

  List<String> column(String sql) throws SQLException {
    try (Connection connection = connection()) {
      return column(connection, sql);
    }
  }

  /** As a connection's transaction sees it. */
  List<String> column(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      List<String> values = new ArrayList<>();
      while (row.next()) {
        values.add(row.getString(1));
      }
      return values;
    }
  }

  /** How many connections wait for a lock that another transaction holds. */
  int waitingForLocks() throws SQLException {
    return column(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                + " AND wait_event_type = 'Lock'")
        .size();
  }

  @Override
  public void close() {
    TestServer.dropDatabase(url);
  }

  record Session(Connection connection) implements JdbcSession {
    @Override
    public <R> R withConnection(Function<Connection, R> work) throws Exception {
      return work.apply(connection);
    }

    @Override
    public void commit() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void rollback() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
      throw new UnsupportedOperationException();
    }
  }
}
