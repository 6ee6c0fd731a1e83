package dev.kintsugi.runtime.testing;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.RebuildPolicy;
import dev.kintsugi.projections.Tables;
import dev.kintsugi.projections.internal.access.SharedSecrets;
import dev.kintsugi.projections.internal.definition.Writing;
import dev.kintsugi.projections.rows.RowChanges;
import dev.kintsugi.projections.rows.RowTable;
import dev.kintsugi.runtime.status.Generation;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.pekko.japi.function.Function;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;
import org.jspecify.annotations.Nullable;

/**
 * A projection over text events whose read model is the log of what was applied, in the order in
 * which it was applied: so exactly-once and order can be read from it. Events can be made to fail,
 * and be repaired.
 */
public final class TestProjection {

  private final String name;
  private final Set<String> poison = ConcurrentHashMap.newKeySet();
  private volatile FailurePolicy policy = FailurePolicy.skip();
  private volatile Consumer<EventEnvelope<String>> beforeEach = envelope -> {};
  private int version = 1;
  private List<String> entityTypes = List.of();
  private List<String> tags = List.of();
  private boolean sharesRows;
  private boolean following;
  private RebuildPolicy rebuildPolicy = RebuildPolicy.inPlace();
  private boolean uniquePayloads;
  private @Nullable Function<Connection, ? extends OwnSession> sessions;
  private Kind kind = Kind.HANDLER;
  private @Nullable Consumer<Projection.Builder<String>> defined;
  private Writing writing = Writing.AS_SETS;
  private final List<Integer> groups = new CopyOnWriteArrayList<>();
  private volatile @Nullable String swallowedOn;
  private volatile @Nullable Gate gate;

  private final RowTable rowTable;
  private String tableName;
  private volatile String written;

  /** What another test has defined, in place of the log; null if this is one. */
  private @Nullable Projection<String> other;

  /** A definition of a test's own, for a {@link World}; it keeps no log. */
  public static TestProjection of(Projection<String> definition) {
    TestProjection projection = new TestProjection(definition.name());
    projection.other = definition;
    return projection;
  }

  public TestProjection(String name) {
    this.name = name;
    this.tableName = name + "_log";
    this.written = tableName;
    this.rowTable =
        RowTable.named(table())
            .key("persistence_id", "text")
            .key("sequence_number", "bigint")
            .column("payload", "text")
            .counter("times")
            .index("payload");
  }

  /** Subscribes only to events of these entity types. */
  public TestProjection entityTypes(String... entityTypes) {
    this.entityTypes = List.of(entityTypes);
    return this;
  }

  /** Subscribes only to events with one of these tags. */
  public TestProjection tags(String... tags) {
    this.tags = List.of(tags);
    return this;
  }

  /** Declares that its rows are shared between streams. */
  public TestProjection sharedRows() {
    sharesRows = true;
    return this;
  }

  /** Follows the journal. */
  public TestProjection following() {
    following = true;
    return this;
  }

  /** Is rebuilt so; in place, unless it is told else. */
  public TestProjection rebuilt(RebuildPolicy policy) {
    rebuildPolicy = policy;
    return this;
  }

  /** Lives in the append's transaction, as it does unless it is told else. */
  public TestProjection inline() {
    following = false;
    return this;
  }

  /** What keeps the log. */
  public enum Kind {
    HANDLER,
    GROUPED,
    /** A document for each stream, with the events that were applied. */
    FOLD,
    /**
     * A row for each event, which counts how often it was applied; of their order it knows nothing.
     */
    ROWS
  }

  public TestProjection kind(Kind kind) {
    this.kind = kind;
    return this;
  }

  /** Keeps no log, and is what this makes of it. */
  public TestProjection defined(Consumer<Projection.Builder<String>> defined) {
    this.defined = defined;
    return this;
  }

  /** Keeps no log: its events are statements, which are executed on what this script makes. */
  public TestProjection executing(String script) {
    return defined(
        builder ->
            builder
                .tables(Tables.sql(script))
                .handler(() -> JdbcHandler.fromFunction(this::execute)));
  }

