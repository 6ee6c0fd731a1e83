package dev.kintsugi.runtime.internal.node;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.runtime.durable.DurableStates;
import dev.kintsugi.runtime.internal.event.JournalTables;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.jdbc.JdbcSettings;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.internal.schema.Schema;
import dev.kintsugi.runtime.persistence.DatabaseUnavailableException;
import dev.kintsugi.runtime.persistence.SchemaException;
import dev.kintsugi.runtime.query.KintsugiReadJournal;
import dev.kintsugi.runtime.testing.JournalMessages;
import dev.kintsugi.runtime.testing.SnapshotMessages;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestServer;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.Wire;
import java.sql.Connection;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.apache.pekko.actor.testkit.typed.javadsl.LoggingTestKit;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.persistence.SnapshotMetadata;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.persistence.state.DurableStateStoreRegistry;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A node that starts before its database, or before its tables, works by itself once it can. */
@Tag("slow")
class StartBeforeDatabaseTest {

  private final String url = TestServer.createDatabase();
  private final Wire wire = new Wire(url);
  private TestSystem node = new TestSystem(wire.url(), "kintsugi.jdbc.connection-timeout = 500ms");

  @AfterEach
  void close() {
    node.close();
    wire.close();
    TestServer.dropDatabase(url);
  }

  /** What a node may do first. */
  enum Use {
    JOURNAL {
      @Override
      void by(TestSystem node) {
        JournalMessages journal = new JournalMessages(node, "kintsugi.journal");
        String stream = UUID.randomUUID().toString();
        assertThat(journal.replay(stream)).isEmpty();
        journal.persistAll(JournalMessages.event(stream, 1, "event", "writer"));
      }
    },
    SNAPSHOTS {
      @Override
      void by(TestSystem node) throws Exception {
        new SnapshotMessages(node, "kintsugi.snapshot-store")
            .save(new SnapshotMetadata("first", 1, 0), "snapshot");
      }
    },
    STATES {
      @Override
      void by(TestSystem node) throws Exception {
        DurableStates states =
            DurableStateStoreRegistry.get(node.system())
                .getDurableStateStoreFor(DurableStates.class, "kintsugi.durable-state");
        long revision = get(states.getObject("first")).revision();
        get(states.upsertObject("first", revision + 1, "state", ""));
      }
    },
    QUERIES {
      @Override
      void by(TestSystem node) throws Exception {
        get(
            PersistenceQuery.get(node.system())
                .getReadJournalFor(KintsugiReadJournal.class, KintsugiReadJournal.IDENTIFIER)
                .currentEventsByTag("tag", Offset.noOffset())
                .runWith(Sink.seq(), node.system()));
      }
    },
    STATUS {
      @Override
      void by(TestSystem node) throws Exception {
        get(node.kintsugi().overview());
      }
    },
    START {
      @Override
      void by(TestSystem node) {
        node.kintsugi().start(new TestProjection("log").definition());
      }
    };

    abstract void by(TestSystem node) throws Exception;
  }

  @ParameterizedTest
  @EnumSource(Use.class)
  void whatever_a_node_does_first_without_a_database_all_works_once_it_is_there(Use first)
      throws Exception {
    wire.cut();
    assertThatThrownBy(() -> first.by(node)).isNotNull();
    assertThatThrownBy(() -> first.by(node)).isNotNull();
    wire.mend();

    eventually(() -> works(first));
    for (Use use : Use.values()) {
      if (use != first || use != Use.START) {
        eventually(() -> works(use));
      }
    }
  }

  /** The pool may go on refusing for a moment after the database is there. */
  private void works(Use use) {
    assertThatCode(() -> use.by(node)).doesNotThrowAnyException();
  }

  @Test
  void without_a_database_a_start_says_which_database_is_away() {
    wire.cut();

    assertThat(node.kintsugi()).isNotNull();
    assertThatThrownBy(() -> Use.START.by(node))
        .isInstanceOf(DatabaseUnavailableException.class)
        .hasMessageStartingWith("No connection to jdbc:postgresql://127.0.0.1:");
  }

  @Test
  void plain_jdbc_code_that_comes_first_finds_the_tables_that_it_writes_to() throws Exception {
    try (Connection connection = DriverManager.getConnection(url)) {
      connection.setAutoCommit(false);

      node.kintsugi().eventWriter().append(connection, "a", 0, List.of("event"));

      connection.commit();
      assertThat(node.kintsugi().eventWriter().highestSequenceNumber(connection, "a")).isOne();
    }
  }

  @Test
  void many_that_wait_for_the_database_share_a_try_and_it_is_logged_once() throws Exception {
    wire.cut();

    LoggingTestKit.warn("Until there is a database, all that needs it fails")
        .withOccurrences(1)
        .expect(
            Adapter.toTyped(node.system()),
            () -> {
              for (int round = 0; round < 2; round++) {
                List<Callable<?>> uses =
                    List.of(
                        () -> get(node.kintsugi().overview()),
                        () -> get(node.kintsugi().operations("log", 1)),
                        () -> get(node.kintsugi().rebuilds("log", 1)));
                for (Callable<?> use : uses) {
                  assertThatThrownBy(use::call)
                      .satisfies(e -> assertThat(SqlStates.isDatabaseAtFault(e)).isTrue());
                }
              }
              return null;
            });
  }

  @Test
  void a_lasting_error_is_told_to_each_use_in_its_own_words_and_logged_once_until_it_is_mended()
      throws Exception {
    node.close();
    node = new TestSystem(url, "kintsugi.schema.create = off");

    LoggingTestKit.error("Nothing can be written or read")
        .withOccurrences(1)
        .expect(
            Adapter.toTyped(node.system()),
            () -> {
              for (int i = 0; i < 20; i++) {
                assertThatThrownBy(() -> get(node.kintsugi().overview()))
                    .isInstanceOf(SchemaException.class)
                    .hasMessageContaining("kintsugi_projection")
                    .hasMessageContaining("kintsugi.schema.create = on");
              }
              assertThatThrownBy(() -> Use.JOURNAL.by(node)).isNotNull();
              assertThatThrownBy(() -> Use.START.by(node)).isInstanceOf(SchemaException.class);
              return null;
            });

    installSchema();

    eventually(() -> Use.JOURNAL.by(node));
  }

  private void installSchema() throws Exception {
    JdbcSettings settings = new JdbcSettings(url, "", "", 2, Duration.ofSeconds(10));
    try (Database database = Database.open(settings)) {
      new Schema(
              database,
              JournalTables.of(node.system().settings().config().getConfig("jdbc-journal")))
          .ensure(true);
    }
  }

  @Test
  void settings_that_can_not_be_used_fail_at_once() {
    node.close();
    node = new TestSystem("jdbc:postgresql://clerk:geheim@localhost/shop", "");

    assertThatThrownBy(node::kintsugi).hasStackTraceContaining("kintsugi.jdbc.url can't be used");
  }
}
