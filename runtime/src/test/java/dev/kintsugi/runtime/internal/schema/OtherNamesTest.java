package dev.kintsugi.runtime.internal.schema;

import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.kintsugi.runtime.RebuildHandle;
import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.internal.event.JournalTables;
import dev.kintsugi.runtime.persistence.SchemaException;
import dev.kintsugi.runtime.query.KintsugiReadJournal;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestServer;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.Statement;
import java.util.Map;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A journal whose tables bear the names that the section jdbc-journal gives them. */
@Tag("slow")
class OtherNamesTest {

  private static final String NAMES =
      """
      jdbc-journal.tables {
        event_journal {
          tableName = "Events", schemaName = "Sales"
          columnNames {
            ordering = "Ord", deleted = "IsDeleted", persistenceId = "Stream"
            sequenceNumber = "No", writer = "Writer", writeTimestamp = "At"
            adapterManifest = "Manifest", eventPayload = "Event", eventSerId = "EventSer"
            eventSerManifest = "EventManifest", metaPayload = "Meta", metaSerId = "MetaSer"
            metaSerManifest = "MetaManifest"
          }
        }
        event_tag {
          tableName = "Tags", schemaName = "Sales"
          columnNames { eventId = "Event Id", tag = "order" }
        }
      }
      """
          .replace("Event Id", "EventId");

  private static final String DDL =
      """
      CREATE SCHEMA "Sales";
      CREATE TABLE "Sales"."Events" (
        "Ord" BIGSERIAL UNIQUE, "Stream" TEXT NOT NULL, "No" BIGINT NOT NULL,
        "IsDeleted" BOOLEAN NOT NULL DEFAULT FALSE, "Writer" TEXT NOT NULL, "At" BIGINT,
        "Manifest" TEXT, "EventSer" INT NOT NULL, "EventManifest" TEXT NOT NULL,
        "Event" BYTEA NOT NULL, "MetaSer" INT, "MetaManifest" TEXT, "Meta" BYTEA,
        PRIMARY KEY ("Stream", "No"));
      CREATE TABLE "Sales"."Tags" (
        "EventId" BIGINT REFERENCES "Sales"."Events" ("Ord") ON DELETE CASCADE, "order" TEXT,
        PRIMARY KEY ("EventId", "order"));
      """;

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void append_recovery_rebuild_drain_and_delete_work_on_tables_of_other_names() throws Exception {
    world.execute("DROP TABLE event_tag, event_journal");
    world.execute(DDL);
    try (TestSystem node = new TestSystem(world, NAMES)) {
      node.record("a", "one", "tag:red");
      assertThat(node.read(node.recorder("a"))).containsExactly("one", "tag:red");
      assertThat(
              world.column(
                  "SELECT \"Stream\" || \"No\" FROM \"Sales\".\"Events\" ORDER BY \"Ord\""))
          .containsExactly("a1", "a2");
      assertThat(world.column("SELECT \"order\" FROM \"Sales\".\"Tags\"")).containsExactly("red");

      node.startAndFinish(log.failOn("poison"));
      node.record("b", "two");
      assertThat(world.applied(log)).containsExactly("a/1", "a/2", "b/1");

      assertThat(world.column("SELECT kintsugi_await('log', 'b', 1, '0 s')"))
          .containsExactly("applied");
      assertThat(world.column("SELECT kintsugi_await('log', 'b', 2, '0 s')"))
          .containsExactly("unwritten");

      node.record("c", "poison", "behind");
      RebuildHandle rebuild;
      try (Connection held = world.database().connection();
          Statement statement = held.createStatement()) {
        statement.execute("SELECT pg_current_xact_id(); SELECT 1 FROM kintsugi_projection");
        rebuild = get(node.kintsugi().rebuild("log", "test"));
        node.record("d", "drained");
        log.repair();
        held.rollback();
      }
      get(rebuild.done());

      assertThat(world.applied(log))
          .containsExactlyInAnyOrder("a/1", "a/2", "b/1", "c/1", "c/2", "d/1");
      assertThat(world.rebuild(log).replayed()).isEqualTo(5);
      assertThat(world.archived(log)).contains("d/1 applied");

      EventJournal journal = node.node().journal();
      world
          .database()
          .inTransaction(
              connection -> {
                journal.deleteUpTo(connection, "a", 2);
                return journal;
              });
      assertThat(world.column("SELECT \"No\" FROM \"Sales\".\"Events\" WHERE \"IsDeleted\""))
          .containsExactly("2");
    }
  }

  @Test
  void names_that_need_their_quotes_are_taken_as_they_are() throws Exception {
    Map<String, String> names =
        Map.of(
            "Sales",
            "my-app",
            "Events",
            "schéma \"of\" % $1 ?",
            "Tags",
            "a{b}; -- :c",
            "Ord",
            "or\"der %s",
            "Stream",
            "stream?",
            "No",
            "N° %1$s",
            "EventId",
            "id'",
            "order",
            "ta.g");
    String ddl = DDL;
    String settings = NAMES;
    for (Map.Entry<String, String> name : names.entrySet()) {
      String quoted = '"' + name.getKey() + '"';
      ddl = ddl.replace(quoted, '"' + name.getValue().replace("\"", "\"\"") + '"');
      settings = settings.replace(quoted, '"' + name.getValue().replace("\"", "\\\"") + '"');
    }
    world.execute("DROP TABLE event_tag, event_journal");
    world.execute(ddl);
    try (TestSystem node = new TestSystem(world, settings)) {
      node.record("a", "one", "tag:red");
      assertThat(node.read(node.recorder("a"))).containsExactly("one", "tag:red");
      node.startAndFinish(log);
      node.record("b", "two");
      get(get(node.kintsugi().rebuild("log", "test")).done());
      assertThat(world.applied(log)).containsExactly("a/1", "a/2", "b/1");
      assertThat(
              get(
                  PersistenceQuery.get(node.system())
                      .getReadJournalFor(KintsugiReadJournal.class, KintsugiReadJournal.IDENTIFIER)
                      .currentEventsByTag("red", Offset.noOffset())
                      .runWith(Sink.seq(), node.system())))
          .hasSize(1);
    }
  }

  @Test
  void a_name_that_is_none_of_postgresqls_is_refused() {
    for (String name : new String[] {"ord\\u0000", "", "é".repeat(32)}) {
      Config config =
          ConfigFactory.parseString("tables.event_journal.columnNames.ordering = \"" + name + "\"")
              .withFallback(ConfigFactory.load().getConfig("jdbc-journal"));

      assertThatThrownBy(() -> JournalTables.of(config))
          .as(name)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("the section jdbc-journal");
    }
  }

  @Test
  void a_journal_of_another_name_that_is_not_there_is_named_at_start() {
    String url = TestServer.createDatabase();
    try (TestSystem node = new TestSystem(url, NAMES)) {
      assertThatThrownBy(node.kintsugi()::start)
          .isInstanceOf(SchemaException.class)
          .hasMessageContaining("\"Sales\".\"Events\"");
    } finally {
      TestServer.dropDatabase(url);
    }
  }
}
