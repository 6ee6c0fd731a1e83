package dev.kintsugi.runtime.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.RebuildPolicy;
import dev.kintsugi.runtime.internal.compare.Comparisons;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.operations.ChangeRequest;
import dev.kintsugi.runtime.internal.operations.RebuildOperations;
import dev.kintsugi.runtime.internal.operations.RebuildRequest;
import dev.kintsugi.runtime.internal.rebuild.RebuildStep;
import dev.kintsugi.runtime.internal.retirement.RetirementSteps;
import dev.kintsugi.runtime.internal.state.BesideRebuilds;
import dev.kintsugi.runtime.operations.RebuildAnswer;
import dev.kintsugi.runtime.status.Comparison;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.status.RowChange;
import dev.kintsugi.runtime.status.Status;
import dev.kintsugi.runtime.status.TableChange;
import dev.kintsugi.runtime.testing.BesideRun;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestProjection.Kind;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A build beside the generation that serves (DESIGN 7). */
class BesideTest {

  private static final ChangeRequest ANN = new ChangeRequest("ann", "a test");

  private final World world = new World();

  @AfterEach
  void close() {
    world.close();
  }

  private TestProjection built(TestProjection projection) throws Exception {
    projection.rebuilt(RebuildPolicy.beside());
    world.start(projection);
    world.runToTheEnd(projection);
    world.append(world.event("a", 1), world.event("a", 2), world.event("b", 1));
    return projection;
  }

