package dev.kintsugi.runtime;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Tables;
import dev.kintsugi.runtime.internal.rebuild.RebuildSettings;
import dev.kintsugi.runtime.operations.RebuildAnswer;
import dev.kintsugi.runtime.operations.RebuildImpossibleException;
import dev.kintsugi.runtime.operations.RebuildInProgressException;
import dev.kintsugi.runtime.operations.UnknownProjectionException;
import dev.kintsugi.runtime.persistence.DatabaseUnavailableException;
import dev.kintsugi.runtime.persistence.SchemaException;
import dev.kintsugi.runtime.status.FenceHolder;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.status.ProjectionCounts;
import dev.kintsugi.runtime.status.ProjectionStatus;
import dev.kintsugi.runtime.status.Rebuild;
import dev.kintsugi.runtime.status.Status;
import dev.kintsugi.runtime.testing.Recorder;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestServer;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.testkit.typed.javadsl.LoggingTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What an application does with Kintsugi, on an actor system and a database. */
@Tag("slow")
class KintsugiTest {

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");
  private TestSystem node = new TestSystem(world);

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  private Kintsugi kintsugi() {
    return node.kintsugi();
  }

  /** A transaction that has an id: no fence passes while it is open. */
  private Connection holdFence() throws SQLException {
    Connection held = world.database().connection();
    try (Statement statement = held.createStatement()) {
      statement.execute("SELECT pg_current_xact_id(); SELECT 1 FROM kintsugi_projection");
    }
    return held;
  }

