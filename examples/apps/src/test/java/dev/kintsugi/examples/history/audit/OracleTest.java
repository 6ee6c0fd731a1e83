package dev.kintsugi.examples.history.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.examples.history.input.ChangeKind;
import dev.kintsugi.examples.history.input.HistoryLine;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OracleTest {

  @Test
  void a_file_has_the_last_lines_author_and_time_even_if_times_fall() {
    Oracle oracle =
        new Oracle(
            List.of(
                line(200, "ann", ChangeKind.ADDED, "a/x"),
                line(100, "bob", ChangeKind.MODIFIED, "a/x")));

    assertThat(oracle.files().rows())
        .containsExactlyEntriesOf(Map.of("a/x", List.of(true, 2L, "bob", at(100))));
  }

  @Test
  void a_directory_counts_all_changes_and_the_files_that_exist_anywhere_beneath() {
    Oracle oracle =
        new Oracle(
            List.of(
                line(1, "ann", ChangeKind.ADDED, "a/b/x"),
                line(2, "ann", ChangeKind.ADDED, "a/y"),
                line(3, "ann", ChangeKind.DELETED, "a/b/x"),
                line(4, "ann", ChangeKind.ADDED, "z")));

    assertThat(oracle.directories().rows())
        .isEqualTo(Map.of("", List.of(4L, 2L), "a", List.of(3L, 1L), "a/b", List.of(2L, 0L)));
  }

  @Test
  void an_irregular_history_counts_each_file_once() {
    Oracle oracle =
        new Oracle(
            List.of(
                line(1, "ann", ChangeKind.DELETED, "missing"),
                line(2, "ann", ChangeKind.MODIFIED, "never-added"),
                line(3, "ann", ChangeKind.ADDED, "never-added"),
                line(4, "ann", ChangeKind.TYPE_CHANGED, "never-added")));

    assertThat(oracle.directories().rows()).isEqualTo(Map.of("", List.of(4L, 1L)));
    assertThat(oracle.files().rows().get("missing")).first().isEqualTo(false);
  }

  @Test
  void an_author_has_the_earliest_and_the_latest_change() {
    Oracle oracle =
        new Oracle(
            List.of(
                line(20, "ann", ChangeKind.ADDED, "x"),
                line(10, "ann", ChangeKind.ADDED, "y"),
                line(30, "ann", ChangeKind.ADDED, "z"),
                line(25, "bob", ChangeKind.MODIFIED, "z")));

    assertThat(oracle.authors().rows())
        .isEqualTo(Map.of("ann", List.of(3L, at(10), at(30)), "bob", List.of(1L, at(25), at(25))));
  }

  private static HistoryLine line(long second, String author, ChangeKind kind, String path) {
    return new HistoryLine("commit", at(second), author, kind, path);
  }

  private static Instant at(long second) {
    return Instant.ofEpochSecond(second);
  }
}
