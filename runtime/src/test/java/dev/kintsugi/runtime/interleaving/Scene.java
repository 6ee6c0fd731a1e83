package dev.kintsugi.runtime.interleaving;

import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.testing.Auditor;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.postgresql.PGConnection;
import org.postgresql.PGProperty;

/**
 * A database in which the same short story is told again and again, each time in another order of
 * its steps: before each run its rows are as they were at the beginning.
 */
final class Scene implements AutoCloseable {

  /** Dead rows of so many runs slow the next ones down. */
  private static final int RUNS_BETWEEN_VACUUMS = 500;

  /** All streams of the stories. */
  private static final Set<String> STREAMS = Set.of("a", "b", "c");

  /**
   * Tables of which a writer touches the rows of its own stream. (Of the numbers that the log and
   * the journal draw only those of one stream are compared: where one with a lower number may
   * commit later than one with a higher one, that has the {@link Stories} begin with.)
   */
  static final Set<String> BY_STREAM = Set.of("kintsugi_skip", "log_log", "event_journal");

  /** The same, where the journal's numbers are compared whatever their streams. */
  static final Set<String> BY_STREAM_BUT_NUMBERED = Set.of("kintsugi_skip", "log_log");

  private final World world = new World();
  private final TestProjection log;
  private final Rewriting rewriting;
  private final Set<String> byStream;
  private final Connection control;

  /** Asks who waits for a lock, while a session may be looking at something by {@link #control}. */
  private final Connection watch;

  private final Scenery scenery;
  private final Sql sql;
  private final List<Connection> connections = new ArrayList<>();
  private final List<Integer> pids = new ArrayList<>();
  private int runs;

  private static final String UNFINISHED =
      "SELECT EXISTS (SELECT FROM kintsugi_skip WHERE projection = '%s' AND generation = %d AND parked_at IS NULL)";

  private static final String OF_REBUILDING =
      """
      SELECT persistence_id || '/' || sequence_number FROM (
        SELECT projection, generation, reason, persistence_id, sequence_number FROM kintsugi_skip
        UNION SELECT projection, generation, reason, persistence_id, sequence_number
        FROM kintsugi_skip_archive) r
      WHERE projection = '%s' AND generation = %d AND reason = 'REBUILDING'
      """;

  private static final String ORPHANED =
      """
      SELECT EXISTS (SELECT FROM kintsugi_skip s WHERE NOT EXISTS (
          SELECT FROM kintsugi_projection p
          WHERE p.projection = s.projection AND p.generation = s.generation)
        AND NOT EXISTS (SELECT FROM kintsugi_retirement WHERE ended_at IS NULL))
      """;

  /** Records of each generation when it was said to be proven. */
  private final Map<Integer, List<String>> provenWith = new HashMap<>();

  /** What a run of the sessions found wrong. */
  private final List<String> violations = new ArrayList<>();

  /** A beginning: what is in the database before the sessions start. */
  interface Beginning {
    void in(World world, TestProjection log) throws Exception;
  }

  Scene(TestProjection log, Beginning beginning, Rewriting rewriting) throws Exception {
    this(log, beginning, rewriting, BY_STREAM);
  }

  /**
   * A scene, and what is in its database.
   *
   * @param byStream tables of which a writer touches the rows of its own stream
   */
  Scene(TestProjection log, Beginning beginning, Rewriting rewriting, Set<String> byStream)
      throws Exception {
    this.log = log;
    this.rewriting = rewriting;
    this.byStream = byStream;
    world.start(log);
    turnOff("synchronous_commit");
    turnOff("jit"); // compiling takes longer than the few rows
    world.execute("CREATE TABLE nowhere (LIKE kintsugi_skip INCLUDING DEFAULTS)");
    beginning.in(world, log);
    this.control = DriverManager.getConnection(world.url());
    this.watch = DriverManager.getConnection(world.url());
    this.scenery = new Scenery(world, log);
    this.sql =
        new Sql(scenery.tables(), scenery.numbered(), scenery.placed(), rewriting.comparesIds());
  }

  /** Turns something off for all sessions. */
  private void turnOff(String parameter) throws Exception {
    String database = world.column("SELECT current_database()").get(0);
    world.execute("ALTER DATABASE " + database + " SET " + parameter + " = off");
  }

  World world() {
    return world;
  }

  TestProjection log() {
    return log;
  }

  /** Tables of which a writer touches the rows of its own stream. */
  Set<String> byStream() {
    return byStream;
  }

  /** Runs programs, by their names, as somebody chooses. */
  Explorer.Result run(Map<String, Program> programs, Run.Chooser chooser) throws Exception {
    restore();
    Turns turns = new Turns();
    List<Session> sessions = new ArrayList<>();
    for (String name : programs.keySet()) {
      int pid = connected(sessions.size(), name);
      sessions.add(new Session(name, pid, turns, access -> access.ofStreams(byStream, STREAMS)));
    }
    Run run = new Run(sessions, turns, this::isBlocked);
    List<Thread> threads = new ArrayList<>();
    for (Program program : programs.values()) {
      int index = threads.size();
      Session session = sessions.get(index);
      Connection connection = connections.get(index);
      Thread thread =
          new Thread(() -> session.run(program, connection, sql, rewriting), session.name());
      threads.add(thread);
      turns.give(session);
      thread.start();
      run.awaitTurn();
    }
    Run.Outcome outcome = run.run(chooser);
    for (Thread thread : threads) {
      thread.join();
    }
    List<String> failures = new ArrayList<>(outcome.failures());
    if (outcome.complete()) {
      failures.addAll(violations);
      failures.addAll(atTheEnd());
    }
    return new Explorer.Result(run.events(), new Run.Outcome(outcome.complete(), failures));
  }

