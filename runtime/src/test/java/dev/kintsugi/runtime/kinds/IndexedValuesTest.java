package dev.kintsugi.runtime.kinds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Tables;
import dev.kintsugi.projections.rows.RowChanges;
import dev.kintsugi.projections.rows.RowTable;
import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.persistence.AppendRejectedException;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Values that are too long for an index of their table. Whether PostgreSQL takes one depends on how
 * well it compresses, and on whether the row is ever written that has it; whether an event is
 * accepted must not.
 */
class IndexedValuesTest {

  private static final FailurePolicy RECORDING = FailurePolicy.skip().withoutRetry().thenPark();

  private final World world = new World();
  private long sequenceNumber;

  @AfterEach
  void close() {
    world.close();
  }

  /** So many characters that don't compress, or that do. */
  private static String text(int length, boolean compresses) {
    return compresses
        ? "x".repeat(length)
        : new Random(length)
            .ints(length, '0', 'z')
            .mapToObj(Character::toString)
            .collect(Collectors.joining());
  }

  private static final RowTable DOCS =
      RowTable.named("docs")
          .key("k", "text")
          .column("a", "text")
          .column("b", "text")
          .column("j", "jsonb")
          .counter("n", "numeric");

  /**
   * Of changes with a semicolon between: "k a 3000" sets column a to a text so long, "k a 3000x" to
   * one that compresses, "k j 3000" to one in JSON, "k n 1E+9" adds a number, "-k" deletes.
   */
  private static void map(RowTable table, EventEnvelope<String> envelope, RowChanges rows) {
    for (String change : envelope.event().split(";", -1)) {
      if (change.startsWith("-")) {
        rows.delete(table, change.substring(1));
        continue;
      }
      String[] words = change.split(" ", -1);
      RowChanges.Row row = rows.upsert(table, keyOf(words[0]));
      if (words[1].equals("n")) {
        row.increment("n", new BigDecimal(words[2]));
      } else {
        String text = textOf(words[2]);
        row.set(words[1], words[1].equals("j") ? "\"" + text.replace('\\', '/') + "\"" : text);
      }
    }
  }

  private static String textOf(String length) {
    boolean compresses = length.endsWith("x");
    return text(Integer.parseInt(compresses ? length.replace("x", "") : length), compresses);
  }

  private static String keyOf(String key) {
    return key.startsWith("long") ? key + text(Integer.parseInt(key.substring(4)), false) : key;
  }

  private static TestProjection declared(FailurePolicy policy, String... index) {
    RowTable table = DOCS.index(index);
    return TestProjection.of(
        Projection.named("docs")
            .of(String.class)
            .onFailure(policy)
            .rows(List.of(table), (envelope, rows) -> map(table, envelope, rows))
            .build());
  }

  private static TestProjection scripted(FailurePolicy policy, String more) {
    return TestProjection.of(
        Projection.named("docs")
            .of(String.class)
            .onFailure(policy)
            .tables(Tables.sql(DOCS.ddl() + more))
            .rows(List.of(DOCS), (envelope, rows) -> map(DOCS, envelope, rows))
            .build());
  }

  private NewEvent[] events(String... payloads) {
    NewEvent[] events = new NewEvent[payloads.length];
    for (int i = 0; i < events.length; i++) {
      events[i] = world.event("s", sequenceNumber + 1 + i, payloads[i]);
    }
    return events;
  }

  private void accepted(String... payloads) throws Exception {
    world.append(events(payloads));
    sequenceNumber += payloads.length;
  }

  /** Appends events in one transaction, the last but some of which has to be rejected. */
  private void rejected(String what, String... payloads) {
    assertThatThrownBy(() -> world.append(events(payloads)))
        .as(String.join(", ", payloads))
        .isInstanceOf(AppendRejectedException.class)
        .hasMessageContaining("projection 'docs'")
        .hasMessageContaining(what);
  }

  @Test
  void a_text_that_a_declared_index_does_not_take_is_rejected_in_every_group() throws Exception {
    TestProjection docs = declared(FailurePolicy.reject(), "a");
    world.start(docs);

    String said = "column 'a' of table 'docs' has 3,000 bytes, and may have 2,600 in the index";
    rejected(said, "k a 3000");
    rejected(said, "k a 3000", "k a 1");
    rejected(said, "k a 1", "k a 3000", "-k");
    rejected(said, "k a 3000x");
    rejected(said, "k a 3000;k a 1");
    rejected("as (md5(\"a\"))", "k a 3000");
    accepted("k a 2600", "k b 30000");
    accepted("k a 1", "k a 2600x");
    assertThat(world.column("SELECT length(a) FROM docs")).containsExactly("2600");
  }

