package dev.kintsugi.runtime.internal.supervisor;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import org.apache.pekko.actor.testkit.typed.javadsl.LoggingTestKit;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Operators find what the actors log by the names of Kintsugi's classes. */
class LogTest {

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");
  private final TestSystem node = new TestSystem(world);

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  @Test
  void a_stopped_rebuild_is_logged_under_the_supervisors_name() throws Exception {
    node.startAndFinish(log.onFailure(FailurePolicy.reject()));
    node.record("a", "poison");
    log.failOn("poison");

    LoggingTestKit.error("Rebuild of projection 'log', generation 2 is stopped")
        .withLoggerName(ProjectionSupervisor.class.getName())
        .expect(Adapter.toTyped(node.system()), () -> node.kintsugi().rebuild("log", "test"));
  }
}
