package dev.kintsugi.runtime.internal.journal;

import static dev.kintsugi.runtime.testing.TestSystem.PATIENCE;
import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.eventuallySucceeds;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.testing.JournalMessages;
import dev.kintsugi.runtime.testing.Recorder;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.Wire;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.persistence.AtomicWrite;
import org.apache.pekko.persistence.PersistentRepr;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import scala.jdk.javaapi.CollectionConverters;

/** The database goes away, with all that was said to it, and comes back. */
@Tag("slow")
class OutageTest {

  private final World world = new World();
  private final Wire wire = new Wire(world.url());
  private final TestSystem node =
      new TestSystem(wire.url(), "kintsugi.jdbc.connection-timeout = 2s");

  @AfterEach
  void close() {
    node.close();
    wire.close();
    world.close();
  }

  private JournalLanes lanes(Duration answerTimeout) {
    return new JournalLanes(
        node.node(), node.node().codec(), new JournalSettings(1, 100, 100, 1 << 20, answerTimeout));
  }

  private static CompletionStage<? extends Iterable<Optional<Exception>>> write(
      JournalLanes lanes, String persistenceId, long sequenceNumber) {
    PersistentRepr event =
        JournalMessages.event(persistenceId, sequenceNumber, "event " + sequenceNumber, "writer");
    return lanes.write(
        List.of(AtomicWrite.apply(CollectionConverters.asScala(List.of(event)).toSeq())));
  }

  private void assertFailsForWantOfADatabase(ThrowingCallable call) {
    assertThatThrownBy(call)
        .satisfies(
            e ->
                assertThat(SqlStates.isDatabaseAtFault(e))
                    .as("the database is at fault: %s", e)
                    .isTrue());
  }

  private List<String> stored() throws Exception {
    return world.column(
        "SELECT persistence_id || '/' || sequence_number FROM event_journal ORDER BY 1");
  }

  /** Writes to a new stream each time, as what failed may be stored: the first that succeeds. */
  private static String storedAtLast(JournalLanes lanes) {
    AtomicInteger tries = new AtomicInteger();
    eventuallySucceeds(() -> get(write(lanes, "c" + tries.incrementAndGet(), 1)));
    return "c" + tries + "/1";
  }

  /** Makes every insert wait. */
  private Connection holdInserts() throws Exception {
    Connection lock = world.database().connection();
    try (Statement statement = lock.createStatement()) {
      statement.execute("LOCK TABLE event_journal IN SHARE MODE");
    }
    return lock;
  }

  @Test
  void a_write_in_flight_fails_when_the_wire_is_cut_and_a_later_one_is_stored() throws Exception {
    try (JournalLanes lanes = lanes(PATIENCE)) {
      CompletionStage<?> inFlight;
      try (Connection lock = holdInserts()) {
        inFlight = write(lanes, "a", 1);
        eventually(() -> assertThat(world.someoneWaitsForALock()).isTrue());

        wire.cut();

        assertFailsForWantOfADatabase(() -> get(inFlight));
        assertFailsForWantOfADatabase(() -> get(write(lanes, "b", 1)));
        lock.rollback();
      }
      wire.mend();

      String atLast = storedAtLast(lanes);
      assertThat(stored()).doesNotContain("a/1", "b/1").contains(atLast);
    }
  }

  @Test
  void replays_look_ups_and_deletions_fail_without_a_database_and_later_succeed() throws Exception {
    try (JournalLanes lanes = lanes(PATIENCE)) {
      for (int i = 1; i <= 3; i++) {
        get(write(lanes, "a", i));
      }
      List<PersistentRepr> replayed = new ArrayList<>();
      wire.cut();

      assertFailsForWantOfADatabase(() -> get(lanes.highestSequenceNumber("a", 0)));
      assertFailsForWantOfADatabase(() -> get(lanes.replay("a", 1, 3, 3, replayed::add)));
      assertFailsForWantOfADatabase(() -> get(lanes.deleteUpTo("a", 2)));
      assertThat(replayed).isEmpty();
      wire.mend();

      eventuallySucceeds(() -> assertThat(get(lanes.highestSequenceNumber("a", 0))).isEqualTo(3));
      get(lanes.replay("a", 1, 3, 3, replayed::add));
      assertThat(replayed).hasSize(3);
      get(lanes.deleteUpTo("a", 2));
      assertThat(stored()).containsExactly("a/2", "a/3");
    }
  }

  @Test
  void a_write_does_not_wait_for_ever_for_an_answer_of_a_silent_database() throws Exception {
    try (JournalLanes lanes = lanes(Duration.ofSeconds(2))) {
      get(write(lanes, "a", 1));
      wire.silence();

      assertFailsForWantOfADatabase(() -> get(write(lanes, "b", 1)));
      wire.cut();
      wire.mend();

      String atLast = storedAtLast(lanes);
      assertThat(stored()).contains("a/1", atLast);
    }
  }

  @Test
  void no_acknowledged_event_is_lost_none_is_stored_twice_and_every_actor_goes_on()
      throws Exception {
    TestProjection log = new TestProjection("log");
    node.startAndFinish(log);
    List<ActorRef<Recorder.Command>> actors = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      actors.add(node.recorder("s" + i));
    }
    ConcurrentLinkedQueue<String> acknowledged = new ConcurrentLinkedQueue<>();

    for (int outage = 1; outage <= 4; outage++) {
      for (int i = 1; i <= 5; i++) {
        sendToEach(actors, "outage " + outage + ", " + i, acknowledged);
      }
      wire.cut();
      sendToEach(actors, "outage " + outage + ", without a database", acknowledged);
      wire.mend();
    }

    for (int i = 0; i < actors.size(); i++) {
      ActorRef<Recorder.Command> actor = actors.get(i);
      String last = "last of " + i;
      eventually(
          () -> {
            if (!node.read(actor).contains(last)) {
              actor.tell(new Recorder.Persist(List.of(last), node.<Done>probe().ref()));
            }
            assertThat(node.read(actor)).contains(last);
          });
    }
    List<String> payloads =
        world.column("SELECT convert_from(event_payload, 'UTF8') FROM event_journal");
    assertThat(payloads).containsAll(acknowledged);
    assertThat(payloads.stream().filter(payload -> !payload.startsWith("last")))
        .doesNotHaveDuplicates();
    assertThat(acknowledged).isNotEmpty();
    assertThat(
            world.column(
                """
                SELECT persistence_id FROM event_journal GROUP BY persistence_id
                HAVING min(sequence_number) <> 1 OR max(sequence_number) <> count(*)
                """))
        .as("streams with gaps")
        .isEmpty();
    world.auditWhole(log);
  }

  private void sendToEach(
      List<ActorRef<Recorder.Command>> actors,
      String text,
      ConcurrentLinkedQueue<String> acknowledged) {
    for (int i = 0; i < actors.size(); i++) {
      String event = text + " of s" + i;
      AskPattern.<Recorder.Command, Done>ask(
              actors.get(i),
              replyTo -> new Recorder.Persist(List.of(event), replyTo),
              PATIENCE,
              Adapter.toTyped(node.system()).scheduler())
          .thenRun(() -> acknowledged.add(event));
    }
  }
}