  private static String pidOf(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT pg_backend_pid()")) {
      row.next();
      return row.getString(1);
    }
  }

  private static void end(Connection held) throws SQLException {
    held.rollback();
    held.close();
  }

  private static Projection<String> projection(String name, String ddl) {
    return Projection.named(name)
        .of(String.class)
        .tables(new Tables(name + ".sql", ddl))
        .handler(() -> JdbcHandler.fromFunction(KintsugiTest::ignore))
        .build();
  }

  private static void ignore(JdbcSession session, EventEnvelope<String> envelope) {}

  // Start

  @Test
  void a_start_stores_what_its_projections_subscribe_to() throws Exception {
    kintsugi().start(log.entityTypes("Order", "Bill").tags("red").definition());

    assertThat(
            world.column(
                "SELECT projection || version || entity_types::text || tags::text FROM kintsugi_subscription"))
        .containsExactly("log1{Bill,Order}{red}");
  }

  @Test
  void a_new_projection_is_built_from_history_and_then_follows_inline() throws Exception {
    node.record("a", "one", "two");

    kintsugi().start(log.definition());
    Rebuild built = get(kintsugi().whenDone("log"));

    assertThat(built.phase()).isEqualTo(Phase.DONE);
    assertThat(built.generation()).isEqualTo(1);
    assertThat(built.replayed()).isEqualTo(2);
    assertThat(built.reason()).isEqualTo("built version 1");
    assertThat(built.duration()).isPresent();
    assertThat(world.applied(log)).containsExactly("a/1", "a/2");
    node.record("b", "three");
    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "b/1");
    world.auditWhole(log);
  }

  @Test
  void a_fold_and_rows_are_built_from_history_and_then_follow_inline() throws Exception {
    TestProjection fold = new TestProjection("folded").kind(TestProjection.Kind.FOLD);
    TestProjection rows = new TestProjection("flat").kind(TestProjection.Kind.ROWS);
    node.record("a", "one", "two");

    kintsugi().start(fold.definition(), rows.definition());
    get(kintsugi().whenDone("folded"));
    get(kintsugi().whenDone("flat"));
    node.record("a", "three");
    node.record("b", "four");

    world.auditWhole(fold, rows);
  }

  @Test
  void a_rebuild_is_limited_while_it_is_under_way() throws Exception {
    Connection held = holdFence();
    kintsugi().start(log.definition());

    assertThat(get(kintsugi().limitRebuild("log", 7, "a test")))
        .isEqualTo(new RebuildAnswer.Limited("log", 1, 7));
    assertThat(world.rebuild(log).maxRate()).isEqualTo(7);
    assertThat(get(kintsugi().limitRebuild("log", 0, "a test")))
        .isEqualTo(new RebuildAnswer.Limited("log", 1, 0));

    end(held);
    get(kintsugi().whenDone("log"));
    assertThat(get(kintsugi().limitRebuild("log", 7, "too late")))
        .isEqualTo(new RebuildAnswer.NoneUnderWay("log", "generation 1 is built"));
    assertThatThrownBy(() -> kintsugi().limitRebuild("log", -1, "a test"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a rate can't be negative: -1");
  }

  @Test
  void several_projections_follow_the_same_events() throws Exception {
    TestProjection other = new TestProjection("other");
    kintsugi().start(log.definition(), other.definition());
    get(kintsugi().whenDone("log"));
    get(kintsugi().whenDone("other"));

    node.record("a", "one", "two");

    world.auditWhole(log, other);
  }

  @Test
  void events_written_while_a_projection_is_first_built_are_in_it_once() throws Exception {
    node.record("a", "one");
    Connection held = holdFence();
    kintsugi().start(log.definition());
    node.record("a", "two", "three");
    assertThat(world.open(log)).containsExactly("a/2 REBUILDING", "a/3 REBUILDING");
    end(held);

    get(kintsugi().whenDone("log"));

    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "a/3");
    world.auditWhole(log);
  }

  @Test
  void a_second_start_on_the_same_database_keeps_the_read_model() throws Exception {
    node.startAndFinish(log);
    node.record("a", "one");
    node.close();

    node = new TestSystem(world);
    kintsugi().start(log.definition());
    Rebuild built = get(kintsugi().whenDone("log"));

    assertThat(built.generation()).as("the first build, long done").isEqualTo(1);
    assertThat(world.applied(log)).containsExactly("a/1");
    node.record("a", "two");
    assertThat(world.applied(log)).containsExactly("a/1", "a/2");
    assertThat(world.column("SELECT generation FROM kintsugi_rebuild")).containsExactly("1");
  }

  @Test
  void what_was_written_while_nobody_had_the_handler_is_applied_after_the_next_start()
      throws Exception {
    node.startAndFinish(log);
    node.record("a", "one");
    node.close();
    node = new TestSystem(world);
    node.record("a", "two");
    assertThat(world.open(log)).containsExactly("a/2 NO_HANDLER");

    kintsugi().start(log.definition());

    eventually(() -> assertThat(world.open(log)).isEmpty());
    world.auditWhole(log);
  }

  @Test
  void a_raised_version_is_rebuilt_by_itself() throws Exception {
    node.startAndFinish(log);
    node.record("a", "one");
    node.close();

    node = new TestSystem(world);
    kintsugi().start(log.version(2).definition());
    Rebuild built = get(kintsugi().whenDone("log"));

    assertThat(built.generation()).isEqualTo(2);
    assertThat(built.reason()).isEqualTo("built version 2");
    assertThat(world.generation(log).version()).isEqualTo(2);
    assertThat(world.applied(log)).containsExactly("a/1");
    world.auditWhole(log);
  }

  private List<String> uniqueColumns() throws Exception {
    return world.column(
        """
        SELECT a.attname FROM pg_constraint c JOIN pg_attribute a
          ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
        WHERE c.conrelid = 'log_log'::regclass AND c.contype = 'u'
        """);
  }

  @Test
  void a_raised_version_with_other_tables_is_rebuilt_into_these() throws Exception {
    node.startAndFinish(log);
    node.record("a", "one", "two");
    assertThat(uniqueColumns()).isEmpty();
    node.close();

    node = new TestSystem(world);
    node.startAndFinish(log.version(2).uniquePayloads());

    assertThat(uniqueColumns()).containsExactly("payload");
    assertThat(world.column("SELECT table_name || ' ' || version FROM kintsugi_table"))
        .containsExactly("log_log 2");
    world.auditWhole(log);
  }

  // A raised version that waits

  private static final String WAIT = "kintsugi.rebuild.on-raised-version = wait";

  @Test
  void a_raised_version_may_wait_for_somebody_to_ask_for_its_rebuild() throws Exception {
    node.startAndFinish(log);
    node.record("a", "one");
    node.close();
    node = new TestSystem(world, WAIT);

    LoggingTestKit.warn(
            "Projection 'log' has version 1 in the database, and this build has version 2")
        .withMessageContains("NO_HANDLER")
        .withMessageContains("Kintsugi.rebuild(\"log\", reason)")
        .expect(
            Adapter.toTyped(node.system()),
            () -> {
              kintsugi().start(log.version(2).uniquePayloads().definition());
              return log;
            });
    node.record("a", "two");
    ProjectionStatus status = get(kintsugi().status("log"));

    assertThat(status.generation()).isEqualTo(new Generation("log", 1, Status.ACTIVE, false, 1));
    assertThat(world.open(log)).containsExactly("a/2 NO_HANDLER");
    assertThat(world.applied(log)).containsExactly("a/1");
    assertThat(uniqueColumns()).isEmpty();

    Rebuild done = get(get(kintsugi().rebuild("log", "a quiet hour")).done());
    assertThat(done.generation()).isEqualTo(2);
    assertThat(done.reason()).isEqualTo("a quiet hour");
    assertThat(world.generation(log).version()).isEqualTo(2);
    assertThat(world.applied(log)).containsExactly("a/1", "a/2");
    assertThat(uniqueColumns()).containsExactly("payload");
    node.record("a", "three");
    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "a/3");
    world.auditWhole(log);
  }

  @Test
  void
      what_a_waiting_versions_rebuild_would_be_refused_for_is_said_at_start_and_when_it_is_asked_for()
          throws Exception {
    log.executing("CREATE TYPE mood AS ENUM ('good'); CREATE TABLE moods (id INT PRIMARY KEY)");
    node.startAndFinish(log);
    node.close();
    node = new TestSystem(world, WAIT);

    LoggingTestKit.warn("To build version 2 from history, mend what a rebuild would be refused for")
        .withMessageContains("can't run again, as an older version's left mood behind")
        .withMessageContains("Kintsugi.rebuild(\"log\", reason)")
        .expect(
            Adapter.toTyped(node.system()),
            () -> {
              kintsugi().start(log.version(2).definition());
              return log;
            });
    assertThatThrownBy(() -> get(kintsugi().rebuild("log", "a quiet hour")))
        .isInstanceOf(RebuildImpossibleException.class)
        .hasMessageContaining("can't run again, as an older version's left mood behind");
    assertThat(world.generation(log)).isEqualTo(new Generation("log", 1, Status.ACTIVE, false, 1));

    world.execute("DROP TYPE mood");
    get(get(kintsugi().rebuild("log", "a quiet hour")).done());
    assertThat(world.generation(log).version()).isEqualTo(2);
  }

  @Test
  void what_taking_a_version_back_would_be_refused_for_is_said_at_start() throws Exception {
    log.executing("CREATE TYPE mood AS ENUM ('good'); CREATE TABLE moods (id INT PRIMARY KEY)");
    node.startAndFinish(log.version(2));
    node.close();
    node = new TestSystem(world);

    LoggingTestKit.warn("Projection 'log' has a newer version in the database than this build's, 1")
        .withMessageContains("can't run again, as an older version's left mood behind")
        .expect(
            Adapter.toTyped(node.system()),
            () -> {
              kintsugi().start(log.version(1).definition());
              return log;
            });
    assertThatThrownBy(() -> get(kintsugi().management("ann").rebuild("log", "back", true)))
        .isInstanceOf(RebuildImpossibleException.class);
    assertThat(world.generation(log).generation()).isEqualTo(1);
  }

  @Test
  void what_a_waiting_version_recorded_the_older_one_applies() throws Exception {
    node.startAndFinish(log);
    node.close();
    node = new TestSystem(world, WAIT);
    kintsugi().start(log.version(2).definition());
    node.record("a", "one");
    assertThat(world.open(log)).containsExactly("a/1 NO_HANDLER");
    try (TestSystem older = new TestSystem(world)) {
      older.kintsugi().start(log.version(1).definition());

      eventually(() -> assertThat(world.open(log)).isEmpty());
      assertThat(world.applied(log)).containsExactly("a/1");
    }
  }

  @Test
  void a_rebuild_by_a_raised_version_ends_one_that_no_older_node_goes_on_with() throws Exception {
    node.record("a", "one");
    Connection held = holdFence();
    kintsugi().start(log.definition());
    assertThat(world.generation(log).status()).isEqualTo(Status.REBUILDING);
    node.close();
    end(held);
    node = new TestSystem(world, WAIT);
    kintsugi().start(log.version(2).definition());
    assertThat(world.generation(log).generation()).isEqualTo(1);

    get(get(kintsugi().rebuild("log", "nobody has version 1 any more")).done());

    assertThat(world.generation(log)).isEqualTo(new Generation("log", 2, Status.ACTIVE, false, 2));
    world.auditWhole(log);
  }

  @Test
  void a_new_projection_is_built_also_where_raised_versions_wait() throws Exception {
    node.close();
    node = new TestSystem(world, WAIT);
    node.record("a", "one");

    node.startAndFinish(log);

    world.auditWhole(log);
  }

  @Test
  void another_word_for_what_to_do_on_a_raised_version_is_refused() {
    assertThatThrownBy(
            () ->
                RebuildSettings.of(
                    ConfigFactory.parseString("on-raised-version = later")
                        .withFallback(ConfigFactory.load().getConfig("kintsugi.rebuild"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("kintsugi.rebuild.on-raised-version is 'later'; it is to be automatic or wait");
  }

  @Test
  void a_build_with_an_older_version_records_and_leaves_the_projection_to_newer_ones()
      throws Exception {
    node.startAndFinish(log.version(2));
    node.close();
    node = new TestSystem(world);
    kintsugi().start(log.version(1).definition());
    get(kintsugi().whenDone("log"));

    node.record("a", "one");

    assertThat(world.open(log)).containsExactly("a/1 NO_HANDLER");
    assertThat(world.generation(log).version()).isEqualTo(2);
    node.close();
    node = new TestSystem(world);
    kintsugi().start(log.version(2).definition());
    eventually(() -> assertThat(world.open(log)).isEmpty());
    world.auditWhole(log);
  }

  // Refusals at start

  private void assertNothingIsRegistered() throws Exception {
    assertThat(world.column("SELECT projection FROM kintsugi_projection")).isEmpty();
    assertThat(node.node().registry().all()).isEmpty();
    assertThatThrownBy(() -> get(kintsugi().status("log")))
        .isInstanceOf(UnknownProjectionException.class);
  }

  @Test
  void a_projection_given_twice_is_refused() throws Exception {
    assertThatThrownBy(() -> kintsugi().start(log.definition(), log.definition()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("projection 'log' is registered twice");
    assertNothingIsRegistered();
  }

  @Test
  void a_projection_started_before_is_refused() throws Exception {
    node.startAndFinish(log);

    assertThatThrownBy(() -> kintsugi().start(log.definition()))
        .hasMessage("projection 'log' is registered twice");
    assertThat(get(kintsugi().status("log")).generation().status()).isEqualTo(Status.ACTIVE);
  }

  @Test
  void a_table_script_that_fails_is_named_with_its_projection_and_nothing_is_registered()
      throws Exception {
    assertThatThrownBy(
            () ->
                kintsugi().start(log.definition(), projection("broken", "CREATE TABBLE x (n INT)")))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("broken.sql of projection 'broken'")
        .hasMessageContaining("TABBLE");
    assertNothingIsRegistered();
    assertThat(world.column("SELECT to_regclass('log_log')").get(0)).isNull();
  }

  @Test
  void a_table_script_that_makes_a_table_in_another_schema_is_refused() throws Exception {
    assertThatThrownBy(
            () -> kintsugi().start(projection("log", "CREATE TABLE public.log_log (n INT)")))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining(
            "log.sql of projection 'log' makes public.log_log by a qualified name");
    assertNothingIsRegistered();
  }

  @Test
  void two_projections_with_one_table_are_refused() throws Exception {
    assertThatThrownBy(
            () ->
                kintsugi()
                    .start(
                        projection("one", "CREATE TABLE shared (n INT)"),
                        projection("two", "CREATE TABLE shared (n INT)")))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("projections 'one' and 'two' both make the table shared");
    assertNothingIsRegistered();
  }

  @Test
  void a_projection_with_the_table_of_one_that_was_started_before_is_refused() throws Exception {
    kintsugi().start(projection("one", "CREATE TABLE IF NOT EXISTS shared (n INT)"));
    get(kintsugi().whenDone("one"));

    assertThatThrownBy(
            () -> kintsugi().start(projection("two", "CREATE TABLE IF NOT EXISTS shared (n INT)")))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("projections 'one' and 'two' both make the table shared");
    assertThat(world.column("SELECT projection FROM kintsugi_projection")).containsExactly("one");
  }

  @Test
  void a_projection_with_the_table_of_one_on_another_node_is_refused() throws Exception {
    String ddl = "CREATE TABLE IF NOT EXISTS shared (n INT)";
    try (TestSystem other = new TestSystem(world)) {
      other.kintsugi().start(projection("one", ddl));
      get(other.kintsugi().whenDone("one"));
    }

    assertThatThrownBy(() -> kintsugi().start(log.definition(), projection("two", ddl)))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("projections 'one' and 'two' both make the table shared");
    assertThat(world.column("SELECT projection FROM kintsugi_projection")).containsExactly("one");
    assertThat(world.column("SELECT table_name FROM kintsugi_table")).containsExactly("shared");
    assertThat(node.node().registry().all()).isEmpty();
  }

  @Test
  void a_table_script_that_makes_the_journals_table_is_refused_as_a_rebuild_would_empty_it()
      throws Exception {
    for (String table : List.of("event_journal", "kintsugi_skip")) {
      assertThatThrownBy(
              () ->
                  kintsugi()
                      .start(projection("log", "CREATE TABLE IF NOT EXISTS " + table + " (n INT)")))
          .isInstanceOf(SchemaException.class)
          .hasMessageContaining(table);
      assertNothingIsRegistered();
    }
  }

  @Test
  void
      a_table_with_rows_that_no_known_projection_made_is_refused_as_the_first_build_would_empty_it()
          throws Exception {
    world.execute("CREATE TABLE invoices (n INT)");
    world.execute("INSERT INTO invoices VALUES (1)");

    assertThatThrownBy(
            () ->
                kintsugi().start(projection("log", "CREATE TABLE IF NOT EXISTS invoices (n INT)")))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("projection 'log'")
        .hasMessageContaining("invoices");
    assertNothingIsRegistered();
    assertThat(world.column("SELECT n FROM invoices")).containsExactly("1");
  }

  @Test
  void where_tables_may_not_be_made_the_missing_ones_are_named_at_once() {
    String url = TestServer.createDatabase();
    try (TestSystem empty = new TestSystem(url, "kintsugi.schema.create = off")) {
      assertThatThrownBy(() -> empty.kintsugi().start(log.definition()))
          .isInstanceOf(SchemaException.class)
          .hasMessageContaining(
              "The database lacks \"event_journal\", \"event_tag\", kintsugi_projection");
    } finally {
      TestServer.dropDatabase(url);
    }
  }

  @Test
  void no_database_is_said_in_one_line_with_the_url_and_without_the_password() {
    String nowhere = "jdbc:postgresql://localhost:1/shop?user=clerk&password=hush";
    try (TestSystem unconnected =
        new TestSystem(nowhere, "kintsugi.jdbc.connection-timeout = 300ms")) {
      assertThatThrownBy(() -> unconnected.kintsugi().start(log.definition()))
          .isInstanceOf(DatabaseUnavailableException.class)
          .hasMessageContaining("jdbc:postgresql://localhost:1/shop")
          .message()
          .doesNotContain("hush", "\n");
    }
  }

  // Rebuild

  @Test
  void a_rebuild_makes_the_read_model_anew() throws Exception {
    node.startAndFinish(log);
    node.record("a", "one", "two");
    world.execute("DELETE FROM log_log WHERE sequence_number = 1");

    RebuildHandle rebuild = get(kintsugi().rebuild("log", "a row is missing"));
    Rebuild done = get(rebuild.done());

    assertThat(rebuild.projection()).isEqualTo("log");
    assertThat(rebuild.generation()).isEqualTo(2);
    assertThat(done.isDone()).isTrue();
    assertThat(done.reason()).isEqualTo("a row is missing");
    assertThat(done.requestedBy()).isEqualTo(System.getProperty("user.name"));
    assertThat(world.applied(log)).containsExactly("a/1", "a/2");
    assertThat(world.generation(log).status()).isEqualTo(Status.ACTIVE);
    world.auditWhole(log);
  }

  @Test
  void a_rebuild_of_an_unknown_projection_fails() {
    assertThatThrownBy(() -> get(kintsugi().rebuild("nobody", "because")))
        .isInstanceOf(UnknownProjectionException.class)
        .hasMessage("there is no projection 'nobody'");
    assertThatThrownBy(() -> get(kintsugi().status("nobody")))
        .isInstanceOf(UnknownProjectionException.class);
    assertThatThrownBy(() -> get(kintsugi().whenDone("nobody")))
        .isInstanceOf(UnknownProjectionException.class);
  }

  @Test
  void a_rebuild_while_one_is_under_way_fails_and_changes_nothing() throws Exception {
    node.startAndFinish(log);
    Connection held = holdFence();
    RebuildHandle first = get(kintsugi().rebuild("log", "the first"));

    assertThatThrownBy(() -> get(kintsugi().rebuild("log", "the second")))
        .isInstanceOf(RebuildInProgressException.class)
        .hasMessageContaining("projection 'log' is not rebuilt")
        .hasMessageContaining("generation 2 is being built")
        .hasMessageContaining("the first");

    assertThat(world.column("SELECT generation || ' ' || reason FROM kintsugi_rebuild ORDER BY 1"))
        .containsExactly("1 built version 1", "2 the first");
    assertThat(world.generation(log).generation()).isEqualTo(2);
    assertThat(first.done().toCompletableFuture()).isNotDone();
    end(held);
    get(first.done());
    assertThat(get(kintsugi().rebuild("log", "the second")).generation()).isEqualTo(3);
  }

  @Test
  void the_status_names_whom_a_rebuild_waits_for() throws Exception {
    node.startAndFinish(log);
    Connection held = holdFence();
    String pid = pidOf(held);
    RebuildHandle rebuild = get(kintsugi().rebuild("log", "test"));

    eventually(
        () ->
            assertThat(get(kintsugi().status("log")).waitsFor())
                .extracting(FenceHolder::who)
                .contains("pid " + pid));
    ProjectionStatus waiting = get(kintsugi().status("log"));
    assertThat(waiting.generation().status()).isEqualTo(Status.REBUILDING);
    assertThat(waiting.rebuild().orElseThrow().phase()).isEqualTo(Phase.FENCE);
    assertThat(waiting.waitsFor().get(0).application()).isEqualTo("kintsugi");
    assertThat(waiting.waitsFor().get(0).state()).isEqualTo("idle in transaction");

    end(held);
    get(rebuild.done());
    assertThat(get(kintsugi().status("log")).waitsFor()).isEmpty();
  }

  @Test
  void a_step_that_the_database_refuses_is_told_by_the_status_until_it_succeeds() throws Exception {
    node.startAndFinish(log);
    node.record("a", "one");
    Connection held = holdFence();
    RebuildHandle rebuild = get(kintsugi().rebuild("log", "test"));
    world.execute("CREATE TABLE note (log BIGINT REFERENCES log_log, text TEXT)");
    end(held);

    eventually(
        () ->
            assertThat(get(kintsugi().status("log")).rebuild().orElseThrow().blockedBy())
                .hasValueSatisfying(
                    why ->
                        assertThat(why)
                            .contains("foreign key", "note", "SQLSTATE")
                            .hasLineCount(1)));
    Rebuild blocked = get(kintsugi().status("log")).rebuild().orElseThrow();
    assertThat(blocked.phase()).isEqualTo(Phase.FENCE);
    assertThat(blocked.blockedAt()).isNotNull();
    assertThat(rebuild.done().toCompletableFuture()).isNotDone();

    world.execute("DROP TABLE note");
    Rebuild done = get(rebuild.done());
    assertThat(done.lastError()).isNull();
    assertThat(done.blockedAt()).isNull();
    world.auditWhole(log);
  }

  @Test
  void a_rebuild_that_is_stopped_while_it_waits_for_its_fence_is_active_again() throws Exception {
    node.startAndFinish(log);
    node.record("a", "one");
    Connection held = holdFence();
    RebuildHandle rebuild = get(kintsugi().rebuild("log", "test"));
    node.record("a", "two");

    RebuildAnswer answer = get(kintsugi().management("ann").stopRebuild("log", "not now"));

    assertThat(answer).isEqualTo(new RebuildAnswer.Returns("log", 2, 1, 1));
    assertThat(answer.message())
        .contains("before anything was emptied", "version 1 is active again");
    end(held);
    assertThatThrownBy(() -> get(rebuild.done()))
        .isInstanceOf(RebuildStoppedException.class)
        .hasMessageContaining("was stopped by ann before anything was emptied");
    assertThat(get(kintsugi().whenDone("log")).isDone()).isTrue();
    node.record("a", "three");
    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "a/3");
    world.auditWhole(log);
  }

  @Test
  void after_a_stop_while_it_settles_recovery_goes_on_and_nobody_goes_on_with_the_rebuild()
      throws Exception {
    node.startAndFinish(log);
    RebuildHandle rebuild = get(kintsugi().rebuild("log", "test"));
    get(rebuild.done());
    world.execute(
        "UPDATE kintsugi_rebuild SET phase = 'settle', ended_at = NULL, fence = NULL WHERE generation = 2");
    Connection held = holdFence();
    eventually(() -> assertThat(get(kintsugi().status("log")).waitsFor()).isNotEmpty());

    RebuildAnswer answer = get(kintsugi().management("ann").stopRebuild("log", "enough"));
    assertThat(answer).isEqualTo(new RebuildAnswer.Stopped("log", 2, Phase.SETTLE));
    assertThatThrownBy(() -> get(kintsugi().whenDone("log")))
        .isInstanceOf(RebuildStoppedException.class)
        .hasMessageContaining("stopped in phase settle: by ann; its read model is in use");
    end(held);
    get(kintsugi().pause("log", "test"));
    node.record("a", "one");
    get(kintsugi().resume("log", "test"));

    eventually(() -> assertThat(world.open(log)).isEmpty());
    assertThat(get(kintsugi().status("log")).rebuild().orElseThrow().phase())
        .isEqualTo(Phase.SETTLE);
    world.auditWhole(log);
  }

  @Test
  void records_of_a_projection_that_no_node_has_are_told_with_what_to_do_until_one_has_it()
      throws Exception {
    world.start(log);
    node.record("a", "one");
    assertThat(get(kintsugi().status("log")).unhandled()).as("an upgrade, it seems").isEmpty();
    world.execute("UPDATE kintsugi_skip SET recorded_at = now() - INTERVAL '2 hours'");

    assertThat(get(kintsugi().status("log")).unhandled().orElseThrow().message())
        .contains(
            "'log' has 1 records", "no node has it", "Deploy a build that has it", "retire it");
    assertThat(get(kintsugi().overview()).projections().get(0).unhandled()).isPresent();

    get(kintsugi().pause("log", "so that the record stays"));
    kintsugi().start(log.definition());
    assertThat(world.open(log)).hasSize(1);
    assertThat(get(kintsugi().status("log")).unhandled()).isEmpty();
    assertThat(get(kintsugi().overview()).projections().get(0).unhandled()).isEmpty();
  }

  @Test
  void the_status_counts_what_this_node_did_and_what_is_open() throws Exception {
    node.startAndFinish(log.failOn("poison"));
    node.record("a", "one", "two");
    node.record("b", "poison", "behind");

    ProjectionStatus status = get(kintsugi().status("log"));

    assertThat(status.counts())
        .returns(2L, ProjectionCounts::appliedInline)
        .returns(2L, ProjectionCounts::recorded)
        .returns(0L, ProjectionCounts::recovered);
    assertThat(status.openRecords()).isEqualTo(2);
    assertThat(status.parkedRecords()).isZero();
    assertThat(status.generation().generation()).isEqualTo(1);
    assertThat(status.rebuild().orElseThrow().isDone()).isTrue();
  }

  @Test
  void a_rebuild_that_its_policy_stops_says_at_which_event_and_a_new_one_may_follow()
      throws Exception {
    node.startAndFinish(log.onFailure(FailurePolicy.reject()));
    node.record("a", "one", "two", "three");
    log.failOn("two");

    RebuildHandle rebuild = get(kintsugi().rebuild("log", "test"));

    assertThatThrownBy(() -> get(rebuild.done()))
        .isInstanceOf(RebuildStoppedException.class)
        .hasMessageContaining("'log', generation 2, is stopped in phase replay")
        .hasMessageContaining("event 2 of stream a");
    assertThatThrownBy(() -> get(kintsugi().whenDone("log")))
        .isInstanceOf(RebuildStoppedException.class);

    log.repair();
    get(get(kintsugi().rebuild("log", "repaired")).done());
    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "a/3");
    world.auditWhole(log);
  }

  @Test
  void a_stopped_rebuild_goes_on_at_the_next_start() throws Exception {
    node.startAndFinish(log.onFailure(FailurePolicy.reject()));
    node.record("a", "one", "two", "three");
    log.failOn("two");
    RebuildHandle rebuild = get(kintsugi().rebuild("log", "test"));
    assertThatThrownBy(() -> get(rebuild.done())).isInstanceOf(RebuildStoppedException.class);
    node.close();

    log.repair();
    node = new TestSystem(world);
    kintsugi().start(log.definition());

    eventually(() -> assertThat(world.rebuild(log).isDone()).isTrue());
    assertThat(world.rebuild(log).generation()).isEqualTo(2);
    world.auditWhole(log);
  }

  @Test
  void two_rebuilds_under_writers_lose_nothing_and_double_nothing() throws Exception {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    TestProjection other = new TestProjection("other");
    node.startAndFinish(log, other);
    List<ActorRef<Recorder.Command>> actors = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      actors.add(node.recorder("stream-" + i));
    }
    List<CompletionStage<RebuildHandle>> rebuilds = new ArrayList<>();
    List<CompletionStage<Done>> answers = new ArrayList<>();

    for (int i = 0; i < 600; i++) {
      ActorRef<Recorder.Command> actor = actors.get(random.nextInt(actors.size()));
      answers.add(node.persist(actor, "one of " + i, "two of " + i));
      if (i % 200 == 50) {
        rebuilds.add(kintsugi().rebuild("log", "at " + i));
        rebuilds.add(kintsugi().rebuild("other", "at " + i));
      }
      if (i % 20 == 19) {
        get(answers.get(random.nextInt(answers.size())));
      }
    }
    for (CompletionStage<Done> answer : answers) {
      get(answer);
    }
    for (CompletionStage<RebuildHandle> rebuild : rebuilds) {
      try {
        get(get(rebuild).done());
      } catch (RebuildInProgressException e) {
        // The one before it took longer than the writers.
      }
    }

    assertThat(world.column("SELECT count(*) FROM event_journal"))
        .as("seed %d", seed)
        .containsExactly("1200");
    world.auditWhole(log, other);
  }

  @Test
  void a_read_model_is_verified_while_the_application_runs() throws Exception {
    kintsugi().start(log.definition());
    get(kintsugi().whenDone("log"));
    node.record("a", "one", "two");
    node.record("b", "three");

    assertThat(get(kintsugi().verify("log")).isClean()).isTrue();
    world.execute("DELETE FROM log_log WHERE persistence_id = 'b'");
    assertThat(get(kintsugi().verify("log")).tables().get(0).missing()).isEqualTo(1);
    assertThatThrownBy(() -> get(kintsugi().verify("nobody")))
        .isInstanceOf(UnknownProjectionException.class);
  }
}
