package dev.kintsugi.runtime.internal.journal;

import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.query.KintsugiReadJournal;
import dev.kintsugi.runtime.testing.Recorder;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tags in every layout of the tag table: written, found again, and gone with their events. */
@Tag("slow")
class TagLayoutTest {

  private final World world = new World();

  @AfterEach
  void close() {
    world.close();
  }

  enum Layout {
    BY_EVENT_ID("SELECT 1", "event_id = ordering"),
    BY_STREAM(
        """
        DROP TABLE event_tag;
        CREATE TABLE event_tag (persistence_id VARCHAR(255), sequence_number BIGINT, tag VARCHAR(256),
          PRIMARY KEY (persistence_id, sequence_number, tag),
          FOREIGN KEY (persistence_id, sequence_number)
            REFERENCES event_journal (persistence_id, sequence_number) ON DELETE CASCADE)
        """,
        "t.persistence_id = j.persistence_id AND t.sequence_number = j.sequence_number"),
    IN_MIGRATION(
        "ALTER TABLE event_tag ADD persistence_id VARCHAR(255), ADD sequence_number BIGINT",
        "event_id = ordering AND t.persistence_id = j.persistence_id AND t.sequence_number = j.sequence_number"),
    MIGRATED(
        """
        DROP TABLE event_tag;
        CREATE TABLE event_tag (event_id BIGINT, persistence_id VARCHAR(255), sequence_number BIGINT,
          tag VARCHAR(256),
          PRIMARY KEY (persistence_id, sequence_number, tag),
          FOREIGN KEY (persistence_id, sequence_number)
            REFERENCES event_journal (persistence_id, sequence_number) ON DELETE CASCADE)
        """,
        "event_id = ordering AND t.persistence_id = j.persistence_id AND t.sequence_number = j.sequence_number");

    final String ddl;
    final String allColumnsMatch;

    Layout(String ddl, String allColumnsMatch) {
      this.ddl = ddl;
      this.allColumnsMatch = allColumnsMatch;
    }
  }

  private static final String TAGGED =
      """
      SELECT j.persistence_id || '/' || j.sequence_number || ' ' || t.tag
      FROM event_tag t JOIN event_journal j ON %s ORDER BY 1
      """;

  private void use(Layout layout) throws Exception {
    world
        .database()
        .inTransaction(
            connection -> {
              try (var statement = connection.createStatement()) {
                return statement.execute(layout.ddl);
              }
            });
  }

