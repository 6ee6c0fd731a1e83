package dev.kintsugi.examples.history.readmodel;

import static dev.kintsugi.testkit.Row.row;

import com.typesafe.config.ConfigFactory;
import dev.kintsugi.examples.history.files.FileEntity;
import dev.kintsugi.examples.history.files.FileEvent;
import dev.kintsugi.examples.history.files.FileEvent.Added;
import dev.kintsugi.examples.history.files.FileEvent.Deleted;
import dev.kintsugi.examples.history.files.FileEvent.Modified;
import dev.kintsugi.examples.history.input.HistoryFile;
import dev.kintsugi.examples.history.input.HistoryLine;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Tables;
import dev.kintsugi.testkit.ProjectionTestKit;
import dev.kintsugi.testkit.Scenario;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("slow")
class HistoryProjectionsTest {

  private static final Instant MONDAY = Instant.parse("2022-10-24T09:00:00Z");
  private static final Instant TUESDAY = Instant.parse("2022-10-25T09:00:00Z");
  private static final Instant IMPORTED = Instant.parse("2026-01-01T12:00:00Z");

  private static ProjectionTestKit kit;

  @BeforeAll
  static void start() {
    kit = ProjectionTestKit.start(ConfigFactory.load("history"));
  }

  @AfterAll
  static void close() {
    kit.close();
  }

  private static List<Projection<FileEvent>> all() {
    return HistoryProjections.all();
  }

  private static Scenario scenarioOf(String projection) {
    return kit.scenario(all().get(HistoryProjections.NAMES.indexOf(projection)));
  }

  @Test
  void a_file_is_as_its_last_event_left_it() {
    scenarioOf(HistoryProjections.FILES)
        .given("File|a", added("a", MONDAY, "ann"), modified("a", TUESDAY, "bob"))
        .when("File|b", added("b", MONDAY, "ann"))
        .when("File|a", deleted("a", TUESDAY, "cid"))
        .then("SELECT path, present, changes, last_author, last_change_at FROM files ORDER BY path")
        .hasRows(row("a", false, 3, "cid", TUESDAY), row("b", true, 1, "ann", MONDAY));
  }

  @Test
  void a_directory_counts_what_happens_anywhere_beneath_it() {
    scenarioOf(HistoryProjections.DIRECTORIES)
        .given("File|src/main/a", added("src/main/a", MONDAY, "ann"))
        .given("File|src/b", added("src/b", MONDAY, "ann"))
        .when("File|c", added("c", MONDAY, "bob"), modified("c", TUESDAY, "bob"))
        .when("File|src/b", deleted("src/b", TUESDAY, "bob"))
        .when("File|src/main/a", modified("src/main/a", TUESDAY, "bob"))
        .then("SELECT path, changes, files FROM directories ORDER BY path")
        .hasRows(row("", 6, 2), row("src", 4, 1), row("src/main", 2, 1));
  }

  @Test
  void an_authors_first_and_last_change_are_those_of_the_commits_whenever_these_were_imported() {
    scenarioOf(HistoryProjections.AUTHORS)
        .at(IMPORTED)
        .given("File|a", added("a", TUESDAY, "ann"))
        .at(IMPORTED.plusSeconds(1))
        .when("File|b", added("b", MONDAY, "ann"))
        .when("File|c", added("c", MONDAY, "bob"))
        .then("SELECT key, changes, first_change_at, last_change_at FROM authors ORDER BY key")
        .hasRows(row("ann", 2, MONDAY, TUESDAY), row("bob", 1, MONDAY, MONDAY));
  }

  /** The example's, and its hottest rows by each other kind. */
  private static List<Projection<FileEvent>> ofEachKind() {
    List<Projection<FileEvent>> kinds = new ArrayList<>(all());
    kinds.add(
        directories()
            .tables(Tables.sql(Directories.TABLE.ddl()))
            .handler(DirectoriesHandler::new)
            .sharedRows()
            .build());
    kinds.add(
        directories()
            .tables(Tables.sql(Directories.TABLE.ddl()))
            .groupedHandler(GroupedDirectoriesHandler::new)
            .sharedRows()
            .build());
    kinds.add(
        directories()
            .fold(
                Long.class,
                fold ->
                    fold.keys(envelope -> Directories.above(envelope.event().path()))
                        .evolve((changes, envelope) -> Optional.of(changes.orElse(0L) + 1)))
            .build());
    return kinds;
  }

  private static final class GroupedDirectoriesHandler
      extends JdbcHandler<List<EventEnvelope<FileEvent>>, JdbcSession> {
    private final DirectoriesHandler handler = new DirectoriesHandler();

    @Override
    public void process(JdbcSession session, List<EventEnvelope<FileEvent>> envelopes)
        throws Exception {
      for (EventEnvelope<FileEvent> envelope : envelopes) {
        handler.process(session, envelope);
      }
    }
  }

  private static Projection.Builder<FileEvent> directories() {
    return Projection.named(HistoryProjections.DIRECTORIES).of(FileEvent.class);
  }

  /** -Dkintsugi.history.events=20000 takes longer and looks further. */
  @ParameterizedTest
  @MethodSource("ofEachKind")
  void real_history_comes_to_the_same_rows_in_all_ways(Projection<FileEvent> projection)
      throws Exception {
    Scenario scenario = kit.scenario(projection);
    List<HistoryLine> lines =
        HistoryFile.ofTheExample().stream()
            .filter(line -> FileEntity.canHave(line.path()))
            .limit(Integer.getInteger("kintsugi.history.events", 1_000))
            .toList();
    Map<String, Boolean> exists = new HashMap<>();
    for (int i = 0; i < lines.size(); i++) {
      HistoryLine line = lines.get(i);
      FileEvent event = FileEvent.of(line, exists.getOrDefault(line.path(), false));
      exists.put(line.path(), event.exists());
      if (i < lines.size() / 2) {
        scenario.given("File|" + line.path(), event);
      } else {
        scenario.when("File|" + line.path(), event);
      }
    }

    scenario.thenAllWaysAgree();
  }

  private static FileEvent added(String path, Instant at, String author) {
    return new Added(path, "c1", at, author, false);
  }

  private static FileEvent modified(String path, Instant at, String author) {
    return new Modified(path, "c2", at, author, true);
  }

  private static FileEvent deleted(String path, Instant at, String author) {
    return new Deleted(path, "c3", at, author, true);
  }
}
