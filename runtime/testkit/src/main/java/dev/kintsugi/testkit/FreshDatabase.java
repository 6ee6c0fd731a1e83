package dev.kintsugi.testkit;

import com.typesafe.config.ConfigFactory;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.internal.event.EventCodec;
import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.internal.event.JournalTables;
import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.handler.HandlerTarget;
import dev.kintsugi.runtime.internal.handler.ProjectionRegistry;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.jdbc.JdbcSettings;
import dev.kintsugi.runtime.internal.operations.RebuildRequest;
import dev.kintsugi.runtime.internal.recovery.Drain;
import dev.kintsugi.runtime.internal.recovery.DrainSettings;
import dev.kintsugi.runtime.internal.schema.ReadModel;
import dev.kintsugi.runtime.internal.schema.ReadModels;
import dev.kintsugi.runtime.internal.schema.Schema;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.writer.Appender;
import dev.kintsugi.runtime.internal.writer.InlineWriter;
import dev.kintsugi.runtime.persistence.AppendRejectedException;
import dev.kintsugi.runtime.status.Generation;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A database with nothing in it but what one way puts there, with writers and drains that do
 * something when they are told to; so do {@link Builds}, on the calling thread. Each transaction is
 * one of the runtime's own.
 */
final class FreshDatabase implements AutoCloseable {

  private static final String WIPE =
      """
      DROP SCHEMA IF EXISTS %1$s CASCADE;
      CREATE SCHEMA %1$s;
      """
          .formatted(Server.SCHEMA);

  /** Names that the application gives them mean nothing to a projection. */
  private static final JournalTables TABLES =
      JournalTables.of(ConfigFactory.defaultReference().getConfig("jdbc-journal"));

  private static final int WRITERS = 2;
  private static final int HELP_LIMIT = 4;

  /** No batch is to take longer. */
  static final Duration BATCH_TIME = Duration.ofMillis(100);

  /** As records look that failed and wait for their next attempt, which does not come by itself. */
  private static final String HOLD_UP =
      """
      UPDATE kintsugi_skip SET attempts = 1, first_failed_at = clock_timestamp(),
        next_attempt_at = 'infinity'
      WHERE persistence_id = ANY (?)
      """;

  private static final String LET_GO =
      "UPDATE kintsugi_skip SET next_attempt_at = '-infinity' WHERE persistence_id = ANY (?)";

  private static final String RECORDED_STREAMS =
      """
      SELECT persistence_id FROM kintsugi_skip
      GROUP BY persistence_id ORDER BY max(ordering)
      """;

  /** One that failed, if there is any: those behind it are not to blame. */
  private static final String OPEN_RECORD =
      """
      SELECT sequence_number, persistence_id, reason, last_error FROM kintsugi_skip
      ORDER BY last_error IS NULL, ordering LIMIT 1
      """;

  private final Database database;
  private final EventJournal journal;
  private final EventCodec codec;
  private final Projection<?> projection;
  private final long seed;
  private final BatchSizes batches;
  private final ProjectionRegistry registry = new ProjectionRegistry();
  private final Builds builds;
  private final List<Appender> writers = new ArrayList<>();
  private Way way;
  private int appends;
  private @Nullable ReadModel readModel;

  private FreshDatabase(
      Database database,
      EventJournal journal,
      EventCodec codec,
      Projection<?> projection,
      Way way,
      long seed,
      BatchSizes batches) {
    this.database = database;
    this.journal = journal;
    this.codec = codec;
    this.projection = projection;
    this.way = way;
    this.seed = seed;
    this.batches = batches;
    this.builds = new Builds(this, database, projection, batches);
    InlineWriter writer = new InlineWriter(journal, codec, registry, HELP_LIMIT);
    for (int i = 0; i < WRITERS; i++) {
      writers.add(new Appender(database, writer));
    }
  }

  /**
   * Wipes a database and installs Kintsugi's tables. A schema that is dropped and made again takes
   * a fraction of the time that a database does. New connections come with it: the driver remembers
   * the types of older ones.
   */
  static FreshDatabase open(
      JdbcSettings settings,
      EventCodec codec,
      Projection<?> projection,
      Way way,
      long seed,
      BatchSizes batches)
      throws Exception {
    Database database = Database.open(settings);
    try {
      database.inTransaction(
          connection -> {
            try (Statement statement = connection.createStatement()) {
              return statement.execute(WIPE);
            }
          });
      EventJournal journal = new EventJournal(TABLES, new Schema(database, TABLES).ensure(true));
      return new FreshDatabase(database, journal, codec, projection, way, seed, batches);
    } catch (Exception e) {
      database.close();
      throw e;
    }
  }

  Way way() {
    return way;
  }

  /** What fails now has failed in this way. */
  void isNow(Way way) {
    this.way = way;
  }

  // Writers

  /**
   * Appends events in one transaction. Each has another handler than the one before, as when an
   * entity moves from node to node: what one handler remembers, the next does not know.
   */
  void append(List<NewEvent> events) throws Exception {
    Appender writer = writers.get(appends++ % writers.size());
    try {
      writer.append(events);
    } catch (AppendRejectedException e) {
      throw failure(String.valueOf(e.getMessage()), e.getCause());
    }
  }

  // The projection

