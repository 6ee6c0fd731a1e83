package dev.kintsugi.runtime.internal.retirement;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.runtime.Kintsugi;
import dev.kintsugi.runtime.internal.rebuild.RebuildStep;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.internal.state.Retirements;
import dev.kintsugi.runtime.operations.RetireAnswer;
import dev.kintsugi.runtime.operations.RetireOptions;
import dev.kintsugi.runtime.operations.UnknownProjectionException;
import dev.kintsugi.runtime.persistence.SchemaException;
import dev.kintsugi.runtime.status.Retirement;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The end of a projection. */
class RetirementTest {

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");
  private final RetirementSteps steps = new RetirementSteps(world.database());

  @AfterEach
  void close() {
    world.close();
  }

  private RetireAnswer retire(boolean dropsTables) throws Exception {
    return world
        .database()
        .inTransaction(
            connection -> RetirementSteps.begin(connection, "log", "ann", "of no use", dropsTables))
        .orElseThrow();
  }

  private Retirement retirement() throws Exception {
    return world
        .database()
        .inTransaction(connection -> Retirements.newest(connection, "log"))
        .orElseThrow();
  }

  private void runToTheEnd() throws Exception {
    for (int i = 0; i < 5; i++) {
      steps.run();
    }
    assertThat(retirement().isDone()).isTrue();
  }

  private List<String> tables() throws Exception {
    return world.column("SELECT tablename FROM pg_tables WHERE tablename = 'log_log'");
  }

  @Test
  void a_retired_projection_goes_with_its_records_and_tables_once_no_writer_acts_on_it()
      throws Exception {
    world.start(log);
    world.append(world.event("a", 1));
    world.forgetHandlers();
    world.append(world.event("a", 2));
    try (World.HeldWriter early = world.holdWriter()) {
      early.write(world.event("b", 1)); // records for the projection
      assertThat(retire(true)).isEqualTo(new RetireAnswer.Retiring("log", 1, true));
      world.append(world.event("a", 3));
      for (int i = 0; i < 5; i++) {
        assertThat(steps.run()).as("a transaction may still act on it").isEqualTo(1);
      }
      assertThat(tables()).hasSize(1);
      early.commit();
    }

    runToTheEnd();

    assertThat(world.column("SELECT persistence_id FROM kintsugi_skip")).isEmpty();
    assertThat(world.archived(log)).containsExactly("a/2 superseded", "b/1 superseded");
    assertThat(tables()).isEmpty();
    assertThat(world.column("SELECT table_name FROM kintsugi_table")).isEmpty();
    assertThat(world.column("SELECT projection FROM kintsugi_subscription")).isEmpty();
    assertThat(world.column("SELECT generation || phase FROM kintsugi_rebuild"))
        .as("history stays")
        .containsExactly("1done");
    assertThat(world.column("SELECT operation || ': ' || reason FROM kintsugi_operation"))
        .containsExactly("retire: of no use");
    assertThat(steps.run()).isZero();
  }

  @Test
  void tables_that_are_kept_stay_as_they_are_and_a_new_one_of_that_name_has_the_next_generation()
      throws Exception {
    world.start(log);
    world.append(world.event("a", 1));
    retire(false);
    runToTheEnd();
    assertThat(world.applied(log)).containsExactly("a/1");
    assertThat(world.column("SELECT table_name FROM kintsugi_table")).isEmpty();

    world.execute("TRUNCATE log_log");
    world.haveHandlersOf();
    world.start(log);

    assertThat(world.generation(log).generation()).isEqualTo(2);
    assertThat(world.applied(log)).containsExactly("a/1");
    world.auditWhole(log);
  }

  @Test
  void what_depends_on_a_table_is_named_and_the_retirement_goes_on_when_it_is_gone()
      throws Exception {
    world.start(log);
    world.execute("CREATE VIEW report AS SELECT payload FROM log_log");
    world.forgetHandlers();
    world.append(world.event("a", 1));
    retire(true);
    for (int i = 0; i < 5; i++) {
      assertThat(steps.run()).isEqualTo(1);
    }
    assertThat(retirement().lastError()).contains("log_log", "view report");
    assertThat(world.column("SELECT persistence_id FROM kintsugi_skip")).hasSize(1);

    world.execute("DROP VIEW report");
    runToTheEnd();
    assertThat(tables()).isEmpty();
    assertThat(retirement().lastError()).isNull();
  }

  @Test
  void a_fence_that_came_from_another_cluster_is_taken_anew() throws Exception {
    world.start(log);
    retire(true);
    world.execute("UPDATE kintsugi_retirement SET fence = '4000000000000'");

    runToTheEnd();
    assertThat(tables()).isEmpty();
  }

  @Test
  void a_rebuild_that_is_under_way_ends() throws Exception {
    world.start(log);
    world.append(world.event("a", 1));
    world.requestRebuild(log);
    RebuildSteps owner = world.owner(log);
    world.step(owner);

    retire(true);

    assertThat(world.step(owner)).isInstanceOf(RebuildStep.NotOurs.class);
    assertThat(world.column("SELECT last_error FROM kintsugi_rebuild WHERE generation = 2"))
        .containsExactly("the projection was retired");
    runToTheEnd();
  }

  @Test
  void one_that_a_node_has_registered_is_retired_only_by_force_and_can_be_started_afterwards()
      throws Exception {
    try (TestSystem node = new TestSystem(world)) {
      Kintsugi kintsugi = node.kintsugi();
      node.startAndFinish(log);
      node.record("a", "one");

      RetireAnswer refused = get(kintsugi.retire("log", "why", RetireOptions.dropTables()));
      assertThat(refused).isInstanceOf(RetireAnswer.Registered.class);
      assertThat(refused.message()).contains("it is registered on " + kintsugi.nodeName());
      assertThat(world.generation(log).generation()).isEqualTo(1);

      get(kintsugi.retire("log", "why", RetireOptions.dropTables().forced()));
      eventually(() -> assertThat(get(kintsugi.retirement("log")).orElseThrow().isDone()).isTrue());
      node.record("a", "two");
      assertThat(tables()).isEmpty();
      assertThatThrownBy(() -> get(kintsugi.retire("log", "why", RetireOptions.dropTables())))
          .isInstanceOf(UnknownProjectionException.class);
    }
    try (TestSystem node = new TestSystem(world)) {
      node.startAndFinish(log);
      assertThat(world.generation(log).generation()).isEqualTo(2);
      assertThat(world.applied(log)).containsExactly("a/1", "a/2");
      world.auditWhole(log);
    }
  }

  @Test
  void while_it_is_being_retired_it_can_not_be_started() throws Exception {
    world.start(log);
    world.execute("CREATE VIEW report AS SELECT payload FROM log_log");
    retire(true);
    try (TestSystem node = new TestSystem(world)) {
      Kintsugi kintsugi = node.kintsugi();

      assertThatThrownBy(() -> kintsugi.start(log.definition()))
          .isInstanceOf(SchemaException.class)
          .hasMessageContaining("projection 'log' is being retired, as ann asked (of no use)");

      assertThat(world.column("SELECT projection FROM kintsugi_projection")).isEmpty();
      world.execute("DROP VIEW report");
      runToTheEnd();
      kintsugi.start(log.definition());
      get(kintsugi.whenDone("log"));
    }
  }
}
