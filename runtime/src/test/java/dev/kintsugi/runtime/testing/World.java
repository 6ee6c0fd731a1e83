package dev.kintsugi.runtime.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.internal.event.EventCodec;
import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.internal.event.JournalTables;
import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.internal.finality.FinalOrdering;
import dev.kintsugi.runtime.internal.follow.FollowSettings;
import dev.kintsugi.runtime.internal.follow.FollowStep;
import dev.kintsugi.runtime.internal.follow.Follower;
import dev.kintsugi.runtime.internal.follow.JournalPage;
import dev.kintsugi.runtime.internal.follow.JournalReader;
import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.handler.HandlerException;
import dev.kintsugi.runtime.internal.handler.HandlerTarget;
import dev.kintsugi.runtime.internal.handler.ProjectionRegistry;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.jdbc.JdbcSettings;
import dev.kintsugi.runtime.internal.operations.ChangeRequest;
import dev.kintsugi.runtime.internal.operations.Pausing;
import dev.kintsugi.runtime.internal.operations.RebuildOperations;
import dev.kintsugi.runtime.internal.operations.RebuildRequest;
import dev.kintsugi.runtime.internal.rebuild.ModeChange;
import dev.kintsugi.runtime.internal.rebuild.OnRaisedVersion;
import dev.kintsugi.runtime.internal.rebuild.RebuildSettings;
import dev.kintsugi.runtime.internal.rebuild.RebuildStep;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.internal.recovery.Drain;
import dev.kintsugi.runtime.internal.recovery.DrainSettings;
import dev.kintsugi.runtime.internal.schema.Places;
import dev.kintsugi.runtime.internal.schema.ReadModel;
import dev.kintsugi.runtime.internal.schema.ReadModels;
import dev.kintsugi.runtime.internal.schema.Schema;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.internal.state.Subscriptions;
import dev.kintsugi.runtime.internal.verify.Verifier;
import dev.kintsugi.runtime.internal.writer.Appender;
import dev.kintsugi.runtime.internal.writer.InlineWriter;
import dev.kintsugi.runtime.internal.writer.JdbcEventWriter;
import dev.kintsugi.runtime.internal.writer.KnownFailures;
import dev.kintsugi.runtime.internal.writer.WrittenAppend;
import dev.kintsugi.runtime.operations.PauseAnswer;
import dev.kintsugi.runtime.operations.RebuildAnswer;
import dev.kintsugi.runtime.persistence.EventWriter;
import dev.kintsugi.runtime.skip.OpenSkip;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Rebuild;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.persistence.PersistentRepr;

/**
 * A database with the schema, a writer, drains and rebuilds, with no actor to decide when: a test
 * decides that. Everything in it is the production code.
 */
public final class World implements AutoCloseable {

  /** Serializers only; nothing runs in it. */
  private static final ActorSystem SERIALIZERS =
      ActorSystem.create(
          "serializers",
          ConfigFactory.parseString("pekko.jvm-shutdown-hooks = off")
              .withFallback(ConfigFactory.load()));

  public static final RebuildSettings SMALL_STEPS = steps(2);

  /** As many as its pool has. */
  public static final int CONNECTIONS = 12;

  private static final int HELP_LIMIT = 4;
  private static final DrainSettings SMALL_DRAINS = new DrainSettings(3, Duration.ofSeconds(1));

  /** A database with all tables, of which each world begins with a copy. */
  private static final String TEMPLATE = install();

  private final String url = TestServer.createDatabaseLike(TEMPLATE);
  private final Database database;
  private final EventJournal journal;
  private final EventCodec codec = new EventCodec(SERIALIZERS, "kintsugi.journal");
  private final Map<String, ReadModel> readModels = new HashMap<>();
  private ProjectionRegistry registry = new ProjectionRegistry();
  private InlineWriter writer;
  private Appender appender;
  private final List<FinalProof> proofs = new ArrayList<>();

  /** A rebuild in batches of so many events; what is gathered is written after each of them. */
  public static RebuildSettings steps(int batchSize) {
    return new RebuildSettings(
        batchSize,
        Duration.ofSeconds(1),
        Duration.ofMillis(1),
        Duration.ofSeconds(5),
        1 << 20,
        Duration.ZERO,
        0,
        OnRaisedVersion.AUTOMATIC,
        Duration.ofMinutes(1),
        Duration.ofHours(1));
  }