  private BesideRun begun(TestProjection projection) throws Exception {
    assertThat(world.requestRebuild(projection)).isInstanceOf(RebuildRequest.Accepted.class);
    return new BesideRun(world, projection);
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void a_new_generation_is_built_swapped_and_swapped_back(Kind kind) throws Exception {
    TestProjection log = built(new TestProjection("log").kind(kind));
    try (BesideRun run = begun(log)) {
      world.append(world.event("a", 3));
      run.until(Phase.FOLLOW);
      world.append(world.event("b", 2));
      run.until(Phase.CATCH_UP);
      world.append(world.event("a", 4), world.event("c", 1));
      run.until(Phase.DRAIN);
      world.append(world.event("c", 2));
      run.until(Phase.SETTLE);
      world.append(world.event("c", 3));
      run.until(Phase.SWAP);
      assertThat(world.generation(log).generation()).isEqualTo(1);
      world.append(world.event("d", 1));
      world.audit(log);
      run.toTheEnd();

      assertThat(world.generation(log))
          .isEqualTo(
              new Generation("log", 2, Status.ACTIVE, false, 1, null, true, "kintsugi_log_2"));
      world.append(world.event("a", 5));
      world.auditWhole(log);
      assertThat(world.column("SELECT place FROM kintsugi_projection ORDER BY generation"))
          .containsExactly("kintsugi_log_1", "kintsugi_log_2");
    }

    Generation first = world.generations(log).get(0);
    try (BesideRun back = new BesideRun(world, log, first)) {
      assertThat(
              world
                  .database()
                  .<RebuildAnswer>inTransaction(
                      connection -> RebuildOperations.undo(connection, "log", ANN)))
          .isEqualTo(new RebuildAnswer.SwapsBack("log", 1));
      world.append(world.event("a", 6));
      back.toTheEnd();
    }
    assertThat(world.generation(log).generation()).isEqualTo(1);
    world.append(world.event("a", 7));
    world.auditWhole(log);
  }

  @Test
  void what_is_stopped_leaves_nothing_and_what_serves_as_it_was() throws Exception {
    TestProjection log = built(new TestProjection("log"));
    try (BesideRun run = begun(log)) {
      run.until(Phase.DRAIN);
      world.append(world.event("a", 3));
      RebuildAnswer answer =
          world.database().inTransaction(c -> RebuildOperations.stop(c, "log", ANN));
      assertThat(answer).isEqualTo(new RebuildAnswer.Discarded("log", 2, Phase.DRAIN));
      assertThat(run.step()).isInstanceOf(RebuildStep.NotOurs.class);
    }
    retireAll();
    assertThat(schemas()).isEmpty();
    assertThat(world.generations(log)).hasSize(1);
    assertThat(world.column("SELECT outcome FROM kintsugi_skip_archive"))
        .containsOnly("superseded");
    world.auditWhole(log);
  }

  /** Version 2 of a log: keeps the length of what happened, too. */
  private static TestProjection raised() {
    return keyed(2, "size INTEGER NOT NULL", ", size", ", length(?)");
  }

  /** Version 1 of it. */
  private static TestProjection keyed() {
    return keyed(1, "CHECK (n > 0)", "", "");
  }

  private static TestProjection keyed(int version, String more, String column, String value) {
    String script =
        """
        CREATE TABLE log_log (
          persistence_id TEXT NOT NULL, sequence_number BIGINT NOT NULL,
          payload TEXT NOT NULL, n BIGSERIAL, %s,
          PRIMARY KEY (persistence_id, sequence_number));
        """
            .formatted(more);
    String insert =
        "INSERT INTO log_log (persistence_id, sequence_number, payload%s) VALUES (?, ?, ?%s)"
            .formatted(column, value);
    return new TestProjection("log")
        .rebuilt(RebuildPolicy.beside())
        .version(version)
        .handledBy(script, () -> new Inserting(insert));
  }

  private static void insert(JdbcSession session, EventEnvelope<String> envelope, String sql) {
    boolean isRaised = sql.contains("size");
    if (isRaised && FAILING.contains(envelope.event())) {
      throw new IllegalStateException("version 2 fails on it");
    }
    try {
      session.withConnection(
          connection -> {
            try (PreparedStatement insert = connection.prepareStatement(sql)) {
              insert.setString(1, envelope.persistenceId());
              insert.setLong(2, envelope.sequenceNr());
              insert.setString(3, envelope.event());
              if (isRaised) {
                insert.setString(4, envelope.event());
              }
              return insert.executeUpdate();
            }
          });
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static final Set<Object> FAILING = ConcurrentHashMap.newKeySet();

  @Test
  void a_raised_version_is_built_beside_and_both_are_current_until_one_is_retired()
      throws Exception {
    TestProjection log = built(new TestProjection("log").version(1));
    TestProjection raised = raised();
    world.raise(raised, log);
    try (BesideRun run = new BesideRun(world, raised)) {
      run.until(Phase.SETTLE);
      world.append(world.event("a", 3));
      assertThat(world.column("SELECT count(*) FROM log_log")).containsExactly("4");
      run.toTheEnd();
    }
    world.append(world.event("a", 4));

    assertThat(world.column("SELECT size::text FROM log_log WHERE sequence_number = 4"))
        .containsExactly("3");
    assertThat(world.column("SELECT count(*) FROM kintsugi_log_1.log_log")).containsExactly("5");
    assertThat(world.column("SELECT table_name || ' ' || version FROM kintsugi_table"))
        .containsExactly("log_log 2");
    world.auditWhole(log);
    answered(c -> RebuildOperations.retireKept(c, "log", ANN));
    retireAll();
    world.append(world.event("a", 5));
    assertThat(world.column("SELECT count(*) FROM log_log")).containsExactly("6");
    assertThat(schemas()).containsExactly("kintsugi_log_2");
    world.auditWhole(log);
  }

  private RebuildAnswer answered(Database.Work<RebuildAnswer> work) throws Exception {
    return world.database().inTransaction(work);
  }

  private List<String> schemas() throws Exception {
    return world.column(
        "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'kintsugi_log%' ORDER BY 1");
  }

  private void retireAll() throws Exception {
    RetirementSteps retirement = new RetirementSteps(world.database());
    for (int i = 0; retirement.run() > 0; i++) {
      assertThat(i).isLessThan(1000);
    }
  }

  @Test
  void one_that_does_not_serve_never_rejects_an_append() throws Exception {
    TestProjection log = built(new TestProjection("log"));
    TestProjection raised = raised();
    world.raise(raised, log);
    try (BesideRun run = new BesideRun(world, raised)) {
      run.until(Phase.COMPARE);
      FAILING.add("poison");
      world.append(world.event("p", 1, "poison"), world.event("p", 2));
      assertThat(world.applied(log)).contains("p/1", "p/2");
      assertThat(world.column("SELECT generation || ' ' || reason FROM kintsugi_skip ORDER BY 1"))
          .containsExactly("2 BEHIND", "2 FAILED");

      run.until(Phase.SWAP);
      RebuildStep step = null;
      for (int i = 0; i < 20; i++) {
        step = run.step();
      }
      assertThat(step).isEqualTo(new RebuildStep.Waiting("recovery of streams p", true));
      assertThat(run.rebuild().blockedBy()).contains("it waits for recovery of streams p");
      assertThat(world.generation(log).generation()).isEqualTo(1);

      FAILING.clear();
      world.execute("UPDATE kintsugi_skip SET next_attempt_at = '-infinity'");
      run.toTheEnd();
    } finally {
      FAILING.clear();
    }
    world.auditWhole(log);
  }

  @Test
  void what_its_follower_could_not_apply_holds_its_stream_back_in_the_replay_of_the_rest()
      throws Exception {
    TestProjection log = built(new TestProjection("log"));
    TestProjection raised = raised();
    world.raise(raised, log);
    try (BesideRun run = new BesideRun(world, raised)) {
      run.until(Phase.FOLLOW);
      FAILING.add("poison");
      world.append(world.event("p", 1, "poison"));
      world.follow(raised, world.follower(raised, 2, world.database(), false));
      assertThat(world.column("SELECT reason FROM kintsugi_skip")).containsExactly("FAILED");
      for (int i = 2; i < 9; i++) {
        world.append(world.event("p", i));
      }
      // Little is left, so it goes on without its follower.
      while (run.rebuild().phase() == Phase.FOLLOW) {
        run.step();
      }
      FAILING.clear();
      run.until(Phase.DRAIN);
      world.audit(log);
      world.execute("UPDATE kintsugi_skip SET next_attempt_at = '-infinity'");
      run.toTheEnd();
    } finally {
      FAILING.clear();
    }
    world.auditWhole(log);
  }

  @Test
  void a_parked_stream_that_the_other_one_has_applied_waits_for_somebody_to_accept_it()
      throws Exception {
    TestProjection log = built(new TestProjection("log"));
    TestProjection raised = raised();
    world.raise(raised, log);
    try (BesideRun run = new BesideRun(world, raised)) {
      run.until(Phase.COMPARE);
      FAILING.add("poison");
      world.append(world.event("p", 1, "poison"));
      world.execute("UPDATE kintsugi_skip SET parked_at = clock_timestamp()");
      run.until(Phase.SWAP);
      assertThat(run.rebuild().heldFor()).contains("parked records", "p");
      assertThat(run.step()).isInstanceOf(RebuildStep.Waiting.class);

      assertThat(answered(c -> RebuildOperations.approve(c, "log", ANN)))
          .isEqualTo(new RebuildAnswer.Approved("log", 2));
      assertThat(answered(c -> RebuildOperations.approve(c, "log", ANN)))
          .isInstanceOf(RebuildAnswer.NoneUnderWay.class)
          .extracting(RebuildAnswer::message)
          .asString()
          .contains("ann has approved it");
      run.toTheEnd();
    } finally {
      FAILING.clear();
    }
    world.audit(log);
  }

  @Test
  void who_has_approved_knew_nothing_of_a_stream_that_is_parked_after_that() throws Exception {
    TestProjection log = built(new TestProjection("log"));
    TestProjection raised = raised();
    raised.rebuilt(RebuildPolicy.beside().whenApproved());
    world.raise(raised, log);
    try (BesideRun run = new BesideRun(world, raised)) {
      run.until(Phase.SWAP);
      answered(c -> RebuildOperations.approve(c, "log", ANN));
      FAILING.add("poison");
      world.append(world.event("p", 1, "poison"));
      world.execute("UPDATE kintsugi_skip SET parked_at = clock_timestamp()");
      for (int i = 0; i < 20; i++) {
        run.step();
      }
      assertThat(run.rebuild().isHeld()).isTrue();
      assertThat(run.rebuild().heldFor()).contains("parked records", "p");
      assertThat(world.generation(log).generation()).isEqualTo(1);

      answered(c -> RebuildOperations.approve(c, "log", ANN));
      run.toTheEnd();
    } finally {
      FAILING.clear();
    }
    world.audit(log);
  }

  @Test
  void a_comparison_says_what_differs_and_the_policy_holds_the_swap_up() throws Exception {
    TestProjection log = built(keyed());
    world.execute("UPDATE log_log SET payload = 'wrong' WHERE persistence_id = 'b'");
    world.execute("DELETE FROM log_log WHERE persistence_id = 'a' AND sequence_number = 2");
    TestProjection raised = raised();
    raised.rebuilt(RebuildPolicy.beside().ifOnly("size", "n"));
    world.raise(raised, log);
    try (BesideRun run = new BesideRun(world, raised)) {
      run.until(Phase.SWAP);
      Comparison comparison =
          Comparisons.read(
              world
                  .database()
                  .inTransaction(c -> BesideRebuilds.comparison(c, "log", 2))
                  .orElseThrow());
      TableChange change = comparison.tables().get(0);
      assertThat(change.table()).isEqualTo("log_log");
      assertThat(change.equal() + change.differing()).isEqualTo(2);
      assertThat(change.onlyNewer()).isEqualTo(1);
      assertThat(change.onlyOlder()).isZero();
      assertThat(change.differingByColumn()).containsEntry("payload", 1L);
      assertThat(change.columnsOnlyNewer()).containsExactly("size");
      assertThat(change.examples()).extracting(RowChange::key).contains("[\"b\", 1]");
      assertThat(run.rebuild().heldFor())
          .contains("1 rows of table log_log are new")
          .contains("column payload differs in 1 rows of table log_log")
          .doesNotContain("size");
      assertThat(run.step()).isInstanceOf(RebuildStep.Waiting.class);
      assertThat(world.generation(log).generation()).isEqualTo(1);
    }
  }

  @Test
  void grants_comments_and_views_of_others_outlive_the_swap_and_its_undo() throws Exception {
    TestProjection log = built(new TestProjection("log"));
    String reader =
        "reader_"
            + world.column("SELECT oid FROM pg_database WHERE datname = current_database()").get(0);
    world.execute("CREATE ROLE " + reader);
    try {
      world.execute("GRANT SELECT, INSERT ON log_log TO " + reader);
      world.execute("GRANT USAGE ON SEQUENCE log_log_n_seq TO " + reader);
      world.execute("COMMENT ON TABLE log_log IS 'what happened'");
      world.execute("COMMENT ON COLUMN log_log.payload IS 'what it was'");
      world.execute("CREATE VIEW recent AS SELECT payload FROM log_log WHERE sequence_number > 1");
      world.execute("CREATE INDEX by_payload ON log_log (payload)");
      TestProjection raised = raised();
      world.raise(raised, log);
      try (BesideRun run = new BesideRun(world, raised)) {
        run.toTheEnd();
      }
      world.append(world.event("a", 3));
      assertSeen(reader);
      assertThat(
              world.column(
                  "SELECT indexname FROM pg_indexes WHERE schemaname = 'kintsugi_log_2' AND indexname = 'by_payload'"))
          .hasSize(1);
      assertThat(
              world.column(
                  """
                  SELECT (has_schema_privilege('%1$s', 'kintsugi_log_2', 'USAGE')
                    AND has_table_privilege('%1$s', 'kintsugi_log_2.log_log', 'INSERT')
                    AND has_sequence_privilege('%1$s', 'kintsugi_log_2.log_log_n_seq', 'USAGE')
                    AND NOT has_table_privilege('%1$s', 'kintsugi_log_2.log_log', 'DELETE'))::text
                  """
                      .formatted(reader)))
          .containsExactly("true");
      Generation first = world.generations(log).get(0);
      answered(c -> RebuildOperations.undo(c, "log", ANN));
      try (BesideRun back = new BesideRun(world, log, first)) {
        back.toTheEnd();
      }
      assertSeen(reader);
      assertThat(world.column("SELECT DISTINCT size FROM log_log")).containsOnlyNulls();
    } finally {
      world.execute("DROP OWNED BY " + reader);
      world.execute("DROP ROLE " + reader);
    }
  }

  private void assertSeen(String reader) throws Exception {
    assertThat(world.column("SELECT has_table_privilege('" + reader + "', 'log_log', 'SELECT')"))
        .containsExactly("t");
    assertThat(world.column("SELECT obj_description('log_log'::regclass, 'pg_class')"))
        .containsExactly("what happened");
    assertThat(
            world.column(
                "SELECT col_description('log_log'::regclass, attnum) FROM pg_attribute WHERE attrelid = 'log_log'::regclass AND attname = 'payload'"))
        .containsExactly("what it was");
    assertThat(world.column("SELECT payload FROM recent ORDER BY 1")).containsExactly("a/2", "a/3");
  }

  @Test
  void what_depends_on_the_tables_themselves_is_named_before_anything_is_changed()
      throws Exception {
    TestProjection log = built(new TestProjection("log"));
    world.execute("CREATE MATERIALIZED VIEW summed AS SELECT count(*) FROM log_log");
    world.execute(
        "ALTER TABLE log_log ADD UNIQUE (n); CREATE TABLE note (n BIGINT REFERENCES log_log (n))");

    RebuildRequest.Answer answer = world.requestRebuild(log);

    assertThat(answer)
        .isInstanceOf(RebuildRequest.Impossible.class)
        .extracting(each -> ((RebuildRequest.Impossible) each).obstacle())
        .asString()
        .contains("materialized view summed", "foreign key note_n_fkey of table note", "in place");
    assertThat(world.generations(log)).hasSize(1);
    assertThat(schemas()).isEmpty();
  }

  @Test
  void a_reader_with_an_older_snapshot_holds_up_the_swap_alone_and_is_named() throws Exception {
    TestProjection log = built(new TestProjection("log"));
    try (Connection reader = world.database().connection();
        BesideRun run = begun(log)) {
      reader.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      int pid;
      try (Statement statement = reader.createStatement();
          ResultSet row =
              statement.executeQuery(
                  "SELECT pg_backend_pid(), pg_current_xact_id(), count(*) FROM event_journal")) {
        row.next();
        pid = row.getInt(1);
      }
      run.until(Phase.SWAP);
      RebuildStep step = null;
      for (int i = 0; i < 20; i++) {
        step = run.step();
      }
      assertThat(step)
          .isInstanceOfSatisfying(
              RebuildStep.Waiting.class,
              waiting -> assertThat(waiting.what()).contains("snapshots", "pid " + pid));
      assertThat(run.rebuild().blockedBy().orElseThrow()).contains("snapshots", "pid " + pid);
      reader.rollback();
      reader.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
      run.toTheEnd();
    }
    world.auditWhole(log);
  }

  /**
   * An append that has read the row, and whose handler waits while the tables are moved. Returns
   * once it has ended.
   */
  private void appendAcrossTheMove(TestProjection log, String statement) throws Exception {
    CountDownLatch reached = new CountDownLatch(1);
    CountDownLatch open = new CountDownLatch(1);
    log.beforeEach(
        envelope -> {
          if (envelope.event().equals(statement) && reached.getCount() > 0) {
            reached.countDown();
            try {
              open.await();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          }
        });
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try (BesideRun run = begun(log)) {
      run.until(Phase.SWAP);
      Future<?> append = thread.submit(() -> world.append(world.event("s", 1, statement)));
      reached.await();
      RebuildStep step = run.step();
      assertThat(world.generation(log).place())
          .as("where the tables are after %s", step)
          .isNotNull();
      for (int i = 0; i < 20; i++) {
        step = run.step();
      }
      // Its handler would write by a view of the other generation's tables. The wait for older
      // snapshots is bounded, and not enough.
      assertThat(step)
          .isInstanceOfSatisfying(
              RebuildStep.Waiting.class, waiting -> assertThat(waiting.what()).startsWith("fence"));
      assertThat(world.generation(log).generation()).isEqualTo(1);
      open.countDown();
      append.get();
      assertThat(world.column("SELECT count(*) FROM log_log"))
          .isEqualTo(world.column("SELECT count(*) FROM kintsugi_log_2.log_log"));
      run.toTheEnd();
    } finally {
      open.countDown();
      thread.shutdown();
    }
  }

  @Test
  void a_writer_that_read_the_row_before_the_tables_were_moved_writes_to_the_same_rows()
      throws Exception {
    TestProjection log = new TestProjection("log").executing("CREATE TABLE log_log (n INT)");
    log.rebuilt(RebuildPolicy.beside());
    world.start(log);
    world.runToTheEnd(log);

    appendAcrossTheMove(log, "INSERT INTO log_log VALUES (1)");

    assertThat(world.column("SELECT n FROM log_log")).containsExactly("1");
  }

  @Test
  void what_can_t_go_through_the_view_of_moved_tables_is_run_again_and_nobody_is_at_fault()
      throws Exception {
    TestProjection log = new TestProjection("log").executing("CREATE TABLE log_log (n INT)");
    log.rebuilt(RebuildPolicy.beside());
    world.start(log);
    world.runToTheEnd(log);
    world.append(world.event("a", 1, "INSERT INTO log_log VALUES (1)"));

    appendAcrossTheMove(log, "TRUNCATE log_log");

    assertThat(world.column("SELECT n FROM log_log")).isEmpty();
    assertThat(world.column("SELECT reason FROM kintsugi_skip")).isEmpty();
  }

  @Test
  void a_handler_that_names_its_tables_with_a_schema_stops_the_build_and_harms_nothing()
      throws Exception {
    TestProjection log = new TestProjection("log").executing("CREATE TABLE log_log (n INT)");
    log.rebuilt(RebuildPolicy.beside()).onFailure(FailurePolicy.reject());
    world.start(log);
    world.runToTheEnd(log);
    world.append(world.event("a", 1, "INSERT INTO public . \"log_log\" VALUES (1)"));
    try (BesideRun run = begun(log)) {
      RebuildStep step = run.step();
      for (int i = 0; i < 100 && !(step instanceof RebuildStep.Stopped); i++) {
        step = run.step();
      }
      assertThat(step)
          .isInstanceOfSatisfying(
              RebuildStep.Stopped.class,
              stopped ->
                  assertThat(stopped.error())
                      .contains("names a table of the read model with its schema", "event 1"));
    }
    assertThat(world.column("SELECT n FROM log_log")).containsExactly("1");
    world.append(world.event("a", 2, "INSERT INTO public.log_log VALUES (2)"));
    assertThat(world.column("SELECT n FROM log_log ORDER BY 1")).containsExactly("1", "2");
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void what_has_a_place_is_verified_and_rebuilt_in_it(Kind kind) throws Exception {
    TestProjection log = built(new TestProjection("log").kind(kind));
    try (BesideRun run = begun(log)) {
      run.toTheEnd();
    }
    assertThat(world.verifier().verify("log").orElseThrow().isClean()).isTrue();
    world.execute("DELETE FROM kintsugi_log_2.log_log");
    assertThat(world.verifier().verify("log").orElseThrow().isClean()).isFalse();

    log.rebuilt(RebuildPolicy.inPlace());
    assertThat(world.requestRebuild(log)).isEqualTo(new RebuildRequest.Accepted(3));
    world.append(world.event("a", 3));
    world.runToTheEnd(log);

    assertThat(world.generation(log).place()).isEqualTo("kintsugi_log_2");
    assertThat(world.verifier().verify("log").orElseThrow().isClean()).isTrue();
    world.auditWhole(log);
  }

  @Test
  void a_raised_version_is_made_anew_in_the_place_of_what_serves_and_readers_see_it()
      throws Exception {
    TestProjection log = built(keyed());
    try (BesideRun run = begun(log)) {
      run.toTheEnd();
    }
    world.execute("COMMENT ON VIEW log_log IS 'what happened'");
    TestProjection raised = raised();
    raised.rebuilt(RebuildPolicy.inPlace());
    world.raise(raised, log);
    assertThat(world.generation(raised).generation()).isEqualTo(3);
    world.runToTheEnd(raised);
    world.append(world.event("a", 3));

    assertThat(world.generation(raised).place()).isEqualTo("kintsugi_log_2");
    assertThat(world.column("SELECT size::text FROM log_log WHERE sequence_number = 3"))
        .containsExactly("3");
    assertThat(world.column("SELECT obj_description('log_log'::regclass, 'pg_class')"))
        .containsExactly("what happened");
    assertThat(world.column("SELECT DISTINCT version FROM kintsugi_table")).containsExactly("2");
    world.auditWhole(raised);
  }

  @Test
  void nobody_writes_by_the_name_that_readers_use_once_that_is_a_view() throws Exception {
    TestProjection log = built(new TestProjection("log"));
    try (BesideRun run = begun(log)) {
      run.toTheEnd();
    }
    assertThatThrownBy(() -> world.execute("UPDATE log_log SET payload = 'x'"))
        .hasMessageContaining("log_log is what readers see of a read model")
        .hasMessageContaining("name its tables without a schema");
    assertThatThrownBy(() -> world.execute("DELETE FROM log_log"))
        .hasMessageContaining("log_log is what readers see of a read model");
  }

  /** Inserts what happened. */
  private static final class Inserting extends JdbcHandler<EventEnvelope<String>, JdbcSession> {
    private final String sql;

    Inserting(String sql) {
      this.sql = sql;
    }

    @Override
    public void process(JdbcSession session, EventEnvelope<String> envelope) {
      insert(session, envelope, sql);
    }
  }
}