  private void restore() throws Exception {
    violations.clear();
    provenWith.clear();
    scenery.restore(control);
    try (Statement statement = control.createStatement()) {
      if (++runs % RUNS_BETWEEN_VACUUMS == 0) {
        statement.execute("VACUUM");
      }
    }
  }

  /** Connects a session, whose name the server knows; it is the same in all runs. */
  private int connected(int slot, String name) throws SQLException {
    if (connections.size() == slot) {
      Properties properties = new Properties();
      PGProperty.APPLICATION_NAME.set(properties, name);
      Connection connection = DriverManager.getConnection(world.url(), properties);
      connections.add(connection);
      pids.add(connection.unwrap(PGConnection.class).getBackendPID());
      connection.setAutoCommit(false);
    }
    return pids.get(slot);
  }

  private boolean isBlocked(int pid) throws SQLException {
    try (PreparedStatement blockers =
        watch.prepareStatement("SELECT cardinality(pg_blocking_pids(?)) > 0")) {
      blockers.setInt(1, pid);
      return isSo(blockers);
    }
  }

  // What programs may look at without being seen

  /** Whether something is so, by what is committed. */
  boolean isSo(String question) throws SQLException {
    try (PreparedStatement statement = control.prepareStatement(question)) {
      return isSo(statement);
    }
  }

  private static boolean isSo(PreparedStatement question) throws SQLException {
    try (ResultSet row = question.executeQuery()) {
      return row.next() && row.getBoolean(1);
    }
  }

  /** Asks production code, whose statements are rewritten as those of the sessions are. */
  <T> T ask(Database.Work<T> question) throws Exception {
    control.setAutoCommit(false);
    try {
      return new Database(SteppedConnection.pool(control, sql, rewriting, (what, access) -> {}))
          .inTransaction(question);
    } finally {
      control.rollback();
      control.setAutoCommit(true);
    }
  }

  boolean fencesByIdsAlone() {
    return rewriting.fencesByIdsAlone();
  }

  /** Ends a transaction that was left prepared, if there is one: as the run is over. */
  void endPrepared(String gid) throws SQLException {
    if (isSo("SELECT EXISTS (SELECT 1 FROM pg_prepared_xacts WHERE gid = '" + gid + "')")) {
      try (Statement statement = control.createStatement()) {
        statement.execute("ROLLBACK PREPARED '" + gid + "'");
      }
    }
  }

  /** Looks at the invariants now; what is wrong fails the run. */
  void audit(String when) throws SQLException {
    violations.addAll(wrong(when));
  }

  /** Notes something that is wrong, which fails the run. */
  void violated(String what) {
    violations.add(what);
  }

  /** A generation is said to be proven: no writer records for it any more as it was rebuilding. */
  void proven(int generation) throws SQLException {
    provenWith.put(generation, recordsOfRebuilding(generation));
    if (isSo(UNFINISHED.formatted(log.name(), generation))) {
      violations.add("generation " + generation + " is said to be proven, and has open records");
    }
  }

  private List<String> recordsOfRebuilding(int generation) throws SQLException {
    List<String> records = new ArrayList<>();
    try (PreparedStatement select =
            control.prepareStatement(OF_REBUILDING.formatted(log.name(), generation));
        ResultSet row = select.executeQuery()) {
      while (row.next()) {
        records.add(row.getString(1));
      }
    }
    return records;
  }

  private List<String> atTheEnd() throws SQLException {
    List<String> wrong = wrong("at the end");
    for (Map.Entry<Integer, List<String>> proven : provenWith.entrySet()) {
      for (String record : recordsOfRebuilding(proven.getKey())) {
        if (!proven.getValue().contains(record)) {
          wrong.add(record + ": recorded as rebuilding after the proof");
        }
      }
    }
    if (isSo(ORPHANED)) {
      wrong.add("at the end: an open record of a generation that is no more");
    }
    return wrong;
  }

  private List<String> wrong(String when) throws SQLException {
    List<String> wrong = new ArrayList<>();
    for (String violation : Auditor.violations(control, log)) {
      wrong.add(when + ": " + violation);
    }
    if (!scenery.placed().isEmpty()) {
      for (Generation generation : Generations.of(control, log.name())) {
        for (String violation : Auditor.violations(control, log, generation)) {
          wrong.add("%s, generation %d: %s".formatted(when, generation.generation(), violation));
        }
      }
    }
    return wrong;
  }

  @Override
  public void close() throws SQLException {
    for (Connection connection : connections) {
      connection.close();
    }
    control.close();
    watch.close();
    world.close();
  }
}
