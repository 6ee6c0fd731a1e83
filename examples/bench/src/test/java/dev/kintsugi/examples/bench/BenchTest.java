package dev.kintsugi.examples.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kintsugi.examples.common.EmbeddedServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BenchTest {

  /** For those that need no durable one. */
  private static EmbeddedServer server;

  @BeforeAll
  static void start() throws IOException {
    server = EmbeddedServer.start(Map.of());
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  private static Program onServer(String benchmark, String... options) {
    List<String> arguments = new ArrayList<>();
    Collections.addAll(
        arguments, benchmark, "--url", server.url() + "?user=" + EmbeddedServer.USER);
    Collections.addAll(arguments, options);
    return Program.run(arguments.toArray(String[]::new));
  }

  @Test
  void without_a_benchmark_it_asks_for_one() {
    Program program = Program.run();

    assertThat(program.exitCode()).isEqualTo(2);
    assertThat(program.err()).contains("Which benchmark?", "--help");
  }

  @Test
  void options_that_can_not_be_used_are_explained_in_a_line() {
    Program program = Program.run("append", "--runs", "0");

    assertThat(program.exitCode()).isEqualTo(2);
    assertThat(program.err()).contains("'--runs': expected a number from 1, found '0'");
  }

  @Test
  void a_server_that_is_not_there_is_named() {
    Program program = Program.run("append", "--url", "jdbc:postgresql://localhost:1/app?user=x");

    assertThat(program.exitCode()).isEqualTo(2);
    assertThat(program.err())
        .contains("The server at jdbc:postgresql://localhost:1/app can't be used");
  }

  @Test
  void a_url_that_is_none_is_not_repeated_with_its_password() {
    Program program = Program.run("append", "--url", "postgres://host/app?password=secret");

    assertThat(program.exitCode()).isEqualTo(2);
    assertThat(program.err())
        .contains("jdbc:postgresql://host:5432/database")
        .doesNotContain("secret");
  }

  @Test
  void a_failover_of_what_there_is_not_is_refused() {
    Program program = onServer("failover", "--projection", "nothing");

    assertThat(program.exitCode()).isEqualTo(2);
    assertThat(program.err()).contains("--projection", "files", "directories", "authors");
  }

  @Tag("exhaustive")
  @Test
  void append_puts_both_plugins_side_by_side() {
    Program program =
        Program.run(
            "append",
            "--only",
            "persist-tag,recovery",
            "--actors",
            "3",
            "--events",
            "5",
            "--runs",
            "1",
            "--warm-up",
            "2",
            "--connections",
            "4");

    assertThat(program.exitCode()).as(program.err()).isZero();
    assertThat(program.out())
        .contains("fsync on, synchronous_commit on")
        .containsPattern("stock +persist\\(\\), one tag +[0-9]")
        .containsPattern("kintsugi +persist\\(\\), one tag +[0-9]")
        .containsPattern("recovery +[0-9,]+ +recovery +[0-9,]+ +[0-9.,]+ +>= 1.20 +(met|MISSED)");
  }

  @Tag("exhaustive")
  @Test
  void suite_has_figures_of_both_sides_for_every_measure(@TempDir Path directory)
      throws IOException {
    Path json = directory.resolve("made/suite.json");

    Program program = onServer("suite", "--quick", "--rounds", "1", "--json", json.toString());

    assertThat(program.exitCode()).as(program.err() + program.out()).isZero();
    JsonNode run = new ObjectMapper().readTree(json.toFile());
    assertThat(run.at("/machine/cores").asInt()).isPositive();
    assertThat(run.at("/postgresqlSettings/shared_buffers").asText()).isNotEmpty();
    assertThat(run.at("/settings/lanes").asInt()).isPositive();
    Map<String, Integer> rows = new HashMap<>();
    for (JsonNode measure : run.get("measures")) {
      String part = measure.get("part").asText();
      String name = measure.get("name").asText();
      rows.merge(part, 1, Integer::sum);
      assertThat(program.out())
          .containsPattern(part + " +" + Pattern.quote(name) + " +[^ ]+ +[0-9,.]+ +[0-9,.]+ ");
      for (String side : List.of("/floor", "/ours")) {
        assertThat(measure.at(side + "/median").asDouble()).as(name + side).isPositive();
        assertThat(measure.at(side + "/rounds")).as(name + side).hasSize(1);
      }
    }
    assertThat(rows)
        .isEqualTo(
            Map.of(
                "append", 3 * (1 + 4 + 4),
                "rebuild", 4,
                "rebuild-under-load", 4,
                "drain", 4,
                "consult", 4,
                "fence", 10,
                "start", 2));
    assertThat(program.out()).contains("Every figure is in " + json);
  }

  @Tag("exhaustive")
  @Test
  void suite_runs_only_what_it_is_told_to(@TempDir Path directory) {
    Program program =
        onServer(
            "suite",
            "--quick",
            "--rounds",
            "2",
            "--only",
            "fence",
            "--json",
            directory.resolve("suite.json").toString());

    assertThat(program.exitCode()).as(program.err() + program.out()).isZero();
    assertThat(program.out())
        .contains("both fences of a rebuild, 16 writers")
        .doesNotContain("consult  ");
    assertThat(program.err()).contains("2 of 2  fence: ").doesNotContain("append: ");
  }

  @Test
  void a_suite_whose_json_can_not_be_written_does_not_begin(@TempDir Path directory)
      throws IOException {
    Path file = Files.createFile(directory.resolve("file"));

    Program program = onServer("suite", "--quick", "--json", file.resolve("x.json").toString());

    assertThat(program.exitCode()).isEqualTo(2);
    assertThat(program.err()).contains("--json: there can be no ").doesNotContain("append: ");
  }

  @Tag("exhaustive")
  @Test
  void endurance_shows_the_first_and_the_last_intervals_side_by_side() {
    Program program =
        onServer(
            "endurance",
            "--intervals",
            "3",
            "--seconds",
            "1",
            "--rate",
            "100",
            "--actors",
            "20",
            "--connections",
            "8");

    assertThat(program.exitCode()).as(program.err()).isZero();
    assertThat(program.out())
        .containsPattern("\n +3 +[0-9.,]+ ")
        .containsPattern("connections +8.00 +8.00 +1.00")
        .containsPattern("replayed +[0-9.,]+ +[1-9][0-9.,]+");
  }

  @Tag("exhaustive")
  @Test
  void rebuild_latency_puts_phases_with_and_without_a_rebuild_side_by_side() {
    Program program =
        onServer(
            "rebuild-latency",
            "--history",
            "300",
            "--rate",
            "200",
            "--rounds",
            "1",
            "--actors",
            "5",
            "--connections",
            "8");

    assertThat(program.exitCode()).as(program.err()).isZero();
    assertThat(program.out())
        .containsPattern("1 +no +[0-9.,]+ +[0-9,]+ ")
        .containsPattern("1 +yes +[0-9.,]+ +[0-9,]+ +[0-9.,]+ +[0-9.,]+ +[0-9.,]+ +[0-9,]*[0-9]{3}")
        .containsPattern("p99 +[0-9.,]+ +[0-9.,]+ +[0-9.,]+ +<= 1.25 +(met|MISSED)");
  }

  @Tag("exhaustive")
  @Test
  void follow_has_each_kind_catch_up_beside_pekko_projection() {
    Program program =
        onServer(
            "follow", "--events", "10", "--actors", "5", "--rounds", "1", "--connections", "8");

    assertThat(program.exitCode()).as(program.err()).isZero();
    assertThat(program.out())
        .contains("50 events in each round, of 5 streams; 1 rounds")
        .containsPattern("following, handler +Pekko Projection, exactlyOnce +[0-9.,]+ +>= 3.00")
        .containsPattern("following, fold +Pekko Projection, groupedWithin +[0-9.,]+");
  }

  @Tag("exhaustive")
  @Test
  void mode_changes_counts_what_was_applied_and_how_often() {
    Program program =
        onServer(
            "mode-changes", "--times", "2", "--actors", "4", "--rate", "50", "--connections", "8");

    assertThat(program.exitCode()).as(program.err()).isZero();
    assertThat(program.out())
        .containsPattern("events that are in no row +0 +0 +held")
        .containsPattern("events that came twice or before their turn +0 +0 +held");
  }

  @Tag("exhaustive")
  @Test
  void bystanders_hold_up_neither_a_rebuild_nor_a_live_query_and_a_fence_by_ids() {
    Program program = onServer("bystanders", "--rounds", "1", "--events", "50", "--patience", "1");

    assertThat(program.exitCode()).as(program.err()).isZero();
    assertThat(program.out())
        .containsPattern("rebuild, from the request to its proof +\\S+ +\\S+ +\\d+\\.\\d\\d")
        .containsPattern("live query, from a write to its delivery +\\S+ +\\S+ +\\d+\\.\\d\\d")
        .containsPattern("a fence by ids alone +\\S+ +not within 1 s");
  }

  @Tag("exhaustive")
  @Test
  void lag_measures_a_follower_on_the_writers_node_and_one_on_another() {
    Program program =
        onServer(
            "lag",
            "--rates",
            "100,200",
            "--seconds",
            "1",
            "--actors",
            "5",
            "--kinds",
            "grouped,fold",
            "--connections",
            "8");

    assertThat(program.exitCode()).as(program.err()).isZero();
    assertThat(program.out())
        .containsPattern("grouped handler +100 +[0-9,]+ +[0-9.,]+ +the writers' node +[0-9.,]+ ")
        .containsPattern("fold +200 +[0-9,]+ +[0-9.,]+ +another node +[0-9.,]+ ");
  }

  @Tag("exhaustive")
  @Test
  void history_size_puts_an_empty_and_a_filled_database_side_by_side() {
    Program program =
        onServer(
            "history-size",
            "--archived",
            "500",
            "--open",
            "200",
            "--actors",
            "4",
            "--events",
            "5",
            "--rounds",
            "2",
            "--connections",
            "8");

    assertThat(program.exitCode()).as(program.err()).isZero();
    assertThat(program.out())
        .containsPattern("median +[0-9,]+ +[0-9,]+ +[0-9.,]+ +>= 0.90 +(met|MISSED)");
  }

  @Tag("exhaustive")
  @Test
  void kill_kills_and_finds_all_that_was_acknowledged() {
    Program program =
        onServer("kill", "--times", "2", "--acks", "30", "--actors", "5", "--connections", "8");

    assertThat(program.exitCode()).as(program.err() + program.out()).isZero();
    assertThat(program.out())
        .containsPattern("2 +[0-9,]+ +[0-9,]+ +0 +0 +0 +0 +0")
        .contains("Every acknowledged event is there, once");
  }

  @Tag("exhaustive")
  @Test
  void cuts_lose_nothing_and_leave_nobody_waiting() {
    Program program = onServer("cuts", "--cuts", "1", "--actors", "5", "--connections", "8");

    assertThat(program.exitCode()).as(program.err() + program.out()).isZero();
    assertThat(program.out())
        .containsPattern("refused +1 +[1-9]")
        .containsPattern("silent +1 +[1-9]")
        .containsPattern("reset in an answer +1 +[1-9]")
        .containsPattern("answer of COMMIT lost +1 +[1-9]")
        .containsPattern("persists that took longer than the bound +0 +0 +held")
        .contains("Nothing is lost or doubled, all threads are back");
  }

  @Tag("exhaustive")
  @Test
  void a_late_database_is_used_within_the_connection_timeout() {
    Program program =
        onServer("late-database", "--times", "1", "--longest", "2", "--connections", "8");

    assertThat(program.exitCode()).as(program.err() + program.out()).isZero();
    assertThat(program.out())
        .containsPattern(
            "1 +[12].[0-9,]+ +[0-9.,]+ +[0-9.,]+ +[0-9.,]+ +[0-9.,]+ +[0-9.,]+ +in time")
        .contains("connection-timeout is 10.0 s: all in time");
  }

  @Tag("exhaustive")
  @Test
  void replay_puts_each_kind_beside_its_bare_loop() {
    Program program = onServer("replay", "--events", "400", "--rounds", "1", "--connections", "8");

    assertThat(program.exitCode()).as(program.err() + program.out()).isZero();
    assertThat(program.out())
        .contains("400 events of ")
        .containsPattern("kintsugi handler +[0-9,]+ +[0-9.,]+ +[0-9.,]+ +>= 0.80 +(met|MISSED)")
        .containsPattern("kintsugi grouped handler +[0-9,]+ .+ >= 0.80 +(met|MISSED)")
        .containsPattern("kintsugi rows +[0-9,]+ .+ >= 0.[0-9,]+ +(met|MISSED)")
        .containsPattern("kintsugi fold +[0-9,]+ .+ >= 0.[0-9,]+ +(met|MISSED)")
        .containsPattern("bare loop, in batches +[0-9,]+ +on two connections +[0-9,]+");
  }

  @Tag("exhaustive")
  @Test
  void fold_memory_finds_a_document_for_every_key() {
    Program program =
        onServer("fold-memory", "--keys", "1000", "--heap", "128", "--connections", "8");

    assertThat(program.exitCode()).as(program.err() + program.out()).isZero();
    assertThat(program.out())
        .containsPattern("1,000 +128 +[0-9,]+ ")
        .contains("Every key has its document.");
  }

  @Tag("exhaustive")
  @Test
  void fold_memory_fails_where_the_heap_does_not_suffice() {
    Program program =
        onServer("fold-memory", "--keys", "1000", "--heap", "1", "--connections", "8");

    assertThat(program.exitCode()).as(program.err() + program.out()).isEqualTo(1);
    assertThat(program.err()).contains("The fold was not built: its JVM ended with exit code");
  }

  @Tag("exhaustive")
  @Test
  void failing_streams_fail_alone_and_are_mended() {
    Program program =
        onServer(
            "failing-streams",
            "--events",
            "300",
            "--share",
            "20",
            "--pairs",
            "1",
            "--writers",
            "10",
            "--connections",
            "8");

    assertThat(program.exitCode()).as(program.err() + program.out()).isZero();
    assertThat(program.out())
        .containsPattern("300 events of [0-9,]+ files, 10 writers; [1-9][0-9]* events of ")
        .containsPattern("1 +yes +[0-9.,]+ +[0-9,]+ ")
        .containsPattern("p99 +[0-9.,]+ +[0-9.,]+ +[0-9.,]+ +<= 1.25 +(met|MISSED)")
        .containsPattern("records of healthy streams, ever +0 +0 +held in each of 2 runs");
  }

  @Test
  void failing_streams_need_one_that_fails() {
    Program program =
        onServer("failing-streams", "--events", "1", "--share", "0.000001", "--connections", "8");

    assertThat(program.exitCode()).isEqualTo(2);
    assertThat(program.err()).contains("No stream would fail");
  }

  @Tag("exhaustive")
  @ParameterizedTest
  @ValueSource(strings = {"handler", "grouped", "rows", "fold"})
  void a_storm_is_recorded_and_drained(String kind) {
    Program program =
        onServer(
            "storm",
            "--kind",
            kind,
            "--records",
            "200",
            "--streams",
            "20",
            "--writers",
            "10",
            "--drain-writers",
            "2",
            "--patience",
            "1",
            "--connections",
            "8");

    assertThat(program.exitCode()).as(program.err() + program.out()).isZero();
    assertThat(program.out())
        .containsPattern("every event fails +[0-9,]+ ")
        .contains("200 records: 20 failed, 180 behind one that did")
        .containsPattern("from the first to nothing open .+>= 20,000 +(met|MISSED)")
        .containsPattern("kintsugi_skip and its indexes +[0-9.,]+ .+<= 1.00 +(met|MISSED)")
        .containsPattern("records open at the height +200 +200 +held");
  }

  @Tag("exhaustive")
  @Test
  void a_hot_stream_is_inline_again_without_a_rest() {
    Program program =
        onServer(
            "hot-stream",
            "--records",
            "20",
            "--others",
            "2",
            "--seconds",
            "1",
            "--connections",
            "8");

    assertThat(program.exitCode()).as(program.err() + program.out()).isZero();
    assertThat(program.out())
        .containsPattern("was recorded +[0-9.,]+ +<= 5.00 +(met|MISSED)")
        .containsPattern("records of other streams, ever +0 +0 +held");
  }

  @Test
  void lag_is_of_kinds_that_there_are() {
    Program program = onServer("lag", "--kinds", "sideways");

    assertThat(program.exitCode()).isEqualTo(2);
    assertThat(program.err()).contains("sideways", "GROUPED");
  }

  /** A run takes minutes: it waits until nodes are taken for down. */
  @Test
  void many_needs_a_majority_when_one_node_is_killed() {
    Program program = onServer("many", "--nodes", "2");

    assertThat(program.exitCode()).isEqualTo(2);
    assertThat(program.err()).contains("--nodes is 2: expected 3 or more");
  }

  @Test
  void many_names_the_directory_that_has_no_configuration() {
    Program program = onServer("many", "--config", "src");

    assertThat(program.exitCode()).isEqualTo(2);
    assertThat(program.err()).contains("There is no cluster.conf in ");
  }
}