  private void execute(JdbcSession session, EventEnvelope<String> envelope) {
    beforeEach.accept(envelope);
    try {
      session.withConnection(
          connection -> {
            try (Statement statement = connection.createStatement()) {
              return statement.execute(envelope.event());
            }
          });
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Has a handler that takes many events in one call. */
  public TestProjection grouped() {
    return kind(Kind.GROUPED);
  }

  /** Has handlers and tables of the test's own, instead of the log. */
  public TestProjection handledBy(
      String script, Supplier<? extends JdbcHandler<EventEnvelope<String>, JdbcSession>> handlers) {
    return defined(builder -> builder.tables(Tables.sql(script)).handler(handlers));
  }

  /** Has a handler that is typed on a session class of its own. */
  public TestProjection inSessions(Function<Connection, ? extends OwnSession> sessions) {
    this.sessions = sessions;
    return this;
  }

  /** A session class of an application's own, as Pekko Projection's documentation has it. */
  public static class OwnSession implements JdbcSession {
    private final Connection connection;

    public OwnSession(Connection connection) throws SQLException {
      this.connection = connection;
      connection.setAutoCommit(false);
    }

    /** What Pekko Projection's sessions don't have. */
    public Connection own() {
      return connection;
    }

    @Override
    public <R> R withConnection(Function<Connection, R> work) throws Exception {
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

  /** Has a read model that must be written so. */
  public TestProjection written(Writing writing) {
    this.writing = writing;
    return this;
  }

  /** How many events each call of a handler of groups had. */
  public List<Integer> groups() {
    return groups;
  }

  public TestProjection onFailure(FailurePolicy policy) {
    this.policy = policy;
    return this;
  }

  public TestProjection version(int version) {
    this.version = version;
    return this;
  }

  /** Makes the handler throw on events of this text, until it is repaired. */
  public TestProjection failOn(String payload) {
    poison.add(payload);
    return this;
  }

  /**
   * Runs on the applying thread, in its transaction, before each event; whatever it throws fails
   * the event.
   */
  public TestProjection beforeEach(Consumer<EventEnvelope<String>> beforeEach) {
    this.beforeEach = beforeEach;
    return this;
  }

  public void repair() {
    poison.clear();
    swallowedOn = null;
  }

  /** Makes the handler wait on events of this text, until the gate is opened. */
  public Gate holdOn(String payload) {
    Gate closed = new Gate(payload);
    gate = closed;
    return closed;
  }

  /** Where a handler waits. */
  public static final class Gate {
    private final String payload;
    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch open = new CountDownLatch(1);

    private Gate(String payload) {
      this.payload = payload;
    }

    /** Waits until a handler waits here. */
    public void awaitReached() throws InterruptedException {
      if (!reached.await(TestSystem.PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        throw new AssertionError("no handler came to event " + payload);
      }
    }

    public void open() {
      open.countDown();
    }

    private void pass() throws InterruptedException {
      reached.countDown();
      open.await();
    }
  }

  /** Gives the read model a constraint: the database fails the handler on a text that it holds. */
  public TestProjection uniquePayloads() {
    uniquePayloads = true;
    return this;
  }

  /**
   * Makes the handler run into an error of the database on events of this text, and say nothing,
   * until it is repaired.
   */
  public TestProjection swallowErrorOn(String payload) {
    swallowedOn = payload;
    return this;
  }

  /** Makes the handler name its table so. */
  public TestProjection writesTo(String table) {
    written = table;
    return this;
  }

  public String name() {
    return name;
  }

  public String table() {
    return tableName;
  }

  /** Has the table of another one, as it has under another name. */
  public TestProjection inTableOf(TestProjection other) {
    tableName = other.table();
    written = tableName;
    return this;
  }

  /**
   * The log as an item of a FROM list, in need of an alias: persistence_id, sequence_number,
   * payload, and n, in the order in which the events were applied, in each stream at least.
   */
  public String fromItem() {
    return fromItem(table());
  }

  /** The same of a generation that has a place. */
  public String fromItem(Generation generation) {
    return fromItem(generation.place() == null ? table() : generation.place() + "." + table());
  }

  private String fromItem(String table) {
    return switch (kind) {
      case HANDLER, GROUPED -> table;
      case FOLD ->
          """
          (SELECT t.key AS persistence_id, (e.event->>'sequenceNumber')::bigint AS sequence_number,
            e.event->>'payload' AS payload, e.n
          FROM %s t CROSS JOIN LATERAL jsonb_array_elements(t.state->'events') WITH ORDINALITY
            AS e(event, n))
          """
              .formatted(table);
      case ROWS ->
          "(SELECT t.*, sequence_number AS n FROM %s t CROSS JOIN LATERAL generate_series(1, times))"
              .formatted(table);
    };
  }

  /** The definition, as it stands. */
  public Projection<String> definition() {
    if (other != null) {
      return other;
    }
    Projection.Builder<String> builder =
        Projection.named(name).of(String.class).rebuilt(rebuildPolicy);
    if (following) {
      builder.following();
    }
    if (!entityTypes.isEmpty()) {
      builder.entityTypes(entityTypes.toArray(String[]::new));
    }
    if (!tags.isEmpty()) {
      builder.tags(tags.toArray(String[]::new));
    }
    if (sharesRows) {
      builder.sharedRows();
    }
    if (defined != null) {
      defined.accept(builder);
      return SharedSecrets.written(builder.version(version).onFailure(policy).build(), writing);
    }
    switch (kind) {
      case HANDLER -> handler(builder.tables(script()));
      case GROUPED -> groupedHandler(builder.tables(script()));
      case FOLD ->
          builder.fold(
              Log.class, fold -> fold.table(table()).evolve(this::evolve).index("schema_version"));
      case ROWS -> builder.rows(List.of(rowTable), this::map);
    }
    return SharedSecrets.written(builder.version(version).onFailure(policy).build(), writing);
  }

  private void handler(Projection.Builder<String> builder) {
    if (sessions == null) {
      builder.handler(() -> JdbcHandler.fromFunction(this::log));
    } else {
      builder.handler(() -> JdbcHandler.fromFunction(this::logInOwn), sessions);
    }
  }

  private void groupedHandler(Projection.Builder<String> builder) {
    if (sessions == null) {
      builder.groupedHandler(() -> JdbcHandler.fromFunction(this::logAll));
    } else {
      builder.groupedHandler(() -> JdbcHandler.fromFunction(this::logAllInOwn), sessions);
    }
  }

  private Tables script() {
    return Tables.sql(
        """
        CREATE TABLE %s (
          n BIGSERIAL PRIMARY KEY,
          persistence_id TEXT NOT NULL,
          sequence_number BIGINT NOT NULL,
          payload TEXT NOT NULL %s)
        """
            .formatted(table(), uniquePayloads ? "UNIQUE" : ""));
  }

  /** The state of a stream's fold. */
  public record Log(List<Applied> events) {}

  /** An event in it. */
  public record Applied(long sequenceNumber, String payload) {}

  private Optional<Log> evolve(Optional<Log> log, EventEnvelope<String> envelope) {
    beforeEach.accept(envelope);
    failIfPoison(envelope);
    List<Applied> events = new ArrayList<>(log.map(Log::events).orElse(List.of()));
    events.add(new Applied(envelope.sequenceNr(), envelope.event()));
    return Optional.of(new Log(events));
  }

  private void map(EventEnvelope<String> envelope, RowChanges rows) {
    beforeEach.accept(envelope);
    rows.upsert(rowTable, envelope.persistenceId(), envelope.sequenceNr())
        .set("payload", envelope.event())
        .increment("times", 1);
    failIfPoison(envelope);
  }

  private void logAll(JdbcSession session, List<EventEnvelope<String>> envelopes) {
    groups.add(envelopes.size());
    envelopes.forEach(envelope -> log(session, envelope));
  }

  private void logInOwn(OwnSession session, EventEnvelope<String> envelope) {
    log(session, envelope);
  }

  private void logAllInOwn(OwnSession session, List<EventEnvelope<String>> envelopes) {
    logAll(session, envelopes);
  }

  private void log(JdbcSession session, EventEnvelope<String> envelope) {
    beforeEach.accept(envelope);
    try {
      session.withConnection(
          connection -> {
            insert(connection, envelope);
            if (envelope.event().equals(swallowedOn)) {
              failAndSwallow(connection);
            }
            Gate closed = gate;
            if (closed != null && closed.payload.equals(envelope.event())) {
              closed.pass();
            }
            return envelope;
          });
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    failIfPoison(envelope);
  }

  private void failIfPoison(EventEnvelope<String> envelope) {
    if (poison.contains(envelope.event())) {
      throw new IllegalArgumentException("poison: " + envelope.event());
    }
  }

  private static void failAndSwallow(Connection connection) {
    try (Statement statement = connection.createStatement()) {
      statement.execute("SELECT 1 / 0");
    } catch (SQLException swallowed) {
      // as some handlers do
    }
  }

  private void insert(Connection connection, EventEnvelope<String> envelope) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO "
                + written
                + " (persistence_id, sequence_number, payload) VALUES (?, ?, ?)")) {
      insert.setString(1, envelope.persistenceId());
      insert.setLong(2, envelope.sequenceNr());
      insert.setString(3, envelope.event());
      insert.executeUpdate();
    }
  }
}
