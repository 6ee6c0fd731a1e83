package dev.kintsugi.examples.history.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.kintsugi.examples.common.BadInputException;
import java.io.BufferedReader;
import java.io.StringReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GitHistoryTest {

  @TempDir Path directory;

  @Test
  void each_files_line_takes_the_commit_above_it() throws Exception {
    assertThat(
            parse(
                """
                C\tc1\t100\tann@example.org

                A\ta.txt
                A\td/b.txt
                C\tc2\t90\tbob@example.org

                D\ta.txt
                """))
        .containsExactly(
            line("c1", 100, "ann@example.org", ChangeKind.ADDED, "a.txt"),
            line("c1", 100, "ann@example.org", ChangeKind.ADDED, "d/b.txt"),
            line("c2", 90, "bob@example.org", ChangeKind.DELETED, "a.txt"));
  }

  @Test
  void a_commit_without_files_adds_nothing() throws Exception {
    assertThat(parse("C\tc1\t100\tann@example.org\nC\tc2\t101\tann@example.org\n\nM\tx\n"))
        .extracting(HistoryLine::commit)
        .containsExactly("c2");
  }

  @Test
  void an_author_without_an_address_is_one_author() throws Exception {
    assertThat(parse("C\tc1\t100\t\n\nA\tx\n"))
        .extracting(HistoryLine::author)
        .containsExactly("(no address)");
  }

  @Test
  void a_line_that_is_none_of_the_logs_is_refused_with_its_number() {
    assertThatThrownBy(() -> parse("C\tc1\t100\tann@example.org\n\nhello\n"))
        .isInstanceOf(BadInputException.class)
        .hasMessage("the log, line 3: expected a commit, then kind and path, found 'hello'");
    assertThatThrownBy(() -> parse("A\ta.txt\n"))
        .isInstanceOf(BadInputException.class)
        .hasMessageStartingWith("the log, line 1: expected a commit");
  }

  @Test
  void a_repositorys_history_is_read_with_the_names_that_its_files_have() throws Exception {
    git("init", "--quiet");
    Files.writeString(Files.createDirectory(directory.resolve("sub dir")).resolve("ü.txt"), "1");
    git("add", "--all");
    commit("first");
    Files.writeString(directory.resolve("sub dir/ü.txt"), "2");
    commit("second");

    assertThat(GitHistory.of(directory))
        .extracting(HistoryLine::author, HistoryLine::kind, HistoryLine::path)
        .containsExactly(
            tuple("ann@example.org", ChangeKind.ADDED, "sub dir/ü.txt"),
            tuple("ann@example.org", ChangeKind.MODIFIED, "sub dir/ü.txt"));
  }

  @Test
  void a_directory_that_is_no_repository_is_refused_in_one_line() {
    assertThatThrownBy(() -> GitHistory.of(directory))
        .isInstanceOf(BadInputException.class)
        .hasMessageStartingWith(directory + " is no git repository with a commit in it")
        .hasMessageNotContaining("\n");
  }

  @Test
  void a_repository_without_a_commit_is_refused() throws Exception {
    git("init", "--quiet");

    assertThatThrownBy(() -> GitHistory.of(directory))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("is no git repository with a commit in it");
  }

  @Test
  void a_directory_that_is_not_there_is_refused() {
    Path missing = directory.resolve("missing");

    assertThatThrownBy(() -> GitHistory.of(missing))
        .isInstanceOf(BadInputException.class)
        .hasMessage(missing + ": there is no such directory");
  }

  private void commit(String message) throws Exception {
    git(
        "-c",
        "user.name=Ann",
        "-c",
        "user.email=ann@example.org",
        "commit",
        "--quiet",
        "--all",
        "--message",
        message);
  }

  private void git(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("git", "-C", directory.toString()));
    command.addAll(List.of(arguments));
    Process git =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(Redirect.DISCARD)
            .start();
    assertThat(git.waitFor()).as(String.join(" ", command)).isZero();
  }

  private static List<HistoryLine> parse(String log) throws Exception {
    return GitHistory.parse("the log", new BufferedReader(new StringReader(log)));
  }

  private static HistoryLine line(
      String commit, long second, String author, ChangeKind kind, String path) {
    return new HistoryLine(commit, Instant.ofEpochSecond(second), author, kind, path);
  }
}
