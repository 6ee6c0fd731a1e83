package dev.kintsugi.runtime.internal.writer;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Tables;
import dev.kintsugi.runtime.persistence.AppendResult;
import dev.kintsugi.runtime.persistence.AppendResult.Appended;
import dev.kintsugi.runtime.persistence.AppendResult.Conflict;
import dev.kintsugi.runtime.persistence.EventWriter;
import dev.kintsugi.runtime.testing.Recorder;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.persistence.journal.EventAdapter;
import org.apache.pekko.persistence.journal.EventSeq;
import org.apache.pekko.persistence.journal.Tagged;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Streams that persistent actors and plain JDBC code both write to. */
class EventWriterBesideActorsTest {

  /** Another form in the journal, tagged, under a manifest. */
  public static final class Adapter implements EventAdapter {
    @Override
    public String manifest(Object event) {
      return "v" + event.toString().length();
    }

    @Override
    public Object toJournal(Object event) {
      return new Tagged("stored:" + event, Set.of("adapted"));
    }

    @Override
    public EventSeq fromJournal(Object event, String manifest) {
      String text = event.toString();
      return EventSeq.single(
          text.startsWith("stored:") ? text.substring("stored:".length()) + " " + manifest : text);
    }
  }

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");
  private TestSystem node = new TestSystem(world);

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  private AppendResult append(String persistenceId, long expected, Object... events)
      throws Exception {
    try (Connection connection = world.database().connection()) {
      AppendResult result =
          node.kintsugi()
              .eventWriter()
              .append(connection, persistenceId, expected, List.of(events));
      connection.commit();
      return result;
    }
  }

  @Test
  void an_actor_recovers_what_plain_jdbc_wrote_and_goes_on_behind_it() throws Exception {
    node.startAndFinish(log);
    append("a", 0, "one", "two");

    ActorRef<Recorder.Command> actor = node.recorder("a");
    assertThat(node.read(actor)).containsExactly("one", "two");
    get(node.persist(actor, "three"));

    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "a/3");
    world.auditWhole(log);
  }

  /** Pekko leaves out, at a recovery, events of a writer after those of a newer one. */
  @Test
  void an_actor_recovers_all_of_a_stream_that_both_wrote_in_turns() throws Exception {
    List<String> written = new ArrayList<>();
    for (int i = 0; i < 24; i++) {
      String event = "event " + i;
      if (i % 2 == 0) {
        assertThat(append("a", i, event)).isInstanceOf(Appended.class);
      } else {
        node.record("a", event);
      }
      written.add(event);
    }

    assertThat(node.read(node.recorder("a"))).containsExactlyElementsOf(written);
  }

  @Test
  void against_an_actor_that_was_faster_it_is_a_conflict() throws Exception {
    ActorRef<Recorder.Command> actor = node.recorder("a");
    get(node.persist(actor, "one", "two"));

    assertThat(append("a", 1, "other two")).isEqualTo(new Conflict("a", 1, 2));

    get(node.persist(actor, "three"));
    assertThat(node.read(actor)).containsExactly("one", "two", "three");
  }

  @Test
  void an_actor_that_was_slower_fails_starts_again_and_knows_then() throws Exception {
    node.startAndFinish(log);
    ActorRef<Recorder.Command> actor = node.recorder("a");
    get(node.persist(actor, "one"));
    append("a", 1, "two");

    CompletionStage<Done> answer = node.persist(actor, "other two");

    eventually(() -> assertThat(node.read(actor)).containsExactly("one", "two"));
    assertThat(answer.toCompletableFuture()).isNotDone();
    get(node.persist(actor, "three"));
    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "a/3");
    world.auditWhole(log);
  }

  @Test
  void a_stream_looks_the_same_whoever_wrote_it_event_adapters_included() throws Exception {
    node.close();
    node =
        new TestSystem(
            world,
            """
            kintsugi.journal {
              event-adapters.test = "%s"
              event-adapter-bindings."java.lang.String" = test
            }
            """
                .formatted(Adapter.class.getName()));
    node.startAndFinish(log);
    node.record("a", "one", "tag:red");

    append("b", 0, "one", new Tagged("tag:red", Set.of("red")));

    List<String> byActor = rowsOf("a");
    assertThat(byActor)
        .as("adapted; but not what Pekko has wrapped in Tagged before it looks for an adapter")
        .containsExactly("1 stored:one v3 by 20 {adapted}", "2 tag:red  by 20 {red}");
    assertThat(rowsOf("b")).isEqualTo(byActor);
    assertThat(world.column("SELECT payload FROM log_log ORDER BY persistence_id, sequence_number"))
        .containsExactly("one v3", "tag:red", "one v3", "tag:red");
    assertThat(node.read(node.recorder("b"))).containsExactly("one v3", "tag:red");
  }

  private List<String> rowsOf(String persistenceId) throws Exception {
    return world.column(
        """
        SELECT sequence_number || ' ' || convert_from(event_payload, 'UTF8') || ' '
          || adapter_manifest || ' by ' || event_ser_id || event_ser_manifest || ' '
          || array_agg(tag)::text
        FROM event_journal LEFT JOIN event_tag ON event_id = ordering
        WHERE persistence_id = '%s' AND meta_payload IS NULL
        GROUP BY persistence_id, sequence_number ORDER BY 1
        """
            .formatted(persistenceId));
  }

  /** Numbers the events that it saw. */
  private static final class Numbering extends JdbcHandler<EventEnvelope<String>, JdbcSession> {
    private int seen;

    @Override
    public void process(JdbcSession session, EventEnvelope<String> envelope) throws Exception {
      seen++;
      session.withConnection(
          connection -> {
            try (var insert = connection.prepareStatement("INSERT INTO numbered VALUES (?, ?)")) {
              insert.setString(1, envelope.event());
              insert.setInt(2, seen);
              return insert.executeUpdate();
            }
          });
      if (envelope.event().equals("poison")) {
        throw new IllegalArgumentException("poison");
      }
    }
  }

  @Test
  void no_handler_remembers_what_was_rolled_back() throws Exception {
    node.kintsugi()
        .start(
            Projection.named("numbered")
                .of(String.class)
                .tables(Tables.sql("CREATE TABLE numbered (event TEXT, seen INT)"))
                .handler(Numbering::new)
                .onFailure(FailurePolicy.skip())
                .build());
    get(node.kintsugi().whenDone("numbered"));
    EventWriter writer = node.kintsugi().eventWriter();
    try (Connection connection = world.database().connection()) {
      writer.append(connection, "a", 0, List.of("never"));
      connection.rollback();
      writer.append(connection, "a", 0, List.of("one", "two", "poison"));
      writer.append(connection, "b", 0, List.of("three"));
      connection.commit();
    }

    assertThat(world.column("SELECT event || ' ' || seen FROM numbered"))
        .containsExactly("one 1", "two 2", "three 1");
  }
}