  private static String install() {
    String template = TestServer.createDatabase();
    try (Database database =
        Database.open(new JdbcSettings(template, "", "", 2, Duration.ofSeconds(10)))) {
      new Schema(database, JournalTables.of(ConfigFactory.load().getConfig("jdbc-journal")))
          .ensure(true);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    if (System.getenv("KINTSUGI_JDBC_URL") != null) { // an embedded server ends with its databases
      Runtime.getRuntime().addShutdownHook(new Thread(() -> TestServer.dropDatabase(template)));
    }
    return template;
  }

  public World() {
    this(Duration.ZERO);
  }

  /** One whose transactions may not stand still for longer than this, unless that is zero. */
  public World(Duration idleInTransactionTimeout) {
    database =
        Database.open(
            new JdbcSettings(
                url, "", "", CONNECTIONS, Duration.ofSeconds(10), idleInTransactionTimeout));
    JournalTables tables = JournalTables.of(ConfigFactory.load().getConfig("jdbc-journal"));
    try {
      journal = new EventJournal(tables, new Schema(database, tables).ensure(true));
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    writer = new InlineWriter(journal, codec, registry, HELP_LIMIT);
    appender = new Appender(database, writer);
  }

  public Database database() {
    return database;
  }

  public String url() {
    return url;
  }

  public EventJournal journal() {
    return journal;
  }

  public InlineWriter writer() {
    return writer;
  }

  /** A writer for plain JDBC code, of the build that has the handlers. */
  public EventWriter eventWriter() {
    return new JdbcEventWriter(journal, codec, writer, () -> {});
  }

  /** Registers projections and builds their first generations to the end. */
  public void start(TestProjection... projections) throws Exception {
    register(projections);
    for (TestProjection projection : projections) {
      runToTheEnd(projection);
    }
  }

  /** Registers projections: their first generations are rebuilding. */
  public void register(TestProjection... projections) throws Exception {
    for (TestProjection test : projections) {
      Projection<String> projection = test.definition();
      ReadModel probed;
      try (Connection connection = database.connection()) {
        probed = ReadModels.probe(connection, projection);
      }
      ReadModel readModel =
          database.inTransaction(
              connection ->
                  ReadModels.create(connection, probed, Generations.find(connection, test.name())));
      registry.register(List.of(readModel.projection()));
      readModels.put(test.name(), readModel);
      database.inTransaction(
          connection -> {
            Subscriptions.note(
                connection, test.name(), projection.version(), projection.subscription());
            return RebuildRequest.of(projection, "test", "first").registerFirst(connection);
          });
    }
  }

  /**
   * Starts a build of the application that has a higher version of a projection, and nothing else:
   * the next generation is rebuilding.
   */
  public void raise(TestProjection raised) throws Exception {
    Projection<String> projection = raised.definition();
    haveHandlersOf(raised);
    database.inTransaction(
        connection -> {
          ReadModels.lock(connection);
          ReadModels.create(
              connection, readModelOf(raised), Generations.find(connection, raised.name()));
          Subscriptions.note(
              connection, raised.name(), projection.version(), projection.subscription());
          return RebuildRequest.of(projection, "test", "raised")
              .beginIfRaised(connection)
              .orElseThrow();
        });
  }

  /**
   * Starts a build of the application that has a higher version of a projection and the one that it
   * replaces: the next generation is built beside.
   */
  public void raise(TestProjection raised, TestProjection replaced) throws Exception {
    Projection<String> projection = raised.definition();
    ReadModel probed;
    try (Connection connection = database.connection()) {
      probed = ReadModels.probe(connection, projection);
    }
    ReadModel older = readModelOf(replaced);
    registry = new ProjectionRegistry();
    ReadModel readModel =
        database.inTransaction(
            connection -> {
              ReadModels.lock(connection);
              Subscriptions.note(
                  connection, raised.name(), projection.version(), projection.subscription());
              return ReadModels.create(
                  connection, probed, Generations.find(connection, raised.name()));
            });
    registry.register(List.of(readModel.projection()));
    registry.registerReplaced(older.projection());
    readModels.put(raised.name(), readModel);
    rewire();
    database.inTransaction(
        connection ->
            RebuildRequest.of(projection, "test", "raised")
                .beginIfRaised(connection)
                .orElseThrow());
  }

  /** As a build of the application that has none of the handlers. */
  public void forgetHandlers() {
    registry = new ProjectionRegistry();
    rewire();
  }

  /** As a build of the application that has these, and nothing else. */
  public void haveHandlersOf(TestProjection... projections) {
    registry = new ProjectionRegistry();
    for (TestProjection projection : projections) {
      Projection<String> definition = projection.definition();
      registry.register(List.of(definition));
      readModels.put(projection.name(), new ReadModel(definition, List.of(projection.table())));
    }
    rewire();
  }

  private void rewire() {
    appender.close();
    writer = new InlineWriter(journal, codec, registry, HELP_LIMIT);
    appender = new Appender(database, writer);
  }

  // Writers

  /** An event, its text naming it unless given. */
  public NewEvent event(String persistenceId, long sequenceNumber) {
    return event(persistenceId, sequenceNumber, persistenceId + "/" + sequenceNumber);
  }

  public NewEvent event(String persistenceId, long sequenceNumber, Object payload) {
    return codec.encode(
        PersistentRepr.apply(
            payload, sequenceNumber, persistenceId, "", false, ActorRef.noSender(), "writer"),
        1_700_000_000_000L);
  }

  /** Appends in a transaction of its own. */
  public WrittenAppend append(NewEvent... events) throws Exception {
    return appender.append(List.of(events));
  }

  /** A writer of plain JDBC code whose transaction a test holds open. */
  public HeldWriter holdWriter() throws SQLException {
    return new HeldWriter(database.connection());
  }

  public final class HeldWriter implements AutoCloseable {
    private final Connection connection;
    private final Applier applier = new Applier();

    private HeldWriter(Connection connection) {
      this.connection = connection;
    }

    public Connection connection() {
      return connection;
    }

    public WrittenAppend write(NewEvent... events) throws Exception {
      Savepoint before = connection.getAutoCommit() ? null : connection.setSavepoint();
      KnownFailures failures = new KnownFailures();
      while (true) {
        try {
          return writer.write(connection, applier, List.of(events), List.of(), failures);
        } catch (HandlerException e) {
          connection.rollback(before);
          applier.forget();
          failures.add(e);
        }
      }
    }

    public void commit() throws SQLException {
      connection.commit();
    }

    public void rollback() throws SQLException {
      connection.rollback();
    }

    @Override
    public void close() throws SQLException {
      applier.close();
      connection.close();
    }
  }

  // Rebuilds and drains

  public RebuildRequest.Answer requestRebuild(TestProjection projection) throws Exception {
    return database.inTransaction(
        RebuildRequest.of(projection.definition(), "test", "because")::begin);
  }

  /** Begins to have a projection follow, or be inline, as its definition says by now. */
  public Optional<Integer> changeMode(TestProjection projection) throws Exception {
    return database.inTransaction(
        connection -> ModeChange.begin(connection, projection.definition()));
  }

  /** Stops the rebuild that is under way, as people do. */
  public RebuildAnswer stopRebuild(TestProjection projection) throws Exception {
    return database.inTransaction(
        connection ->
            RebuildOperations.stop(
                connection, projection.name(), new ChangeRequest("ann", "a test")));
  }

  /** An owner of the rebuild of the projection's newest generation. */
  public RebuildSteps owner(TestProjection projection) throws Exception {
    return owner(projection, SMALL_STEPS);
  }

  public RebuildSteps owner(TestProjection projection, RebuildSettings settings) throws Exception {
    return owner(projection, settings, database);
  }

  /** An owner on connections of its own, which may fail it. */
  public RebuildSteps owner(
      TestProjection projection, RebuildSettings settings, Database connections) throws Exception {
    return owner(projection, settings, connections, Runnable::run);
  }

  /** An owner that reads the journal ahead on threads of its own. */
  public RebuildSteps owner(
      TestProjection projection, RebuildSettings settings, Database connections, Executor readers)
      throws Exception {
    return owner(projection, settings, connections, readers, this::proof);
  }

  /** An owner that has the journal's end proven final as a test likes. */
  public RebuildSteps owner(
      TestProjection projection,
      RebuildSettings settings,
      Database connections,
      Executor readers,
      Supplier<CompletionStage<Long>> proofs)
      throws Exception {
    return owner(projection, generation(projection), settings, connections, readers, proofs);
  }

  /** An owner of the build of any generation. */
  public RebuildSteps owner(
      TestProjection projection, Generation generation, RebuildSettings settings) {
    return owner(projection, generation, settings, database);
  }

  /** The same, on connections of its own. */
  public RebuildSteps owner(
      TestProjection projection,
      Generation generation,
      RebuildSettings settings,
      Database connections) {
    return owner(projection, generation, settings, connections, Runnable::run, this::proof);
  }

  private RebuildSteps owner(
      TestProjection projection,
      Generation generation,
      RebuildSettings settings,
      Database connections,
      Executor readers,
      Supplier<CompletionStage<Long>> proofs) {
    return new RebuildSteps(
        connections,
        journal,
        codec,
        drains(projection, generation.generation(), connections),
        settings,
        readers,
        proofs,
        readModelOf(projection),
        target(generation));
  }

  /** Makes the place of a generation, with its tables, as a build beside does. */
  public void makePlace(TestProjection projection, String place) throws Exception {
    execute("CREATE SCHEMA " + place);
    database.inTransaction(
        connection -> {
          Places.fill(connection, readModelOf(projection), place);
          return place;
        });
  }

  /** What this build applies events to a generation with. */
  public HandlerTarget target(Generation generation) {
    return registry.target(generation).orElseThrow();
  }

  /**
   * Proves by who writes to this journal now. Other tests use the same server, and none of their
   * transactions holds it up.
   */
  private CompletionStage<Long> proof() {
    FinalProof proof = new FinalProof();
    proofs.add(proof);
    proof.look();
    return proof.proven;
  }

  /** Looks again whether what is to be proven final is; a test has ended what it waited for. */
  public void lookAtProofs() {
    proofs.forEach(FinalProof::look);
    proofs.removeIf(proof -> proof.proven.isDone());
  }

  /** That the journal is final up to the highest ordering that there was at the beginning. */
  private final class FinalProof {
    private final CompletableFuture<Long> proven = new CompletableFuture<>();
    private final long highest;
    private FinalOrdering known = FinalOrdering.NONE;

    FinalProof() {
      try {
        highest =
            Long.parseLong(column("SELECT COALESCE(max(ordering), 0) FROM event_journal").get(0));
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }

    void look() {
      try (Connection connection = database.connection()) {
        connection.setAutoCommit(false);
        known = known.look(connection, journal.orderings(), 0, highest);
        if (known.ordering() >= highest) {
          proven.complete(highest);
        }
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** Up to where the journal is final, of a test in which no other transaction is open. */
  public long finalOrdering() throws Exception {
    return proof().toCompletableFuture().get(0, TimeUnit.SECONDS);
  }

  /** A follower of the projection's newest generation, in small transactions. */
  public Follower follower(TestProjection projection) throws Exception {
    return follower(projection, database);
  }

  /** The same, on connections of its own. */
  public Follower follower(TestProjection projection, Database connections) throws Exception {
    return follower(projection, connections, false);
  }

  /** One whose commits wait for the disk, or do not. */
  public Follower follower(
      TestProjection projection, Database connections, boolean synchronousCommit) throws Exception {
    return follower(
        projection, generation(projection).generation(), connections, synchronousCommit);
  }

  /** The same, of any generation. */
  public Follower follower(
      TestProjection projection, int generation, Database connections, boolean synchronousCommit)
      throws Exception {
    return new Follower(
        connections,
        journal,
        database
            .inTransaction(
                connection -> Generations.find(connection, projection.name(), generation))
            .map(this::target)
            .orElse(new HandlerTarget(readModelOf(projection).projection(), generation)),
        new FollowSettings(3, Duration.ofSeconds(1), 1 << 20, synchronousCommit));
  }

  public JournalReader journalReader() {
    return new JournalReader(journal, codec);
  }

  /** The journal's page behind a position. */
  public JournalPage page(long after, long upTo, int size) throws Exception {
    JournalReader reader = journalReader();
    return database.inTransaction(connection -> reader.read(connection, after, upTo, size, true));
  }

  /** Has a projection follow up to where the journal is final. */
  public FollowStep follow(TestProjection projection) throws Exception {
    return follow(projection, follower(projection));
  }

  public FollowStep follow(TestProjection projection, Follower follower) throws Exception {
    long upTo = finalOrdering();
    try (Applier applier = new Applier()) {
      FollowStep step = follower.open();
      while (step instanceof FollowStep.Moved && follower.position() < upTo) {
        step = follower.take(applier, page(follower.position(), upTo, 5));
      }
      return step instanceof FollowStep.Moved ? follower.store() : step;
    }
  }

  private ReadModel readModelOf(TestProjection projection) {
    return Optional.ofNullable(readModels.get(projection.name())).orElseThrow();
  }

  /** A drain of a generation, from its oldest record on. */
  public Drain drains(TestProjection projection, int generation) {
    return drains(projection, generation, database);
  }

  /** The same, in batches as the settings say. */
  public Drain drains(TestProjection projection, int generation, DrainSettings settings) {
    return drains(projection, generation, database, settings);
  }

  /** The same, on connections of its own. */
  public Drain drains(TestProjection projection, int generation, Database connections) {
    return drains(projection, generation, connections, SMALL_DRAINS);
  }

  private Drain drains(
      TestProjection projection, int generation, Database connections, DrainSettings settings) {
    return new Drain(
        connections,
        journal,
        codec,
        registry,
        records -> {},
        settings,
        projection.name(),
        generation);
  }

  /** Holds read models against the journal. */
  public Verifier verifier() {
    return verifier(database);
  }

  /** The same, on connections of its own. */
  public Verifier verifier(Database connections) {
    return new Verifier(
        connections,
        journal,
        codec,
        registry,
        name -> Optional.ofNullable(readModels.get(name)).map(ReadModel::tables).orElse(List.of()));
  }

  /** What people do about a projection's skip records. */
  public SkipDesk operations(TestProjection projection) {
    return operations(projection, database);
  }

  /** The same, on connections of its own. */
  public SkipDesk operations(TestProjection projection, Database connections) {
    return new SkipDesk(connections, journal, codec, projection.name());
  }

  /** The open records of a projection, as people see them. */
  public List<OpenSkip> openSkips(TestProjection projection) throws Exception {
    return operations(projection).page(SkipFilter.any(), 0, 1000).records();
  }

  /** Pauses or resumes, as people do. */
  public PauseAnswer setPaused(TestProjection projection, boolean paused, ChangeRequest request)
      throws Exception {
    return database.inTransaction(
        connection ->
            paused
                ? Pausing.pause(connection, projection.name(), request)
                : Pausing.resume(connection, projection.name(), request));
  }

  public void setPaused(TestProjection projection, boolean paused) throws Exception {
    database.inTransaction(
        connection -> Generations.setPaused(connection, projection.name(), paused));
  }

  /** Drains a batch of the newest generation, as recovery does. */
  public Drain.Batch drain(TestProjection projection) throws Exception {
    return drain(projection, SMALL_DRAINS);
  }

  public Drain.Batch drain(TestProjection projection, DrainSettings settings) throws Exception {
    try (Applier applier = new Applier()) {
      return drains(projection, generation(projection).generation(), database, settings)
          .next(applier);
    }
  }

  /** Drains until a batch finds nothing to do. */
  public void drainAll(TestProjection projection) throws Exception {
    Drain drain = drains(projection, generation(projection).generation());
    try (Applier applier = new Applier()) {
      Drain.Batch batch;
      do {
        batch = drain.next(applier);
      } while (batch.isFull() || batch.archived() + batch.failed() > 0);
    }
  }

  /** Does steps until one is not simply done, and returns it. */
  public RebuildStep stepUntilNotDone(RebuildSteps owner) throws Exception {
    lookAtProofs();
    try (Applier applier = new Applier()) {
      RebuildStep step;
      do {
        step = owner.next(applier);
      } while (step instanceof RebuildStep.Done);
      return step;
    }
  }

  public RebuildStep step(RebuildSteps owner) throws Exception {
    try (Applier applier = new Applier()) {
      return owner.next(applier);
    }
  }

  /** Carries a rebuild to its proven end, with recovery beside it; nothing else may run. */
  public void runToTheEnd(TestProjection projection) throws Exception {
    runToTheEnd(projection, SMALL_STEPS);
  }

  /** The same, in steps as the settings say. */
  public void runToTheEnd(TestProjection projection, RebuildSettings settings) throws Exception {
    RebuildSteps owner = owner(projection, settings);
    List<RebuildStep> steps = new ArrayList<>();
    while (true) {
      RebuildStep step = stepUntilNotDone(owner);
      steps.add(step);
      if (step instanceof RebuildStep.Proven || step instanceof RebuildStep.TakenOver) {
        return;
      }
      if (steps.size() > 1000
          || !(step instanceof RebuildStep.Activated
              || step instanceof RebuildStep.Follows
              || step instanceof RebuildStep.Waiting)) {
        throw new AssertionError(
            "the rebuild does not end: "
                + steps.subList(0, Math.min(steps.size(), 5))
                + " … "
                + step);
      }
      drainAll(projection);
    }
  }

  // What is so

  public Generation generation(TestProjection projection) throws Exception {
    return database
        .inTransaction(connection -> Generations.find(connection, projection.name()))
        .orElseThrow();
  }

  /** All of a projection, the newest last. */
  public List<Generation> generations(TestProjection projection) throws Exception {
    return database.inTransaction(connection -> Generations.of(connection, projection.name()));
  }

  public Rebuild rebuild(TestProjection projection) throws Exception {
    Generation generation = generation(projection);
    Optional<Rebuild> found =
        database.inTransaction(
            connection -> Rebuilds.find(connection, projection.name(), generation.generation()));
    return found.orElseThrow();
  }

  /** What the read model holds, in the order in which it was applied: "stream/sequence". */
  public List<String> applied(TestProjection projection) throws Exception {
    return column(
        "SELECT persistence_id || '/' || sequence_number FROM "
            + projection.fromItem()
            + " AS l ORDER BY n");
  }

  /** The open records of the newest generation, in ordering: "stream/sequence REASON". */
  public List<String> open(TestProjection projection) throws Exception {
    return column(
        """
        SELECT persistence_id || '/' || sequence_number || ' ' || reason FROM kintsugi_skip
        WHERE projection = '%s' AND generation = %d ORDER BY ordering
        """
            .formatted(projection.name(), generation(projection).generation()));
  }

  /** The archive of a projection, in ordering: "stream/sequence outcome". */
  public List<String> archived(TestProjection projection) throws Exception {
    return column(
        """
        SELECT persistence_id || '/' || sequence_number || ' ' || outcome FROM kintsugi_skip_archive
        WHERE projection = '%s' ORDER BY generation, ordering
        """
            .formatted(projection.name()));
  }

  public List<String> column(String sql) throws Exception {
    return database.inTransaction(
        connection -> {
          List<String> values = new ArrayList<>();
          try (Statement statement = connection.createStatement();
              ResultSet row = statement.executeQuery(sql)) {
            while (row.next()) {
              values.add(row.getString(1));
            }
          }
          return values;
        });
  }

  /** Whether a statement on this database waits for a lock that another transaction holds. */
  public boolean someoneWaitsForALock() throws Exception {
    return !column(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                + " AND wait_event_type = 'Lock'")
        .isEmpty();
  }

  /** The transaction ids that those have whose statements wait for a lock; who has none is 0. */
  public List<Long> idsOfThoseThatWaitForALock() throws Exception {
    return column(
            "SELECT coalesce(backend_xid::text, '0') FROM pg_stat_activity"
                + " WHERE datname = current_database() AND wait_event_type = 'Lock'")
        .stream()
        .map(Long::valueOf)
        .toList();
  }

  public int execute(String sql) throws Exception {
    return database.inTransaction(
        connection -> {
          try (Statement statement = connection.createStatement()) {
            return statement.executeUpdate(sql);
          }
        });
  }

  /** Asserts the invariants of DESIGN 10. */
  public void audit(TestProjection... projections) throws Exception {
    for (TestProjection projection : projections) {
      for (Generation generation : generations(projection)) {
        List<String> violations =
            database.inTransaction(
                connection -> Auditor.violations(connection, projection, generation));
        assertThat(violations).as("violations in %s", generation).isEmpty();
      }
    }
  }

  /**
   * Asserts the invariants, and that nothing is left open: the read model is the fold of the
   * journal.
   */
  public void auditWhole(TestProjection... projections) throws Exception {
    audit(projections);
    for (TestProjection projection : projections) {
      assertThat(open(projection)).as("open records of %s", projection.name()).isEmpty();
      assertThat(
              column(
                  "SELECT persistence_id || '/' || sequence_number || ' ' || payload FROM "
                      + projection.fromItem()
                      + " AS l"))
          .hasSameSizeAs(column("SELECT ordering FROM event_journal WHERE NOT deleted"));
    }
  }

  @Override
  public void close() {
    appender.close();
    database.close();
    TestServer.dropDatabase(url);
  }
}
