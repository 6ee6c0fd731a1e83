package dev.kintsugi.runtime.internal.journal;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.testing.Recorder;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The journal plugin under typed persistent actors. */
@Tag("slow")
class JournalPluginTest {

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");
  private TestSystem node = new TestSystem(world);

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  private List<String> stored() throws Exception {
    return world.column(
        "SELECT persistence_id || '/' || sequence_number FROM event_journal"
            + " ORDER BY persistence_id, sequence_number");
  }

  @Test
  void an_actor_finds_what_it_persisted_when_it_is_started_again() throws Exception {
    ActorRef<Recorder.Command> actor = node.recorder("a");
    get(node.persist(actor, "one"));
    get(node.persist(actor, "two", "three"));
    node.stop(actor);

    ActorRef<Recorder.Command> again = node.recorder("a");
    assertThat(node.read(again)).containsExactly("one", "two", "three");
    get(node.persist(again, "four"));

    assertThat(node.read(again)).containsExactly("one", "two", "three", "four");
    assertThat(stored()).containsExactly("a/1", "a/2", "a/3", "a/4");
  }

  @Test
  void an_actor_recovers_in_the_next_actor_system_on_the_same_database() throws Exception {
    node.record("a", "one", "two");
    node.close();

    node = new TestSystem(world);
    ActorRef<Recorder.Command> again = node.recorder("a");

    assertThat(node.read(again)).containsExactly("one", "two");
    get(node.persist(again, "three"));
    assertThat(stored()).containsExactly("a/1", "a/2", "a/3");
  }

  @Test
  void many_events_are_recovered_in_sequence() throws Exception {
    String[] events = new String[1203]; // more than two portions of the cursor
    for (int i = 0; i < events.length; i++) {
      events[i] = "e" + i;
    }
    node.record("a", events);

    assertThat(node.read(node.recorder("a"))).containsExactly(events);
  }

  @Test
  void events_persisted_at_once_are_stored_in_one_transaction_and_projected_in_sequence()
      throws Exception {
    node.startAndFinish(log);

    node.record("a", "one", "two", "three");

    assertThat(world.column("SELECT DISTINCT xmin::text FROM event_journal")).hasSize(1);
    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "a/3");
  }

  @Test
  void the_read_model_holds_an_event_as_soon_as_its_actor_is_answered() throws Exception {
    node.startAndFinish(log);
    ActorRef<Recorder.Command> actor = node.recorder("a");

    for (int i = 1; i <= 20; i++) {
      get(node.persist(actor, "event " + i));
      assertThat(world.applied(log)).hasSize(i);
    }
    world.auditWhole(log);
  }

  @Test
  void every_acknowledged_event_of_many_actors_at_once_is_stored_and_projected_once()
      throws Exception {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    node.startAndFinish(log);
    List<ActorRef<Recorder.Command>> actors = new ArrayList<>();
    List<List<String>> sent = new ArrayList<>();
    List<CompletionStage<Done>> answers = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      actors.add(node.recorder("stream-" + i));
      sent.add(new ArrayList<>());
    }

    for (int i = 0; i < 600; i++) {
      int actor = random.nextInt(actors.size());
      String[] events = new String[1 + random.nextInt(3)];
      for (int j = 0; j < events.length; j++) {
        events[j] = i + "-" + j;
        sent.get(actor).add(events[j]);
      }
      answers.add(node.persist(actors.get(actor), events));
    }
    for (CompletionStage<Done> answer : answers) {
      get(answer);
    }

    for (int i = 0; i < actors.size(); i++) {
      assertThat(
              world.column(
                  "SELECT payload FROM log_log WHERE persistence_id = 'stream-%d' ORDER BY n"
                      .formatted(i)))
          .as("projected of stream-%d, seed %d", i, seed)
          .containsExactlyElementsOf(sent.get(i));
      node.stop(actors.get(i));
      assertThat(node.read(node.recorder("stream-" + i)))
          .as("recovered of stream-%d, seed %d", i, seed)
          .containsExactlyElementsOf(sent.get(i));
    }
    assertThat(
            world.column(
                """
                SELECT persistence_id FROM event_journal GROUP BY persistence_id
                HAVING min(sequence_number) <> 1 OR max(sequence_number) <> count(*)
                """))
        .as("streams with gaps, seed %d", seed)
        .isEmpty();
    world.auditWhole(log);
  }

  @Test
  void a_tag_is_stored_beside_the_event_and_is_not_in_what_handlers_see() throws Exception {
    node.startAndFinish(log);

    node.record("a", "plain", "tag:red", "tag:green");

    assertThat(
            world.column(
                """
                SELECT j.sequence_number || ' ' || t.tag FROM event_tag t
                JOIN event_journal j ON j.ordering = t.event_id ORDER BY 1
                """))
        .containsExactly("2 red", "3 green");
    assertThat(world.column("SELECT payload FROM log_log ORDER BY n"))
        .containsExactly("plain", "tag:red", "tag:green");
    assertThat(node.read(node.recorder("a"))).containsExactly("plain", "tag:red", "tag:green");
  }

  @Test
  void an_actor_whose_sequence_number_another_incarnation_took_fails_and_recovers_and_goes_on()
      throws Exception {
    node.startAndFinish(log);
    ActorRef<Recorder.Command> actor = node.recorder("a");
    get(node.persist(actor, "one"));
    ActorRef<Recorder.Command> other = node.recorder("a");
    assertThat(node.read(other)).containsExactly("one");
    get(node.persist(other, "two, by the other"));

    actor.tell(new Recorder.Persist(List.of("two, too late"), node.<Done>probe().ref()));

    eventually(() -> assertThat(node.read(actor)).containsExactly("one", "two, by the other"));
    get(node.persist(actor, "three"));
    assertThat(node.read(actor)).containsExactly("one", "two, by the other", "three");
    assertThat(stored()).containsExactly("a/1", "a/2", "a/3");
    world.auditWhole(log);
  }
}
