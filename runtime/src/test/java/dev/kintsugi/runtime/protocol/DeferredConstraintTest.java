package dev.kintsugi.runtime.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.internal.definition.Writing;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.persistence.AppendRejectedException;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A constraint that the COMMIT would look at fails the event that violates it, and no other. */
class DeferredConstraintTest {

  private static final String SCRIPT =
      """
      CREATE TABLE names (
        stream TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        CONSTRAINT one_each UNIQUE (name) DEFERRABLE INITIALLY DEFERRED)
      """;

  private final World world = new World();
  private final TestProjection names =
      new TestProjection("names")
          .handledBy(SCRIPT, () -> JdbcHandler.fromFunction(DeferredConstraintTest::apply))
          .written(new Writing(false, List.of("one_each")));

  /** Two statements, between which the constraint may be violated. */
  private static void apply(JdbcSession session, EventEnvelope<String> envelope) {
    String name = envelope.event();
    try {
      session.withConnection(
          connection -> {
            put(connection, envelope.persistenceId(), name);
            return name;
          });
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static void put(Connection connection, String stream, String name) throws Exception {
    try (Statement statement = connection.createStatement()) {
      if (name.startsWith("take ")) {
        String taken = name.substring("take ".length());
        statement.executeUpdate("INSERT INTO names VALUES ('" + stream + "', '" + taken + "')");
        statement.executeUpdate(
            "UPDATE names SET name = name || ' (taken)' WHERE name = '%s' AND stream <> '%s'"
                .formatted(taken, stream));
      } else {
        statement.executeUpdate(
            "INSERT INTO names VALUES ('%1$s', '%2$s') ON CONFLICT (stream) DO UPDATE SET name = '%2$s'"
                .formatted(stream, name));
      }
    }
  }

  @AfterEach
  void close() {
    world.close();
  }

  private List<String> rows() throws Exception {
    return world.column("SELECT stream || ' ' || name FROM names ORDER BY 1");
  }

  @Test
  void an_append_records_the_event_that_violates_it() throws Exception {
    world.start(names);
    world.append(
        world.event("a", 1, "ant"), world.event("b", 1, "ant"), world.event("c", 1, "cat"));

    assertThat(rows()).containsExactly("a ant", "c cat");
    assertThat(world.open(names)).containsExactly("b/1 FAILED");
  }

  @Test
  void within_one_event_it_may_be_violated() throws Exception {
    world.start(names);
    world.append(world.event("a", 1, "ant"), world.event("b", 1, "take ant"));

    assertThat(rows()).containsExactly("a ant (taken)", "b ant");
    assertThat(world.open(names)).isEmpty();
  }

  @Test
  void an_append_is_rejected_for_the_event_that_violates_it() throws Exception {
    world.start(names.onFailure(FailurePolicy.reject()));

    assertThatThrownBy(() -> world.append(world.event("a", 1, "ant"), world.event("b", 1, "ant")))
        .isInstanceOf(AppendRejectedException.class)
        .hasMessageContaining("event 1 of stream b")
        .hasMessageContaining("one_each");
    world.append(world.event("a", 1, "ant"));
    assertThat(rows()).containsExactly("a ant");
  }

  @Test
  void a_drain_fails_the_record_that_violates_it_and_ends() throws Exception {
    world.start(names);
    world.setPaused(names, true);
    world.append(
        world.event("a", 1, "ant"), world.event("b", 1, "ant"), world.event("c", 1, "cat"));
    world.setPaused(names, false);
    world.drainAll(names);

    assertThat(rows()).containsExactly("a ant", "c cat");
    assertThat(world.open(names)).containsExactly("b/1 FAILED");
  }

  @Test
  void a_writer_that_helps_leaves_the_record_that_violates_it() throws Exception {
    world.start(names);
    world.append(world.event("a", 1, "ant"));
    world.setPaused(names, true);
    world.append(world.event("b", 1, "ant"));
    world.setPaused(names, false);
    world.append(world.event("b", 2, "bee"), world.event("c", 1, "cat"));

    assertThat(rows()).containsExactly("a ant", "c cat");
    assertThat(world.open(names)).containsExactly("b/1 PAUSED", "b/2 BEHIND");
  }

  @Test
  void a_replay_records_the_event_that_violates_it() throws Exception {
    world.append(
        world.event("a", 1, "ant"), world.event("b", 1, "ant"), world.event("c", 1, "cat"));
    world.register(names);
    RebuildSteps owner = world.owner(names);
    while (world.rebuild(names).phase() != Phase.DRAIN) {
      world.step(owner);
    }

    assertThat(rows()).containsExactly("a ant", "c cat");
    assertThat(world.open(names)).containsExactly("b/1 FAILED");
  }
}