  @Test
  void a_rebuild_fails_the_same_events_by_windows_of_any_size() throws Exception {
    TestProjection docs = declared(RECORDING, "a");
    world.start(docs);
    world.append(
        world.event("s", 1, "k a 3000"),
        world.event("t", 1, "l a 3000x"),
        world.event("u", 1, "m a 9;m a 3000"),
        world.event("v", 1, "n a 2600"));
    List<String> failed = List.of("s/1 FAILED", "t/1 FAILED", "u/1 FAILED");
    assertThat(world.open(docs)).isEqualTo(failed);

    for (int window : List.of(1, 2, 5000)) {
      world.requestRebuild(docs);
      world.runToTheEnd(docs, World.steps(window));
      assertThat(world.open(docs)).as("window %d", window).isEqualTo(failed);
      assertThat(world.column("SELECT k || length(a) FROM docs")).containsExactly("n2600");
      assertThat(world.column("SELECT indexname FROM pg_indexes WHERE tablename = 'docs'"))
          .hasSize(2);
    }
  }

  @Test
  void the_columns_of_an_index_share_what_it_takes() throws Exception {
    world.start(declared(FailurePolicy.reject(), "a", "k", "b"));

    accepted("k a 1299", "k b 1299");
    rejected("column 'b' of table 'docs' has 1,400 bytes", "k b 1400");
    rejected("which has 2 columns of such types", "k b 1400", "k b 1");
    rejected("column 'a'", "l a 1400", "-l");
    accepted("long2000 a 200;long2000 b 200");
    rejected("column 'a'", "long2000 a 400");
    assertThat(world.column("SELECT sum(length(a) + length(b)) FROM docs")).containsExactly("2998");
  }

  @Test
  void a_scripts_index_counts_by_what_it_really_has() throws Exception {
    world.start(
        scripted(
            FailurePolicy.reject(),
            """
            CREATE INDEX included ON docs (n) INCLUDE (a);
            CREATE INDEX hashed ON docs USING hash (b);
            CREATE INDEX inverted ON docs USING gin (j);
            """));

    rejected(
        "column 'a' of table 'docs' has 3,000 bytes, and may have 1,300 in the index included",
        "k a 3000",
        "k a 1");
    accepted("k b 30000;k j 30000");
  }

  @Test
  void a_key_that_includes_a_column_counts() throws Exception {
    TestProjection docs =
        TestProjection.of(
            Projection.named("docs")
                .of(String.class)
                .tables(
                    Tables.sql(
                        DOCS.ddl().replace("PRIMARY KEY (\"k\")", "PRIMARY KEY (k) INCLUDE (a)")))
                .rows(List.of(DOCS), (envelope, rows) -> map(DOCS, envelope, rows))
                .build());
    world.start(docs);

    rejected("may have 2,599 in the index docs_pkey", "k a 2600", "k a 1");
    accepted("k a 2599");
  }

  @Test
  void numbers_and_json_count_by_what_they_may_take() throws Exception {
    world.start(declared(FailurePolicy.reject(), "n"));

    rejected("column 'n' of table 'docs'", "k n 1E+5000", "k n -1E+5000");
    rejected("column 'n' of table 'docs'", "k n 1E-5000", "-k");
    accepted("k n 1E+2000", "k n 1E-2000");
  }

  @Test
  void json_in_an_index_counts_as_the_database_stores_it() throws Exception {
    world.start(declared(FailurePolicy.reject(), "j"));

    rejected("column 'j' of table 'docs'", "k j 3000", "k j 1");
    rejected("column 'j' of table 'docs'", "k j 3000x");
    accepted("k j 2500");
  }

