package dev.kintsugi.testkit;

import static dev.kintsugi.testkit.Row.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.typesafe.config.ConfigFactory;
import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Tables;
import dev.kintsugi.runtime.persistence.SchemaException;
import dev.kintsugi.testkit.FileEvent.Changed;
import dev.kintsugi.testkit.FileEvent.Deleted;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.pekko.persistence.journal.EventAdapter;
import org.apache.pekko.persistence.journal.EventSeq;
import org.apache.pekko.persistence.journal.Tagged;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class ProjectionTestKitTest {

  private static final String OWNERS =
      "CREATE TABLE IF NOT EXISTS owners (id INT PRIMARY KEY, owner TEXT NOT NULL)";
  private static final String LOG =
      "CREATE TABLE IF NOT EXISTS log (path TEXT NOT NULL, note TEXT)";

  private static ProjectionTestKit kit;

  @BeforeAll
  static void start() {
    kit = ProjectionTestKit.start();
  }

  @AfterAll
  static void close() {
    kit.close();
  }

  @Test
  void a_good_handler_passes() {
    kit.scenario(Files.counting())
        .given("File|a", new Changed("a", "ann"), new Changed("a", "bob"))
        .when("File|b", new Changed("b", "ann"))
        .when("File|a", new Deleted("a"))
        .then("SELECT path, changes FROM files ORDER BY path")
        .hasRows(row("a", 3), row("b", 1))
        .then("SELECT path FROM files WHERE changes > 3")
        .hasNoRows();
  }

  @Test
  void rows_other_than_expected_are_shown_with_those_that_are_there() {
    Rows rows =
        kit.scenario(Files.counting())
            .when("File|a", new Changed("a", "ann"))
            .when("File|b", new Changed("b", "ann"))
            .then("SELECT path, changes FROM files ORDER BY path");

    assertThatThrownBy(() -> rows.hasRows(row("a", 2), row("b", 1)))
        .isInstanceOf(AssertionError.class)
        .hasMessageStartingWith("Projection 'files': SELECT path, changes FROM files ORDER BY path")
        .hasMessageContaining("(\"a\", 2)")
        .hasMessageContaining("(\"a\", 1)")
        .hasMessageNotContaining("ORDER BY?");
    assertThatThrownBy(() -> rows.hasRows(row("b", 1), row("a", 1)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("another order: does the query lack an ORDER BY?");
    assertThatThrownBy(rows::hasNoRows)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("no rows");
  }

  @Test
  void a_query_that_fails_says_so() {
    Rows rows =
        kit.scenario(Files.counting()).when("File|a", new Changed("a", "ann")).then("SELECT no");

    assertThatThrownBy(rows::hasNoRows)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("SELECT no")
        .hasMessageContaining("\"no\" does not exist");
  }

  /** Notes what each way applies, in the order of the ways: "stream/sequence number". */
  private static Projection<FileEvent> recording(Map<Long, List<String>> applied) {
    return Files.projection(
            LOG,
            () ->
                (connection, envelope) ->
                    applied
                        .computeIfAbsent(schemaOf(connection), oid -> new ArrayList<>())
                        .add(envelope.persistenceId() + "/" + envelope.sequenceNr()))
        .build();
  }

  /** Each way has one of its own. */
  private static long schemaOf(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT current_schema()::regnamespace::oid")) {
      row.next();
      return row.getLong(1);
    }
  }

  @Test
  void each_way_applies_each_event_in_its_streams_order_and_two_mix_the_streams() {
    Map<Long, List<String>> applied = new LinkedHashMap<>();
    Scenario scenario = kit.scenario(recording(applied)).seed(5);
    List<String> journal = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      String stream = "File|" + i % 5;
      journal.add(stream + "/" + (i / 5 + 1));
      if (i < 20) {
        scenario.given(stream, new Deleted("a"));
      } else {
        scenario.when(stream, new Deleted("a"));
      }
    }

    scenario.thenAllWaysAgree();

    List<List<String>> ways = List.copyOf(applied.values());
    assertThat(ways).hasSize(9);
    assertThat(ways.get(0)).as("inline").isEqualTo(journal);
    assertThat(ways.get(1)).as("replay").isEqualTo(journal);
    List<String> reversed = new ArrayList<>();
    for (String stream : List.of("File|4/", "File|3/", "File|2/", "File|1/", "File|0/")) {
      journal.stream().filter(event -> event.startsWith(stream)).forEach(reversed::add);
    }
    assertThat(ways.get(2)).as("drain").isEqualTo(reversed);
    assertThat(ways.get(3)).as("followed").isEqualTo(journal);
    List<String> handedOver = ways.get(4);
    assertThat(handedOver.subList(0, 20)).as("given").isEqualTo(journal.subList(0, 20));
    assertThat(handedOver).as("handed over").containsExactlyInAnyOrderElementsOf(journal);
    assertThat(sortedByStream(handedOver)).isEqualTo(sortedByStream(journal));
    List<String> beside = new ArrayList<>(ways.get(5));
    beside.addAll(ways.get(7));
    assertThat(beside).as("the one that was there before").hasSize(100);
    assertThat(sortedByStream(beside)).isEqualTo(sortedByStream(journal));
    assertThat(sortedByStream(ways.get(6))).as("beside it").isEqualTo(sortedByStream(journal));
    List<String> mixed = ways.get(8);
    assertThat(mixed).hasSize(200);
    assertThat(mixed.subList(0, 20)).as("given").isEqualTo(journal.subList(0, 20));
    assertThat(mixed.subList(0, 100))
        .as("mixed")
        .isNotEqualTo(journal)
        .containsExactlyInAnyOrderElementsOf(journal);
    assertThat(sortedByStream(mixed.subList(0, 100)))
        .as("each stream's order")
        .isEqualTo(sortedByStream(journal));
    assertThat(mixed.subList(100, 200)).as("rebuilt").isEqualTo(journal);
    scenario
        .then("SELECT DISTINCT reason FROM kintsugi_skip_archive ORDER BY reason")
        .hasRows(row("BEHIND"), row("PAUSED"), row("REBUILDING"))
        .then("SELECT DISTINCT attempts FROM kintsugi_skip_archive ORDER BY attempts")
        .hasRows(row(0), row(1));
  }

  /** By stream; events of one stream stay as they are. */
  private static List<String> sortedByStream(List<String> events) {
    return events.stream()
        .sorted(Comparator.comparing(event -> event.substring(0, event.indexOf('/'))))
        .toList();
  }

  @Test
  void the_same_seed_mixes_in_the_same_way() {
    assertThat(mixedOrder(1)).isEqualTo(mixedOrder(1)).isNotEqualTo(mixedOrder(2));
  }

  private static List<String> mixedOrder(long seed) {
    Map<Long, List<String>> applied = new LinkedHashMap<>();
    Scenario scenario = kit.scenario(recording(applied)).seed(seed);
    IntStream.range(0, 40).forEach(i -> scenario.when("File|" + i % 5, new Deleted("a")));
    scenario.thenAllWaysAgree();
    return List.copyOf(applied.values()).get(5);
  }

  @Test
  void a_last_writer_of_several_streams_is_found() {
    Projection<FileEvent> owners =
        Files.projection(
                OWNERS,
                () ->
                    (connection, envelope) ->
                        Files.update(
                            connection,
                            """
                            INSERT INTO owners VALUES (1, ?)
                            ON CONFLICT (id) DO UPDATE SET owner = excluded.owner
                            """,
                            ((Changed) envelope.event()).author()))
            .build();

    assertThatThrownBy(
            () ->
                kit.scenario(owners)
                    .seed(42)
                    .when("File|a", new Changed("a", "ann"))
                    .when("File|b", new Changed("b", "bob"))
                    .when("File|a", new Changed("a", "cid"))
                    .thenAllWaysAgree())
        .isInstanceOf(AssertionError.class)
        .hasMessageStartingWith("Projection 'files', by skip and drain (seed 42): ")
        .hasMessageContaining("table owners")
        .hasMessageContaining("only inline: id=1, owner=cid")
        .hasMessageContaining("only by skip and drain: id=1, owner=bob")
        .hasMessageContaining("the last writer must not win: a counter, least(...)");
  }

  @Test
  void a_last_writer_of_a_single_stream_is_none() {
    Projection<FileEvent> authors =
        Files.projection(
                "CREATE TABLE IF NOT EXISTS authors (path TEXT PRIMARY KEY, author TEXT)",
                () ->
                    (connection, envelope) ->
                        Files.update(
                            connection,
                            """
                            INSERT INTO authors VALUES (?, ?)
                            ON CONFLICT (path) DO UPDATE SET author = excluded.author
                            """,
                            envelope.event().path(),
                            ((Changed) envelope.event()).author()))
            .build();

    kit.scenario(authors)
        .given("File|a", new Changed("a", "ann"))
        .when("File|b", new Changed("b", "bob"))
        .when("File|a", new Changed("a", "cid"))
        .then("SELECT author FROM authors ORDER BY path")
        .hasRows(row("cid"), row("bob"));
  }

  @Test
  void a_handler_that_reads_the_clock_is_found() {
    Projection<FileEvent> timed =
        Files.projection(
                LOG,
                () ->
                    (connection, envelope) ->
                        Files.update(
                            connection,
                            "INSERT INTO log VALUES ('a', ?)",
                            Long.toString(System.nanoTime())))
            .build();

    assertThatThrownBy(
            () -> kit.scenario(timed).when("File|a", new Deleted("a")).thenAllWaysAgree())
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("table log")
        .hasMessageContaining("only by replay: path=a, note=")
        .hasMessageContaining("the clock. Take the time from the envelope");
  }

  @Test
  void a_handler_that_remembers_what_it_did_is_found() {
    Projection<FileEvent> remembering =
        Files.projection(
                LOG,
                () -> {
                  Map<String, Integer> changes = new TreeMap<>();
                  return (connection, envelope) -> {
                    String path = envelope.event().path();
                    String note = Integer.toString(changes.merge(path, 1, Integer::sum));
                    Files.update(connection, "INSERT INTO log VALUES (?, ?)", path, note);
                  };
                })
            .build();

    assertThatThrownBy(
            () ->
                kit.scenario(remembering)
                    .when("File|a", new Deleted("a"), new Deleted("a"))
                    .thenAllWaysAgree())
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("only inline: path=a, note=1")
        .hasMessageContaining("only by replay: path=a, note=2")
        .hasMessageContaining("Keep it in the table.");
  }

  @Test
  void a_handler_that_depends_on_how_events_are_grouped_is_found_also_where_rows_have_no_key() {
    Projection<FileEvent> calls =
        Files.grouped(
            LOG,
            (connection, events) -> Files.update(connection, "INSERT INTO log VALUES ('x', NULL)"));

    assertThatThrownBy(
            () ->
                kit.scenario(calls)
                    .when("File|a", new Deleted("a"), new Deleted("a"))
                    .thenAllWaysAgree())
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("only inline: path=x, note is null")
        .hasMessageNotContaining("only by replay: ")
        .hasMessageContaining("how events are grouped");
  }

  /** A good one, but for what it does where a query of the row of its generation says so. */
  private static Projection.Builder<FileEvent> wrongWhere(String condition) {
    return Files.projection(
        LOG,
        () ->
            (connection, envelope) ->
                Files.update(
                    connection,
                    "INSERT INTO log SELECT ?, CASE WHEN %s THEN 'wrong' END FROM kintsugi_projection"
                        .formatted(condition),
                    envelope.event().path()));
  }

  @Test
  void a_handler_that_is_wrong_only_while_it_follows_is_found() {
    for (Projection<FileEvent> wrong :
        List.of(
            wrongWhere("status = 'following'").build(),
            wrongWhere("status = 'following'").following().build())) {
      assertThatThrownBy(
              () ->
                  kit.scenario(wrong)
                      .seed(42)
                      .when("File|a", new Deleted("a"), new Deleted("a"))
                      .thenAllWaysAgree())
          .isInstanceOf(AssertionError.class)
          .hasMessageStartingWith("Projection 'files', followed (seed 42): ")
          .hasMessageContaining("only inline: path=a, note is null")
          .hasMessageContaining("only followed: path=a, note=wrong");
    }
  }

  /** So it is with what a node remembers of before it was handed over. */
  @Test
  void a_handler_that_is_wrong_only_after_it_was_handed_over_is_found() {
    Object[] events = IntStream.range(0, 40).mapToObj(i -> new Deleted("a")).toArray();
    for (String condition :
        List.of(
            "status = 'following' AND generation = 2", "status = 'active' AND generation = 3")) {
      assertThatThrownBy(
              () ->
                  kit.scenario(wrongWhere(condition).build())
                      .seed(42)
                      .when("File|a", events)
                      .thenAllWaysAgree())
          .isInstanceOf(AssertionError.class)
          .hasMessageStartingWith("Projection 'files', handed over (seed 42): ")
          .hasMessageContaining("only handed over: path=a, note=wrong");
    }
  }

  @Test
  void a_handler_that_fails_only_while_it_follows_is_reported_with_its_event() {
    Projection<FileEvent> fails =
        Files.projection(
                LOG,
                () ->
                    (connection, envelope) ->
                        Files.update(
                            connection,
                            "INSERT INTO log SELECT 'a', (1 / (status <> 'following')::int)::text"
                                + " FROM kintsugi_projection"))
            .build();

    assertThatThrownBy(
            () -> kit.scenario(fails).seed(42).when("File|a", new Deleted("a")).thenAllWaysAgree())
        .isInstanceOf(AssertionError.class)
        .hasMessageStartingWith("Projection 'files', followed (seed 42): ")
        .hasMessageContaining("event 1 of stream File|a could not be applied")
        .hasMessageContaining("division by zero");
  }

  @Test
  void of_many_rows_that_differ_some_are_shown() {
    Projection<FileEvent> timed =
        Files.projection(
                LOG,
                () ->
                    (connection, envelope) ->
                        Files.update(
                            connection,
                            "INSERT INTO log VALUES ('a', ?)",
                            Long.toString(System.nanoTime())))
            .build();
    Object[] events = IntStream.range(0, 30).mapToObj(i -> new Deleted("a")).toArray();

    assertThatThrownBy(() -> kit.scenario(timed).when("File|a", events).thenAllWaysAgree())
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("only inline: … and 25 more");
  }

  @Test
  void a_table_script_that_makes_no_table_is_refused_as_at_start_up() {
    Projection<FileEvent> withoutTables =
        Projection.named("files")
            .of(FileEvent.class)
            .tables(Tables.sql("SELECT 1"))
            .handler(() -> new Files.Handler<>((connection, envelope) -> {}))
            .build();

    assertThatThrownBy(
            () -> kit.scenario(withoutTables).when("File|a", new Deleted("a")).thenAllWaysAgree())
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("makes no table");
  }

  @Test
  void what_a_table_script_makes_besides_tables_is_gone_before_the_next_way() {
    Projection<FileEvent> typed =
        Files.projection(
                """
                DO $$ BEGIN CREATE TYPE kind AS ENUM ('changed', 'deleted');
                  EXCEPTION WHEN duplicate_object THEN NULL; END $$;
                CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, last kind NOT NULL)
                """,
                () ->
                    (connection, envelope) ->
                        Files.update(
                            connection,
                            """
                            INSERT INTO files VALUES (?, ?::kind)
                            ON CONFLICT (path) DO UPDATE SET last = excluded.last
                            """,
                            envelope.event().path(),
                            envelope.event() instanceof Deleted ? "deleted" : "changed"))
            .build();

    kit.scenario(typed)
        .given("File|a", new Changed("a", "ann"))
        .when("File|a", new Deleted("a"))
        .then("SELECT path, last FROM files")
        .hasRows(row("a", "deleted"));
  }

  private static Projection.Builder<FileEvent> failingAtBob() {
    return Files.projection(
        LOG,
        () ->
            (connection, envelope) -> {
              if (envelope.event() instanceof Changed changed && changed.author().equals("bob")) {
                throw new IllegalStateException("not bob");
              }
            });
  }

  @Test
  void a_handler_that_fails_is_reported_with_the_event_and_its_exception() {
    Scenario scenario =
        kit.scenario(failingAtBob().build())
            .given("File|a", new Changed("a", "ann"))
            .when("File|b", new Changed("b", "ann"), new Changed("b", "bob"));

    AssertionError error = catchThrowableOfType(AssertionError.class, scenario::thenAllWaysAgree);

    assertThat(error)
        .hasMessageStartingWith("Projection 'files', inline (seed ")
        .hasMessageContaining("event 2 of stream File|b")
        .hasRootCauseInstanceOf(IllegalStateException.class)
        .hasRootCauseMessage("not bob");
  }

  @Test
  void an_event_that_is_skipped_is_reported_with_the_stack_of_its_failure() {
    Scenario scenario =
        kit.scenario(failingAtBob().onFailure(FailurePolicy.skip()).build())
            .when("File|b", new Changed("b", "ann"), new Changed("b", "bob"), new Deleted("b"));

    assertThatThrownBy(scenario::thenAllWaysAgree)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("event 2 of stream File|b could not be applied")
        .hasMessageContaining("FAILED: java.lang.IllegalStateException: not bob")
        .hasMessageContaining("at dev.kintsugi.testkit.ProjectionTestKitTest");
  }

  @Test
  void a_handler_that_fails_in_a_replay_only_is_reported() {
    AtomicInteger calls = new AtomicInteger();
    Projection<FileEvent> failsLater =
        Files.projection(
                LOG,
                () ->
                    (connection, envelope) -> {
                      if (calls.incrementAndGet() > 1) {
                        throw new IllegalStateException("not again");
                      }
                    })
            .build();

    assertThatThrownBy(
            () -> kit.scenario(failsLater).when("File|a", new Deleted("a")).thenAllWaysAgree())
        .isInstanceOf(AssertionError.class)
        .hasMessageStartingWith("Projection 'files', by replay (seed ")
        .hasMessageContaining("event 1 of stream File|a")
        .hasMessageContaining("not again");
  }

  @Test
  void the_clock_is_what_was_set_in_every_way() {
    Projection<FileEvent> times =
        Files.projection(
                "CREATE TABLE IF NOT EXISTS times (path TEXT PRIMARY KEY, at TIMESTAMPTZ NOT NULL)",
                () ->
                    (connection, envelope) ->
                        Files.update(
                            connection,
                            "INSERT INTO times VALUES (?, ?)",
                            envelope.event().path(),
                            new Timestamp(envelope.timestamp())))
            .build();
    Instant noon = Instant.parse("2026-03-01T12:00:00Z");
    Instant later = noon.plusMillis(1);

    kit.scenario(times)
        .given("File|a", new Deleted("a"))
        .at(noon)
        .given("File|b", new Deleted("b"))
        .at(later)
        .when("File|c", new Deleted("c"))
        .when("File|d", new Deleted("d"))
        .then("SELECT path, at FROM times ORDER BY path")
        .hasRows(
            row("a", Instant.parse("2026-01-01T00:00:00Z")),
            row("b", noon),
            row("c", later),
            row("d", later));
  }

  @Test
  void tags_are_in_the_journal_and_not_in_the_event() {
    kit.scenario(Files.counting())
        .given("File|a", new Tagged(new Changed("a", "ann"), Set.of("new")))
        .then("SELECT path, changes, tag FROM files, event_tag")
        .hasRows(row("a", 1, "new"));
  }

  /** Stores the author only, and adds the path when it is read. */
  public static final class Shortened implements EventAdapter {
    @Override
    public String manifest(Object event) {
      return "";
    }

    @Override
    public Object toJournal(Object event) {
      return ((Changed) event).author();
    }

    @Override
    public EventSeq fromJournal(Object event, String manifest) {
      return EventSeq.single(new Changed("of " + event, event.toString()));
    }
  }

  @Test
  void event_adapters_apply_in_every_way() {
    String adapters =
        """
        kintsugi.journal {
          event-adapters.shortened = "%s"
          event-adapter-bindings {
            "dev.kintsugi.testkit.FileEvent" = shortened
            "java.lang.String" = shortened
          }
        }
        """
            .formatted(Shortened.class.getName());
    try (ProjectionTestKit adapting =
        ProjectionTestKit.start(
            ConfigFactory.parseString(adapters).withFallback(ConfigFactory.load()))) {
      adapting
          .scenario(Files.counting())
          .given("File|a", new Changed("a", "ann"))
          .when("File|a", new Changed("a", "bob"))
          .then("SELECT path FROM files ORDER BY path")
          .hasRows(row("of ann"), row("of bob"));
    }
  }

  @Test
  void what_makes_no_sense_is_refused() {
    Scenario scenario = kit.scenario(Files.counting());

    assertThatThrownBy(scenario::thenAllWaysAgree).hasMessageContaining("no events");
    scenario.when("File|a", new Changed("a", "ann"));
    assertThatThrownBy(() -> scenario.given("File|a", new Changed("a", "ann")))
        .hasMessageContaining("given comes before when");
    assertThatThrownBy(() -> scenario.when("File|a", new Object()))
        .hasMessageContaining("File|a")
        .hasMessageContaining("java.lang.Object");
    scenario.thenAllWaysAgree();
    assertThatThrownBy(() -> scenario.when("File|a", new Changed("a", "ann")))
        .hasMessageContaining("begin another one");
  }

  @Test
  void a_kit_leaves_no_database_behind() throws Exception {
    FreshDatabase any = kit.freshDatabase(Files.counting(), Way.INLINE, 0, BatchSizes.LARGE);
    List<Row> before = databases(any);

    try (ProjectionTestKit other = ProjectionTestKit.start()) {
      other.scenario(Files.counting()).when("File|a", new Deleted("a")).thenAllWaysAgree();
      assertThat(databases(any)).hasSize(before.size() + 1);
    }

    assertThat(databases(any)).isEqualTo(before);
  }

  private static List<Row> databases(FreshDatabase any) {
    return any.query(
        "SELECT datname FROM pg_database WHERE datname LIKE 'kintsugi_testkit_%d_%%' ORDER BY 1"
            .formatted(ProcessHandle.current().pid()));
  }
}