  /** Makes the projection known: it is about to be built. */
  ReadModel register(boolean follows) throws Exception {
    ReadModel probed;
    try (Connection connection = database.connection()) {
      probed = ReadModels.probe(connection, projection);
      connection.rollback();
    }
    ReadModel made =
        database.inTransaction(
            connection -> ReadModels.create(connection, probed, Optional.empty()));
    readModel = made;
    registry.register(List.of(made.projection()));
    RebuildRequest first =
        new RebuildRequest(
            projection.name(), projection.version(), follows, true, "test kit", "a scenario");
    database.inTransaction(first::registerFirst);
    return made;
  }

  ReadModel readModel() {
    return Optional.ofNullable(readModel).orElseThrow();
  }

  /** All generations, the newest last. */
  List<Generation> generations() throws Exception {
    return database.inTransaction(connection -> Generations.of(connection, projection.name()));
  }

  /** The newest one: the one that serves, if none is beside it. */
  Generation newest() throws Exception {
    List<Generation> all = generations();
    return all.get(all.size() - 1);
  }

  /** What events are applied to a generation with. */
  HandlerTarget target(Generation generation) {
    return registry.target(generation).orElseThrow();
  }

  /** The one that serves. */
  Generation generation() throws Exception {
    return database.inTransaction(
        connection -> Generations.find(connection, projection.name()).orElseThrow());
  }

  /** What builds it, and has it follow. */
  Builds builds() {
    return builds;
  }

  EventJournal journal() {
    return journal;
  }

  EventCodec codec() {
    return codec;
  }

  // Skips, and their drain

  /** From now on writers record what they append, or apply it. */
  void setPaused(boolean paused) throws Exception {
    database.inTransaction(
        connection -> Generations.setPaused(connection, projection.name(), paused));
  }

  /** The streams that have open records; that whose newest is the oldest comes first. */
  List<String> recordedStreams() throws Exception {
    return database.inTransaction(
        connection -> {
          List<String> streams = new ArrayList<>();
          try (Statement statement = connection.createStatement();
              ResultSet row = statement.executeQuery(RECORDED_STREAMS)) {
            while (row.next()) {
              streams.add(row.getString(1));
            }
          }
          return streams;
        });
  }

  /**
   * Has the open records of some streams wait, and what comes behind them, until they are let go.
   */
  void holdUp(Collection<String> streams) throws Exception {
    update(HOLD_UP, streams);
  }

  void letGo(Collection<String> streams) throws Exception {
    update(LET_GO, streams);
  }

  private void update(String sql, Collection<String> streams) throws Exception {
    database.inTransaction(
        connection -> {
          try (PreparedStatement update = connection.prepareStatement(sql)) {
            update.setArray(1, connection.createArrayOf("text", streams.toArray()));
            return update.executeUpdate();
          }
        });
  }

  /** Drains one batch, from the oldest record on that nothing holds up. */
  void drainBatch() throws Exception {
    try (Applier applier = new Applier()) {
      drain(generation()).next(applier);
    }
  }

  /** Drains until nothing is open that could be, of any generation. */
  void drainAll() throws Exception {
    for (Generation generation : generations()) {
      drainAll(generation);
    }
  }

  private void drainAll(Generation generation) throws Exception {
    Drain drain = drain(generation);
    try (Applier applier = new Applier()) {
      Drain.Batch batch;
      do {
        batch = drain.next(applier);
      } while (batch.isFull() || batch.archived() + batch.failed() > 0);
    }
  }

  /** A drain of a generation. */
  Drain drain(Generation generation) {
    return new Drain(
        database,
        journal,
        codec,
        registry,
        records -> {},
        new DrainSettings(batches.drain(), BATCH_TIME),
        projection.name(),
        generation.generation());
  }

  /** Says which event was not applied, and why. */
  void refuseOpenRecords() throws Exception {
    Optional<String> open =
        database.inTransaction(
            connection -> {
              try (Statement statement = connection.createStatement();
                  ResultSet row = statement.executeQuery(OPEN_RECORD)) {
                return row.next()
                    ? Optional.of(
                        "event %d of stream %s could not be applied and is left recorded as %s: %s"
                            .formatted(
                                row.getLong(1),
                                row.getString(2),
                                row.getString(3),
                                row.getString(4)))
                    : Optional.empty();
              }
            });
    if (open.isPresent()) {
      throw failure(open.get(), null);
    }
  }

  // What is so

  /** All rows of all tables of the projection, by table. */
  Map<String, TableRows> tables() throws Exception {
    return database.inTransaction(
        connection -> {
          Map<String, TableRows> tables = new LinkedHashMap<>();
          for (String table : readModel().tables()) {
            tables.put(table, TableRows.read(connection, table));
          }
          return tables;
        });
  }

  /**
   * What a query gives.
   *
   * @throws IllegalArgumentException if it fails
   */
  List<Row> query(String sql) {
    try (Connection connection = database.connection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      List<Row> rows = new ArrayList<>();
      while (row.next()) {
        rows.add(Row.at(row));
      }
      return rows;
    } catch (SQLException e) {
      throw new IllegalArgumentException("%s%nfails: %s".formatted(sql.strip(), e.getMessage()), e);
    }
  }

  /** An error that says where it was found. */
  AssertionError failure(String what, @Nullable Throwable cause) {
    return new AssertionError(
        "Projection '%s', %s (seed %d): %s".formatted(projection.name(), way, seed, what), cause);
  }

  @Override
  public void close() {
    writers.forEach(Appender::close);
    builds.close();
    database.close();
  }
}
