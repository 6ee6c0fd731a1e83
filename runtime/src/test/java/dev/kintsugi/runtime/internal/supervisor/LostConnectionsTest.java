package dev.kintsugi.runtime.internal.supervisor;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.projections.Backoff;
import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.RebuildHandle;
import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.testing.Recorder;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The database ends the node's connections; what was under way ends well all the same. */
@Tag("slow")
class LostConnectionsTest {

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");
  private final TestSystem node =
      new TestSystem(
          world.url() + "&ApplicationName=victim",
          """
          kintsugi.rebuild.batch-size = 2
          kintsugi.recovery.batch-size = 2
          """);

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  /** Ends all connections of the node, some times, each time after it has made new ones. */
  private void terminate(int times) {
    for (int i = 0; i < times; i++) {
      eventually(
          () ->
              assertThat(
                      world.column(
                          """
                          SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                          WHERE application_name = 'victim' AND datname = current_database()
                          """))
                  .isNotEmpty());
    }
  }

  @Test
  void a_rebuild_ends_and_says_so() throws Exception {
    for (int i = 1; i <= 200; i++) {
      world.append(world.event("s" + i % 5, (i + 4) / 5));
    }
    node.startAndFinish(log);
    RebuildHandle rebuild;
    try (Connection held = world.database().connection();
        Statement statement = held.createStatement()) {
      statement.execute("SELECT pg_current_xact_id(); SELECT 1 FROM kintsugi_projection");
      rebuild = get(node.kintsugi().rebuild("log", "test"));
      terminate(3);
      held.rollback();
    }
    terminate(5);

    assertThat(get(rebuild.done()).isDone()).isTrue();
    assertThat(world.applied(log)).hasSize(200);
    world.auditWhole(log);
  }

  @Test
  void recovery_ends_and_counts_no_attempt_for_it() throws Exception {
    node.startAndFinish(
        log.onFailure(
            FailurePolicy.skip()
                .retry(
                    Duration.ofHours(1),
                    Backoff.between(Duration.ofHours(1), Duration.ofHours(1)))));
    log.failOn("a/1");
    NewEvent[] events = new NewEvent[60];
    for (int i = 0; i < events.length; i++) {
      events[i] = world.event("a", i + 1);
    }
    world.haveHandlersOf(log);
    world.append(events);
    assertThat(world.open(log)).hasSize(60);
    log.repair();

    world.execute("UPDATE kintsugi_skip SET next_attempt_at = '-infinity'");
    terminate(5);

    eventually(() -> assertThat(world.open(log)).isEmpty());
    assertThat(world.column("SELECT DISTINCT attempts FROM kintsugi_skip_archive ORDER BY 1"))
        .containsExactly("0", "1");
    world.auditWhole(log);
  }

  @Test
  void an_actor_whose_write_failed_recovers_and_writes_on() throws Exception {
    node.startAndFinish(log);
    ActorRef<Recorder.Command> actor = node.recorder("a");
    get(node.persist(actor, "one"));

    terminate(2);

    eventually(
        () -> {
          actor.tell(new Recorder.Persist(List.of("more"), node.<Done>probe().ref()));
          assertThat(node.read(actor)).contains("more");
        });
    assertThat(node.read(actor)).hasSameSizeAs(world.applied(log));
    world.auditWhole(log);
  }
}