  @ParameterizedTest
  @EnumSource
  void tags_are_written_in_all_columns_and_found_by_the_journals_own_condition(Layout layout)
      throws Exception {
    use(layout);
    try (TestSystem node = new TestSystem(world)) {
      node.record("a", "plain", "tag:red", "tag:green");
      node.record("b", "tag:red");
      EventJournal journal = node.node().journal();

      List<String> expected = List.of("a/2 red", "a/3 green", "b/1 red");
      assertThat(world.column(TAGGED.formatted(layout.allColumnsMatch)))
          .as("every key column is filled")
          .isEqualTo(expected);
      assertThat(world.column(TAGGED.formatted(journal.isTagOf("t", "j")))).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @EnumSource
  void the_read_journal_reads_them(Layout layout) throws Exception {
    use(layout);
    try (TestSystem node = new TestSystem(world)) {
      node.record("a", "plain", "tag:red", "tag:green");
      node.record("b", "tag:red");
      KintsugiReadJournal journal =
          PersistenceQuery.get(node.system())
              .getReadJournalFor(KintsugiReadJournal.class, KintsugiReadJournal.IDENTIFIER);
      assertThat(
              get(
                  journal
                      .currentEventsByTag("red", Offset.noOffset())
                      .map(envelope -> envelope.persistenceId() + "/" + envelope.sequenceNr())
                      .runWith(Sink.seq(), node.system())))
          .containsExactly("a/2", "b/1");
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_projection_by_tag_is_rebuilt_from_them(Layout layout) throws Exception {
    use(layout);
    TestProjection log = new TestProjection("log").tags("red", "blue");
    try (TestSystem node = new TestSystem(world)) {
      node.record("a", "plain", "tag:red", "tag:green");
      node.record("b", "tag:red", "tag:blue");
      node.startAndFinish(log);

      assertThat(world.applied(log)).containsExactly("a/2", "b/1", "b/2");
    }
  }

  @ParameterizedTest
  @EnumSource
  void the_tags_of_events_that_were_read_are_found_with_their_orderings(Layout layout)
      throws Exception {
    use(layout);
    try (TestSystem node = new TestSystem(world)) {
      node.record("a", "plain", "tag:red", "tag:green");
      node.record("b", "tag:red");
      EventJournal journal = node.node().journal();

      Map<Long, Set<String>> tags =
          world
              .database()
              .inTransaction(
                  connection ->
                      journal.tagsOf(connection, journal.at(connection, List.of(1L, 2L, 4L))));

      assertThat(tags).isEqualTo(Map.of(2L, Set.of("red"), 4L, Set.of("red")));
    }
  }

  @ParameterizedTest
  @EnumSource
  void the_tags_of_a_deleted_event_go_with_it(Layout layout) throws Exception {
    use(layout);
    try (TestSystem node = new TestSystem(world)) {
      node.record("a", "tag:red", "tag:green", "tag:blue");
      EventJournal journal = node.node().journal();

      world
          .database()
          .inTransaction(
              connection -> {
                journal.deleteUpTo(connection, "a", 2);
                return journal;
              });

      assertThat(world.column(TAGGED.formatted(journal.isTagOf("t", "j"))))
          .containsExactly("a/2 green", "a/3 blue");
    }
  }

  @Test
  void tags_that_an_older_version_wrote_during_a_migration_are_found() throws Exception {
    use(Layout.IN_MIGRATION);
    try (TestSystem node = new TestSystem(world)) {
      node.record("a", "one");
      world.execute(
          "INSERT INTO event_tag (event_id, tag) SELECT ordering, 'old' FROM event_journal");

      assertThat(world.column(TAGGED.formatted(node.node().journal().isTagOf("t", "j"))))
          .containsExactly("a/1 old");
    }
  }

  @Test
  void tags_that_a_newer_version_wrote_after_the_migration_are_found() throws Exception {
    use(Layout.MIGRATED);
    try (TestSystem node = new TestSystem(world)) {
      node.record("a", "one");
      world.execute(
          "INSERT INTO event_tag (persistence_id, sequence_number, tag) VALUES ('a', 1, 'new')");

      assertThat(world.column(TAGGED.formatted(node.node().journal().isTagOf("t", "j"))))
          .containsExactly("a/1 new");
    }
  }

  @Test
  void each_event_of_a_mixed_group_gets_its_own_ordering_and_tags() throws Exception {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    TestProjection log = new TestProjection("log");
    try (TestSystem node = new TestSystem(world, "kintsugi.journal.lanes = 1")) {
      node.startAndFinish(log);
      List<ActorRef<Recorder.Command>> actors =
          List.of(node.recorder("a"), node.recorder("b"), node.recorder("c"));
      List<java.util.concurrent.CompletionStage<?>> answers = new java.util.ArrayList<>();
      for (int i = 0; i < 200; i++) {
        String[] events = new String[1 + random.nextInt(4)];
        for (int j = 0; j < events.length; j++) {
          events[j] = random.nextBoolean() ? "tag:" + i + "-" + j : "plain";
        }
        answers.add(node.persist(actors.get(random.nextInt(3)), events));
      }
      for (var answer : answers) {
        get(answer);
      }

      assertThat(
              world.column(
                  """
                  SELECT j.ordering FROM event_journal j LEFT JOIN event_tag t ON t.event_id = j.ordering
                  WHERE convert_from(event_payload, 'UTF8') <> COALESCE('tag:' || t.tag, 'plain')
                  """))
          .as("events with another's tag, or without their own, seed %d", seed)
          .isEmpty();
      assertThat(
              world.column(
                  """
                  SELECT ordering FROM event_journal j JOIN log_log l USING (persistence_id, sequence_number)
                  WHERE convert_from(event_payload, 'UTF8') <> l.payload
                  """))
          .isEmpty();
      world.auditWhole(log);
    }
  }
}
