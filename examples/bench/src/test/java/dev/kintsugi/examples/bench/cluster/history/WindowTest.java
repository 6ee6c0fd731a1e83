package dev.kintsugi.examples.bench.cluster.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.examples.history.input.ChangeKind;
import dev.kintsugi.examples.history.input.HistoryLine;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class WindowTest {

  private final Window window = new Window();

  private static HistoryLine line(String path, String commit) {
    return new HistoryLine(commit, Instant.EPOCH, "ann", ChangeKind.MODIFIED, path);
  }

  private static Change change(String path, long number) {
    return new Change(line(path, "c" + number), number);
  }

  private void add(Change... changes) {
    for (Change change : changes) {
      window.add(change);
    }
  }

  @Test
  void of_each_file_only_the_first_change_is_sent() {
    add(change("a", 1), change("a", 2), change("b", 1));

    assertThat(window.next()).containsExactly(change("a", 1), change("b", 1));
    assertThat(window.size()).isEqualTo(3);
  }

  @Test
  void the_next_one_is_sent_when_the_one_before_is_stored() {
    add(change("a", 1), change("b", 1), change("a", 2));

    window.stored(change("a", 1));

    assertThat(window.next()).containsExactlyInAnyOrder(change("a", 2), change("b", 1));
  }

  @Test
  void what_is_not_stored_is_sent_again_and_holds_up_its_own_file_alone() {
    add(change("a", 1), change("b", 1), change("a", 2), change("b", 2));

    window.stored(change("b", 1));
    window.stored(change("b", 2));

    assertThat(window.next()).containsExactly(change("a", 1));
    assertThat(window.size()).isEqualTo(2);
  }

  @Test
  void a_change_can_not_be_stored_before_the_one_before_it() {
    add(change("a", 1), change("a", 2));

    assertThatThrownBy(() -> window.stored(change("a", 2)))
        .isInstanceOf(IllegalStateException.class);
    assertThat(window.size()).isEqualTo(2);
  }

  @Test
  void changes_are_numbered_by_file_and_paths_that_are_too_long_left_out() {
    List<Change> changes =
        Change.of(
            List.of(
                line("a", "c1"), line("b", "c1"), line("x".repeat(255), "c1"), line("a", "c2")));

    assertThat(changes)
        .containsExactly(
            new Change(line("a", "c1"), 1),
            new Change(line("b", "c1"), 1),
            new Change(line("a", "c2"), 2));
  }
}
