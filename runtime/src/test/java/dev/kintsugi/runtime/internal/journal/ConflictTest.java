package dev.kintsugi.runtime.internal.journal;

import static dev.kintsugi.runtime.testing.TestSystem.PATIENCE;
import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.persistence.JournalOverloadedException;
import dev.kintsugi.runtime.persistence.StreamConflictException;
import dev.kintsugi.runtime.testing.JournalMessages;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.Wire;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.pattern.CircuitBreakerOpenException;
import org.apache.pekko.persistence.AtomicWrite;
import org.apache.pekko.persistence.JournalProtocol;
import org.apache.pekko.persistence.Persistence;
import org.apache.pekko.persistence.PersistentEnvelope;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import scala.jdk.javaapi.CollectionConverters;

/** Two writers of one stream: an error of that stream, and of no other. */
class ConflictTest {

  private static final int MANY = 30;

  private final World world = new World();
  private final Wire wire = new Wire(world.url());
  private TestSystem node = new TestSystem(wire.url(), "kintsugi.jdbc.connection-timeout = 300ms");
  private JournalMessages journal = new JournalMessages(node, "kintsugi.journal");

  @AfterEach
  void close() {
    node.close();
    wire.close();
    world.close();
  }

  /** Writes an event that can't be stored, and returns what its actor is told. */
  private Throwable fails(String persistenceId, long sequenceNumber) {
    TestProbe<Object> actor = send(persistenceId, sequenceNumber);
    assertThat(actor.receiveMessage(PATIENCE))
        .isInstanceOf(JournalProtocol.WriteMessagesFailed.class);
    Object failure = actor.receiveMessage(PATIENCE);
    assertThat(failure).isInstanceOf(JournalProtocol.WriteMessageFailure.class);
    return ((JournalProtocol.WriteMessageFailure) failure).cause();
  }

  private TestProbe<Object> send(String persistenceId, long sequenceNumber) {
    return send(persistenceId, sequenceNumber, "event");
  }

  /** Sends an event of an incarnation of its own; what its actor is told comes to the probe. */
  private TestProbe<Object> send(String persistenceId, long sequenceNumber, String event) {
    String incarnation = UUID.randomUUID().toString();
    ActorRef plugin =
        Persistence.get(node.system()).journalFor("kintsugi.journal", ConfigFactory.empty());
    TestProbe<Object> actor = node.probe();
    List<PersistentEnvelope> envelopes =
        List.of(
            AtomicWrite.apply(
                CollectionConverters.asScala(
                        List.of(
                            JournalMessages.event(
                                persistenceId, sequenceNumber, event, incarnation)))
                    .toSeq()));
    plugin.tell(
        new JournalProtocol.WriteMessages(
            CollectionConverters.asScala(envelopes).toSeq(), Adapter.toClassic(actor.ref()), 1),
        ActorRef.noSender());
    return actor;
  }

  @Test
  void a_conflict_says_which_stream_what_was_expected_and_what_was_found() {
    for (int i = 1; i <= 3; i++) {
      journal.persistAll(JournalMessages.event("a", i, "event", "writer"));
    }

    assertThat(fails("a", 2))
        .isInstanceOfSatisfying(
            StreamConflictException.class,
            conflict -> {
              assertThat(conflict.persistenceId()).isEqualTo("a");
              assertThat(conflict.expected()).isEqualTo(1);
              assertThat(conflict.found()).isEqualTo(3);
            })
        .hasMessageContaining("event 2 of stream a is not stored")
        .hasMessageContaining("Another writer was there");
  }

  @Test
  void many_conflicts_open_the_breaker_for_nobody() {
    journal.persistAll(JournalMessages.event("a", 1, "event", "writer"));

    for (int i = 0; i < MANY; i++) {
      assertThat(fails("a", 1)).isInstanceOf(StreamConflictException.class);
    }

    journal.persistAll(JournalMessages.event("b", 1, "event", "writer"));
  }

  @Test
  void refusals_by_a_full_queue_open_the_breaker_for_nobody() throws Exception {
    node.close();
    node = new TestSystem(wire.url(), "kintsugi.journal { lanes = 1, queue-size = 1 }");
    journal = new JournalMessages(node, "kintsugi.journal");
    journal.persistAll(JournalMessages.event("first", 1, "event", "writer"));
    try (Connection lock = world.database().connection();
        Statement statement = lock.createStatement()) {
      statement.execute("LOCK TABLE event_journal IN SHARE MODE");
      List<TestProbe<Object>> waiting = new ArrayList<>();
      waiting.add(send("under way", 1));
      eventually(
          () ->
              assertThat(world.column("SELECT pid FROM pg_locks WHERE NOT granted")).isNotEmpty());
      waiting.add(send("queued", 1));

      for (int i = 0; i < MANY; i++) {
        assertThat(fails("s" + i, 1)).isInstanceOf(JournalOverloadedException.class);
      }

      lock.rollback();
      for (TestProbe<Object> actor : waiting) {
        assertThat(actor.receiveMessage(PATIENCE))
            .isInstanceOf(JournalProtocol.WriteMessagesSuccessful$.class);
      }
    }
    journal.persistAll(JournalMessages.event("after", 1, "event", "writer"));
  }

  @Test
  void events_that_a_handler_rejects_open_the_breaker_for_nobody() throws Exception {
    TestProjection log = new TestProjection("log").onFailure(FailurePolicy.reject());
    node.kintsugi().start(log.definition());
    get(node.kintsugi().whenDone("log"));
    for (int i = 0; i < MANY; i++) {
      log.failOn("rejected " + i);
    }

    for (int i = 0; i < MANY; i++) {
      TestProbe<Object> actor = send("s" + i, 1, "rejected " + i);
      assertThat(actor.receiveMessage(PATIENCE))
          .isInstanceOf(JournalProtocol.WriteMessagesSuccessful$.class);
      assertThat(actor.receiveMessage(PATIENCE))
          .isInstanceOf(JournalProtocol.WriteMessageRejected.class);
    }

    journal.persistAll(JournalMessages.event("b", 1, "event", "writer"));
  }

  @Test
  void an_outage_still_fails_fast() {
    journal.persistAll(JournalMessages.event("a", 1, "event", "writer"));
    wire.cut();

    Throwable last = fails("a", 2);
    for (int i = 0; i < MANY && !(last instanceof CircuitBreakerOpenException); i++) {
      last = fails("s" + i, 1);
    }

    assertThat(last).isInstanceOf(CircuitBreakerOpenException.class);
  }
}