  @Test
  void an_index_of_an_expression_judges_each_event_by_itself() throws Exception {
    TestProjection docs =
        scripted(RECORDING, "CREATE INDEX IF NOT EXISTS upper_a ON docs (upper(a))");
    world.start(docs);
    world.append(
        world.event("s", 1, "k a 5000"),
        world.event("s", 2, "k a 1"),
        world.event("t", 1, "l a 5000;-l"),
        world.event("u", 1, "m a 5000x"),
        world.event("v", 1, "n a 10"));
    List<String> open = List.of("s/1 FAILED", "s/2 BEHIND", "t/1 FAILED");
    assertThat(world.open(docs)).isEqualTo(open);

    for (int window : List.of(1, 2, 5000)) {
      world.requestRebuild(docs);
      world.runToTheEnd(docs, World.steps(window));
      assertThat(world.open(docs)).as("window %d", window).isEqualTo(open);
    }
    assertThat(world.column("SELECT k || length(a) FROM docs ORDER BY k"))
        .containsExactly("m5000", "n10");
  }

  @Test
  void an_index_with_a_column_that_no_event_tells_judges_each_event_by_itself() throws Exception {
    TestProjection docs =
        scripted(
            RECORDING,
            """
            ALTER TABLE docs ADD COLUMN IF NOT EXISTS raw bytea DEFAULT sha256('x'),
              ADD COLUMN IF NOT EXISTS words text[] DEFAULT '{a,b}';
            CREATE INDEX IF NOT EXISTS more ON docs (raw, a, words);
            """);
    world.start(docs);
    world.append(
        world.event("s", 1, "k a 5000"),
        world.event("s", 2, "k a 1"),
        world.event("t", 1, "l a 2500"));
    assertThat(world.open(docs)).containsExactly("s/1 FAILED", "s/2 BEHIND");

    world.requestRebuild(docs);
    world.runToTheEnd(docs, World.steps(5000));
    assertThat(world.open(docs)).containsExactly("s/1 FAILED", "s/2 BEHIND");
  }

  /** A fold's state. */
  record Note(String text, int changes) {}

  private static TestProjection fold(FailurePolicy policy, String... index) {
    return TestProjection.of(
        Projection.named("docs")
            .of(String.class)
            .onFailure(policy)
            .<Note>fold(
                Note.class,
                fold ->
                    fold.key(envelope -> keyOf(envelope.event().split(" ", -1)[0]))
                        .evolve(
                            (note, envelope) ->
                                Optional.of(
                                    new Note(
                                        textOf(envelope.event().split(" ", -1)[1]),
                                        note.map(Note::changes).orElse(0) + 1)))
                        .column("body", "text", Note::text)
                        .column("changes", "bigint", Note::changes)
                        .index(index))
            .build());
  }

  @Test
  void a_folds_state_that_the_next_event_shortens_is_rejected_in_every_group() throws Exception {
    world.start(fold(FailurePolicy.reject(), "changes", "body"));

    String said = "column 'body' of table 'docs' has 3,000 bytes, and may have 2,600 in the index";
    rejected(said, "k 3000");
    rejected(said, "k 3000", "k 1");
    rejected(said, "k 1", "k 3000x", "k 1");
    accepted("k 2600", "k 1", "k 2600");
    assertThat(world.column("SELECT changes FROM docs")).containsExactly("3");
  }

  @Test
  void a_folds_document_in_an_index_counts_as_the_database_stores_it() throws Exception {
    world.start(fold(FailurePolicy.reject(), "state", "key"));

    rejected("column 'state' of table 'docs'", "k 3000", "k 1");
    rejected("column 'state' of table 'docs'", "long1000 2000");
    accepted("k 2000", "k 1");
  }

  @Test
  void a_folds_rebuild_fails_the_same_events_by_windows_of_any_size() throws Exception {
    TestProjection docs = fold(RECORDING, "body");
    world.start(docs);
    world.append(
        world.event("s", 1, "k 3000"),
        world.event("t", 1, "l 3000x"),
        world.event("u", 1, "m 2600"),
        world.event("v", 1, "m 3000"),
        world.event("w", 1, "m 1"));
    List<String> failed = List.of("s/1 FAILED", "t/1 FAILED", "v/1 FAILED");
    assertThat(world.open(docs)).isEqualTo(failed);

    for (int window : List.of(1, 2, 5000)) {
      world.requestRebuild(docs);
      world.runToTheEnd(docs, World.steps(window));
      assertThat(world.open(docs)).as("window %d", window).isEqualTo(failed);
      assertThat(world.column("SELECT changes FROM docs")).containsExactly("2");
    }
  }
}
