package dev.kintsugi.runtime.internal.supervisor;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.projections.RebuildPolicy;
import dev.kintsugi.runtime.operations.RebuildAnswer;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.status.ProjectionStatus;
import dev.kintsugi.runtime.status.Rebuild;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Builds beside as an application has them: the actors do all of it. */
class BesideByItselfTest {

  private final World world = new World();
  private final TestProjection log = new TestProjection("log").rebuilt(RebuildPolicy.beside());
  private TestSystem node;

  @BeforeEach
  void start() throws Exception {
    node = new TestSystem(world);
    node.startAndFinish(log);
    node.record("a", "one", "two");
  }

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  @Test
  void a_rebuild_is_built_beside_and_served_and_undone_and_retired() throws Exception {
    Rebuild done = get(get(node.kintsugi().rebuild("log", "a test")).done());

    assertThat(done.isDone()).isTrue();
    assertThat(done.swappedAt()).isNotNull();
    Generation serving = world.generation(log);
    assertThat(serving.generation()).isEqualTo(2);
    node.record("a", "three");
    world.auditWhole(log);

    assertThat(get(node.kintsugi().management("ann").undo("log", "it was better before")))
        .isEqualTo(new RebuildAnswer.SwapsBack("log", 1));
    eventually(() -> assertThat(world.generation(log).generation()).isEqualTo(1));
    node.record("a", "four");
    world.auditWhole(log);

    assertThat(get(node.kintsugi().management("ann").retireReplaced("log", "it is enough")))
        .isEqualTo(new RebuildAnswer.KeptNoMore("log", 2));
    eventually(() -> assertThat(schemas()).containsExactly("kintsugi_log_1"));
    node.record("a", "five");
    world.auditWhole(log);
    assertThat(get(node.kintsugi().management("ann").undo("log", "too late")))
        .isInstanceOf(RebuildAnswer.NoneUnderWay.class);
  }

  private java.util.List<String> schemas() throws Exception {
    return world.column(
        "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'kintsugi_log%' ORDER BY 1");
  }

  @Test
  void a_raised_version_is_served_when_somebody_has_approved_it() throws Exception {
    node.close();
    TestProjection raised =
        new TestProjection("log")
            .version(2)
            .uniquePayloads()
            .rebuilt(RebuildPolicy.beside().whenApproved());
    node = new TestSystem(world);
    node.kintsugi().start(raised.definition().replacing(log.definition()));
    eventually(
        () -> {
          ProjectionStatus status = get(node.kintsugi().status("log"));
          assertThat(status.generation().version()).isEqualTo(1);
          assertThat(status.rebuild().orElseThrow().phase()).isEqualTo(Phase.SWAP);
          assertThat(status.rebuild().orElseThrow().heldFor()).contains("approval");
        });
    node.record("b", "while it waits");
    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "b/1");

    get(node.kintsugi().management("ann").approve("log", "it looks right"));
    eventually(() -> assertThat(world.generation(log).version()).isEqualTo(2));
    node.record("b", "after it");
    world.auditWhole(log);
  }

  @Test
  void one_that_is_stopped_is_gone_and_the_next_one_may_begin() throws Exception {
    log.rebuilt(RebuildPolicy.beside().whenApproved());
    node.close();
    node = new TestSystem(world);
    node.kintsugi().start(log.definition());
    get(node.kintsugi().rebuild("log", "a test"));
    eventually(
        () ->
            assertThat(get(node.kintsugi().status("log")).rebuild().orElseThrow().isHeld())
                .isTrue());

    RebuildAnswer answer = get(node.kintsugi().management("ann").stopRebuild("log", "rejected"));

    assertThat(answer).isEqualTo(new RebuildAnswer.Discarded("log", 2, Phase.SWAP));
    eventually(() -> assertThat(schemas()).isEmpty());
    node.record("a", "three");
    world.auditWhole(log);
    get(node.kintsugi().rebuild("log", "again"));
    eventually(
        () ->
            assertThat(get(node.kintsugi().status("log")).rebuild().orElseThrow().isHeld())
                .isTrue());
  }

  @Test
  void a_node_starts_beside_a_build_under_way_though_that_could_not_be_begun_any_more()
      throws Exception {
    node.close();
    TestProjection raised =
        new TestProjection("log")
            .version(2)
            .uniquePayloads()
            .rebuilt(RebuildPolicy.beside().whenApproved());
    node = new TestSystem(world);
    node.kintsugi().start(raised.definition().replacing(log.definition()));
    eventually(
        () ->
            assertThat(get(node.kintsugi().status("log")).rebuild().orElseThrow().isHeld())
                .isTrue());
    world.execute("CREATE MATERIALIZED VIEW summed AS SELECT count(*) FROM log_log");
    node.close();

    node = new TestSystem(world);
    node.kintsugi().start(raised.definition().replacing(log.definition()));

    node.record("b", "three");
    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "b/1");
    get(node.kintsugi().management("ann").approve("log", "it looks right"));
    eventually(
        () ->
            assertThat(
                    get(node.kintsugi().status("log"))
                        .rebuild()
                        .orElseThrow()
                        .blockedBy()
                        .orElse(""))
                .contains("materialized view", "summed"));
    world.execute("DROP MATERIALIZED VIEW summed");
    eventually(() -> assertThat(world.generation(log).version()).isEqualTo(2));
    world.auditWhole(raised);
  }
}
