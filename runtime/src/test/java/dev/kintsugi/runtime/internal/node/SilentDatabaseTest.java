package dev.kintsugi.runtime.internal.node;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.eventuallySucceeds;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.query.KintsugiReadJournal;
import dev.kintsugi.runtime.testing.JournalMessages;
import dev.kintsugi.runtime.testing.SnapshotMessages;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.Wire;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A network that goes silent keeps no thread for longer than the settings say. */
class SilentDatabaseTest {

  private final World world = new World();
  private final Wire wire = new Wire(world.url());
  private final TestSystem node =
      new TestSystem(
          wire.url(),
          """
          kintsugi.jdbc {
            connection-timeout = 1s, answer-timeout = 1s, long-answer-timeout = 2s
          }
          """);
  private final SnapshotMessages snapshots = new SnapshotMessages(node, "kintsugi.snapshot-store");

  @AfterEach
  void close() {
    node.close();
    wire.close();
    world.close();
  }

  private CompletionStage<?> query() {
    return PersistenceQuery.get(node.system())
        .getReadJournalFor(KintsugiReadJournal.class, KintsugiReadJournal.IDENTIFIER)
        .currentEventsByPersistenceId("a", 1, Long.MAX_VALUE)
        .runWith(Sink.seq(), node.system());
  }

  private void assertFailsForWantOfADatabase(CompletionStage<?> stage) {
    assertThatThrownBy(() -> get(stage))
        .satisfies(e -> assertThat(SqlStates.isDatabaseAtFault(e)).as("%s", e).isTrue());
  }

  /** Makes all that reads or writes events wait. */
  private Connection holdJournal() throws Exception {
    Connection lock = world.database().connection();
    try (Statement statement = lock.createStatement()) {
      statement.execute("LOCK TABLE event_journal IN ACCESS EXCLUSIVE MODE");
    }
    return lock;
  }

  @Test
  void all_that_waits_for_an_answer_fails_and_all_threads_are_back_once_the_network_is()
      throws Exception {
    JournalMessages journal = new JournalMessages(node, "kintsugi.journal");
    journal.persistAll(JournalMessages.event("a", 1, "event", "writer"));
    List<CompletionStage<?>> waiting = new ArrayList<>();
    try (Connection lock = holdJournal()) {
      for (int i = 0; i < 3; i++) {
        waiting.add(query());
        waiting.add(node.node().onBlockingThread(this::longWork));
      }
      eventually(() -> assertThat(world.someoneWaitsForALock()).isTrue());

      wire.silence();
      lock.rollback();
    }

    waiting.forEach(this::assertFailsForWantOfADatabase);
    wire.cut();
    wire.mend();
    eventually(() -> assertThat(snapshots.load("a")).isEmpty());
    for (int i = 0; i < 20; i++) {
      eventuallySucceeds(() -> get(query()));
    }
    journal.persistAll(JournalMessages.event("a", 2, "event", "writer"));
  }

  private boolean longWork() throws Exception {
    try (Connection connection = node.node().database().forLongWork().connection();
        Statement statement = connection.createStatement()) {
      return statement.execute("SELECT count(*) FROM event_journal");
    }
  }
}
