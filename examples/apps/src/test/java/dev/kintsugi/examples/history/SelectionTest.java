package dev.kintsugi.examples.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.examples.history.input.ChangeKind;
import dev.kintsugi.examples.history.input.HistoryLine;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.TypeConversionException;

class SelectionTest {

  private static final String TOO_LONG = "d/".repeat(130) + "f";

  @Test
  void paths_that_the_journal_has_no_room_for_are_left_out_and_reported_once() {
    Selection selection =
        Selection.of(
            List.of(line("a"), line(TOO_LONG), line("b"), line(TOO_LONG)), EventLimit.NONE);

    assertThat(selection.lines()).extracting(HistoryLine::path).containsExactly("a", "b");
    assertThat(selection.description())
        .containsExactly(
            "History: 2 of 4 events, in 2 files by 1 authors",
            "Left out: 1 paths that are too long for a persistence id, the first is " + TOO_LONG);
  }

  @Test
  void the_limit_takes_the_first_events() {
    Selection selection =
        Selection.of(List.of(line("a"), line("b"), line("c")), EventLimit.parse("2"));

    assertThat(selection.lines()).extracting(HistoryLine::path).containsExactly("a", "b");
    assertThat(selection.found()).isEqualTo(3);
  }

  @Test
  void a_limit_is_a_number_from_1_or_all() {
    assertThat(EventLimit.parse("all")).isEqualTo(EventLimit.NONE);
    for (String wrong : List.of("0", "-1", "many", "", "9999999999999")) {
      assertThatThrownBy(() -> EventLimit.parse(wrong))
          .isInstanceOf(TypeConversionException.class)
          .hasMessage("expected a number from 1, or all, found '" + wrong + "'");
    }
  }

  private static HistoryLine line(String path) {
    return new HistoryLine("c", Instant.EPOCH, "ann", ChangeKind.MODIFIED, path);
  }
}
