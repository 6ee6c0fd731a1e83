package dev.kintsugi.runtime.scale;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.persistence.AppendResult;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A journal that is partitioned by its streams, as {@code SCALE.md} says. */
class PartitionedJournalTest {

  private static final List<String> PARTITION =
      List.of(
          "DROP TABLE event_tag",
          "ALTER TABLE event_journal RENAME TO in_one_table",
          "CREATE TABLE event_journal (LIKE in_one_table INCLUDING DEFAULTS,"
              + " PRIMARY KEY (persistence_id, sequence_number))"
              + " PARTITION BY HASH (persistence_id)",
          "ALTER SEQUENCE event_journal_ordering_seq OWNED BY event_journal.ordering",
          "DROP TABLE in_one_table",
          "CREATE TABLE journal_0 PARTITION OF event_journal FOR VALUES WITH (MODULUS 3, REMAINDER 0)",
          "CREATE TABLE journal_1 PARTITION OF event_journal FOR VALUES WITH (MODULUS 3, REMAINDER 1)",
          "CREATE TABLE journal_2 PARTITION OF event_journal FOR VALUES WITH (MODULUS 3, REMAINDER 2)",
          "CREATE INDEX ON event_journal (ordering)",
          "CREATE TABLE event_tag (persistence_id VARCHAR(255), sequence_number BIGINT, tag VARCHAR(256),"
              + " PRIMARY KEY (persistence_id, sequence_number, tag), FOREIGN KEY (persistence_id,"
              + " sequence_number) REFERENCES event_journal ON DELETE CASCADE)");

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");

  @BeforeEach
  void partition() throws Exception {
    for (String statement : PARTITION) {
      world.execute(statement);
    }
  }

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void is_appended_to_and_rebuilt_from_as_one_that_is_not() throws Exception {
    world.start(log);
    for (int i = 1; i <= 40; i++) {
      world.append(world.event("stream-" + i % 8, (i + 7) / 8));
    }
    assertThat(world.column("SELECT DISTINCT tableoid::regclass::text FROM event_journal"))
        .hasSize(3);
    world.requestRebuild(log);
    world.append(world.event("stream-1", 6));
    assertThat(world.openSkips(log)).hasSize(1);
    world.runToTheEnd(log);
    world.auditWhole(log);
    assertThat(world.applied(log)).hasSize(41);
  }

  @Test
  void lets_no_two_writers_have_the_same_number() throws Exception {
    world.start(log);
    world.append(world.event("a", 1));
    try (Connection connection = world.database().connection()) {
      assertThat(world.eventWriter().append(connection, "a", 0, List.of("again")))
          .isInstanceOf(AppendResult.Conflict.class);
    }
  }
}
